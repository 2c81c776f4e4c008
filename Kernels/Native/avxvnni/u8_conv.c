// Dense 8-bit convolutions for AVX-VNNI: vpdpbusd with VEX encoding.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2,fma,avxvnni"))), apply_to = function)
#define RF_DPBUSD _mm256_dpbusd_avx_epi32
#include "u8_conv.h"

const rf_kernel rf_u8_conv__avxvnni = {
  .name = "rf_u8_conv__avxvnni",
  .op = RF_OP_CONV,
  .input_type = RF_U8,
  .output_type = RF_U8,
  .accumulators = RF_ACCUMULATOR_NARROW | RF_ACCUMULATOR_WIDE,
  .isa = RF_ISA_AVXVNNI,
  .cycles_per_tap = 0.019f,
  .cycles_per_output = 0.4f,
  .packed_bytes = rf_u8_panels_bytes,
  .pack = rf_u8_pack_panels,
  .run = conv};

const rf_kernel rf_u8f32_conv__avxvnni = {
  .name = "rf_u8f32_conv__avxvnni",
  .op = RF_OP_CONV,
  .input_type = RF_U8,
  .output_type = RF_F32,
  .accumulators = RF_ACCUMULATOR_NARROW | RF_ACCUMULATOR_WIDE,
  .isa = RF_ISA_AVXVNNI,
  .cycles_per_tap = 0.02f,
  .packed_bytes = rf_u8_panels_bytes,
  .pack = rf_u8_pack_panels,
  .run = conv};
#pragma clang attribute pop
#endif
