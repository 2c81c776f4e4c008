// 8-bit 3x3 convolution by Winograd's filtering for SSE4.1.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("sse4.1"))), apply_to = function)
#include "halves.h"
#include "../avx2/u8_winograd3x3.h"

const rf_kernel rf_u8_conv__sse41_winograd = {
  .name = "rf_u8_conv__sse41_winograd",
  .op = RF_OP_CONV,
  .input_type = RF_U8,
  .output_type = RF_U8,
  .accumulators = RF_ACCUMULATOR_NARROW,
  .isa = RF_ISA_SSE41,
  .cycles_per_tap = 0.0319f,
  .row_multiple = RF_WINOGRAD_PIXELS,
  .outputs = 2,
  .suits = rf_winograd_suits,
  .packed_bytes = rf_u8_winograd_pair_bytes,
  .pack = rf_u8_pack_winograd_pairs,
  .scratch_bytes = rf_u8_winograd_scratch,
  .run = conv};
#pragma clang attribute pop
#endif
