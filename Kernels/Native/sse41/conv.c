// Dense float32 convolution for SSE4.1.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("sse4.1"))), apply_to = function)
#include "halves.h"
#define RF_PRODUCT rf_f32_product__sse41
#include "../avx2/conv.h"

const rf_kernel rf_f32_conv__sse41 = {
  .name = "rf_f32_conv__sse41",
  .op = RF_OP_CONV,
  .input_type = RF_F32,
  .output_type = RF_F32,
  .isa = RF_ISA_SSE41,
  .cycles_per_tap = 0.18f,
  .packed_bytes = rf_f32_panels_bytes,
  .pack = rf_f32_pack_panels,
  .run = conv};
#pragma clang attribute pop
#endif
