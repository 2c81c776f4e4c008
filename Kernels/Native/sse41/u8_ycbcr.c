// Y'CbCr to R'G'B' for SSE4.1.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("sse4.1"))), apply_to = function)
#include "halves.h"
#include "../avx2/u8_ycbcr.h"

const rf_kernel rf_u8_ycbcr__sse41 = {
  .name = "rf_u8_ycbcr__sse41",
  .op = RF_OP_YCBCR,
  .input_type = RF_U8,
  .output_type = RF_U8,
  .isa = RF_ISA_SSE41,
  .cycles_per_output = 0.88f,
  .ycbcr = ycbcr};
#pragma clang attribute pop
#endif
