// 8-bit upsampling and addition for AVX2.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "u8_upsample_add.h"

const rf_kernel rf_u8_upsample_add__avx2 = {
  .name = "rf_u8_upsample_add__avx2",
  .op = RF_OP_UPSAMPLE_ADD,
  .input_type = RF_U8,
  .output_type = RF_U8,
  .isa = RF_ISA_AVX2,
  .cycles_per_output = 0.05f,
  .run = upsample_add};
#pragma clang attribute pop
#endif
