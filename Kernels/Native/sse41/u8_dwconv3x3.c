// Depthwise 8-bit convolution for SSE4.1.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("sse4.1"))), apply_to = function)
#include "halves.h"
#include "../avx2/u8_dwconv3x3.h"

const rf_kernel rf_u8_dwconv3x3__sse41 = {
  .name = "rf_u8_dwconv3x3__sse41",
  .op = RF_OP_DEPTHWISE_CONV3X3,
  .input_type = RF_U8,
  .output_type = RF_U8,
  .accumulators = RF_ACCUMULATOR_NARROW | RF_ACCUMULATOR_WIDE,
  .isa = RF_ISA_SSE41,
  .cycles_per_output = 1.43f,
  .packed_bytes = packed_bytes,
  .pack = pack,
  .run = dwconv3x3};
#pragma clang attribute pop
#endif
