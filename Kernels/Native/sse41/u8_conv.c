// Dense 8-bit convolutions for SSE4.1.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("sse4.1"))), apply_to = function)
#include "halves.h"
#include "../avx2/u8_conv.h"

const rf_kernel rf_u8_conv__sse41 = {
  .name = "rf_u8_conv__sse41",
  .op = RF_OP_CONV,
  .input_type = RF_U8,
  .output_type = RF_U8,
  .accumulators = RF_ACCUMULATOR_NARROW | RF_ACCUMULATOR_WIDE,
  .isa = RF_ISA_SSE41,
  .cycles_per_tap = 0.121f,
  .cycles_per_output = 2.42f,
  .packed_bytes = rf_u8_panels_bytes,
  .pack = rf_u8_pack_panels,
  .run = conv};

const rf_kernel rf_u8f32_conv__sse41 = {
  .name = "rf_u8f32_conv__sse41",
  .op = RF_OP_CONV,
  .input_type = RF_U8,
  .output_type = RF_F32,
  .accumulators = RF_ACCUMULATOR_NARROW | RF_ACCUMULATOR_WIDE,
  .isa = RF_ISA_SSE41,
  .cycles_per_tap = 0.11f,
  .packed_bytes = rf_u8_panels_bytes,
  .pack = rf_u8_pack_panels,
  .run = conv};

const rf_kernel rf_u8_conv__sse41_few_taps = {
  .name = "rf_u8_conv__sse41_few_taps",
  .op = RF_OP_CONV,
  .input_type = RF_U8,
  .output_type = RF_U8,
  .accumulators = RF_ACCUMULATOR_NARROW,
  .isa = RF_ISA_SSE41,
  .cycles_per_tap = 0.11f,
  .cycles_per_output = 0.88f,
  .suits = has_few_taps,
  .packed_bytes = few_taps_bytes,
  .pack = pack_few_taps,
  .run = few_taps_conv};

const rf_kernel rf_u8_conv__sse41_stem = {
  .name = "rf_u8_conv__sse41_stem",
  .op = RF_OP_CONV,
  .input_type = RF_U8,
  .output_type = RF_U8,
  .accumulators = RF_ACCUMULATOR_NARROW,
  .isa = RF_ISA_SSE41,
  .cycles_per_tap = 0.077f,
  .suits = rf_u8_is_stem,
  .packed_bytes = stem_bytes,
  .pack = pack_stem,
  .run = stem_conv};
#pragma clang attribute pop
#endif
