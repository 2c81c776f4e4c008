// Y'CbCr to R'G'B' for AVX2.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "u8_ycbcr.h"

const rf_kernel rf_u8_ycbcr__avx2 = {
  .name = "rf_u8_ycbcr__avx2",
  .op = RF_OP_YCBCR,
  .input_type = RF_U8,
  .output_type = RF_U8,
  .isa = RF_ISA_AVX2,
  .cycles_per_output = 0.4f,
  .ycbcr = ycbcr};
#pragma clang attribute pop
#endif
