// Depthwise 8-bit convolution for AVX2.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "u8_dwconv3x3.h"

const rf_kernel rf_u8_dwconv3x3__avx2 = {
  .name = "rf_u8_dwconv3x3__avx2",
  .op = RF_OP_DEPTHWISE_CONV3X3,
  .input_type = RF_U8,
  .output_type = RF_U8,
  .accumulators = RF_ACCUMULATOR_NARROW | RF_ACCUMULATOR_WIDE,
  .isa = RF_ISA_AVX2,
  .cycles_per_output = 0.65f,
  .packed_bytes = packed_bytes,
  .pack = pack,
  .run = dwconv3x3};
#pragma clang attribute pop
#endif
