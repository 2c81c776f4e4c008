// Dense 8-bit convolutions for AVX2.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "u8_conv.h"

const rf_kernel rf_u8_conv__avx2 = {
  .name = "rf_u8_conv__avx2",
  .op = RF_OP_CONV,
  .input_type = RF_U8,
  .output_type = RF_U8,
  .accumulators = RF_ACCUMULATOR_NARROW | RF_ACCUMULATOR_WIDE,
  .isa = RF_ISA_AVX2,
  .cycles_per_tap = 0.055f,
  .cycles_per_output = 1.1f,
  .packed_bytes = rf_u8_panels_bytes,
  .pack = rf_u8_pack_panels,
  .run = conv};

const rf_kernel rf_u8f32_conv__avx2 = {
  .name = "rf_u8f32_conv__avx2",
  .op = RF_OP_CONV,
  .input_type = RF_U8,
  .output_type = RF_F32,
  .accumulators = RF_ACCUMULATOR_NARROW | RF_ACCUMULATOR_WIDE,
  .isa = RF_ISA_AVX2,
  .cycles_per_tap = 0.05f,
  .packed_bytes = rf_u8_panels_bytes,
  .pack = rf_u8_pack_panels,
  .run = conv};

const rf_kernel rf_u8_conv__avx2_few_taps = {
  .name = "rf_u8_conv__avx2_few_taps",
  .op = RF_OP_CONV,
  .input_type = RF_U8,
  .output_type = RF_U8,
  .accumulators = RF_ACCUMULATOR_NARROW,
  .isa = RF_ISA_AVX2,
  .cycles_per_tap = 0.05f,
  .cycles_per_output = 0.4f,
  .suits = has_few_taps,
  .packed_bytes = few_taps_bytes,
  .pack = pack_few_taps,
  .run = few_taps_conv};

const rf_kernel rf_u8_conv__avx2_stem = {
  .name = "rf_u8_conv__avx2_stem",
  .op = RF_OP_CONV,
  .input_type = RF_U8,
  .output_type = RF_U8,
  .accumulators = RF_ACCUMULATOR_NARROW,
  .isa = RF_ISA_AVX2,
  .cycles_per_tap = 0.035f,
  .suits = rf_u8_is_stem,
  .packed_bytes = stem_bytes,
  .pack = pack_stem,
  .run = stem_conv};
#pragma clang attribute pop
#endif
