// Depthwise float32 convolution for SSE4.1.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("sse4.1"))), apply_to = function)
#include "halves.h"
#include "../avx2/dwconv3x3.h"

const rf_kernel rf_f32_dwconv3x3__sse41 = {
  .name = "rf_f32_dwconv3x3__sse41",
  .op = RF_OP_DEPTHWISE_CONV3X3,
  .input_type = RF_F32,
  .output_type = RF_F32,
  .isa = RF_ISA_SSE41,
  .cycles_per_output = 2.2f,
  .packed_bytes = rf_f32_depthwise_bytes,
  .pack = rf_f32_pack_depthwise,
  .run = dwconv3x3};
#pragma clang attribute pop
#endif
