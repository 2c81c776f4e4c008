// Dense float32 convolution for AVX2.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "conv.h"

const rf_kernel rf_f32_conv__avx2 = {
  .name = "rf_f32_conv__avx2",
  .op = RF_OP_CONV,
  .input_type = RF_F32,
  .output_type = RF_F32,
  .isa = RF_ISA_AVX2,
  .cycles_per_tap = 0.062f,
  .packed_bytes = rf_f32_panels_bytes,
  .pack = rf_f32_pack_panels,
  .run = conv};
#pragma clang attribute pop
#endif
