// 3x3 convolution by F(4x4, 3x3) for AVX2 with FMA: 8 channels of a tile at once.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "vector.h"

#include "../winograd3x3_tiles.h"

static void conv(const rf_args *a) { rf_winograd3x3_by_tiles(a, rf_f32_product__avx2); }

const rf_kernel rf_f32_conv__avx2_winograd = {
  .name = "rf_f32_conv__avx2_winograd",
  .op = RF_OP_CONV,
  .input_type = RF_F32,
  .output_type = RF_F32,
  .isa = RF_ISA_AVX2,
  .cycles_per_tap = 0.018f,
  .row_multiple = RF_WINOGRAD_PIXELS,
  .error = RF_ERROR_OF_WINOGRAD,
  .suits = rf_winograd_suits,
  .packed_bytes = rf_f32_winograd_bytes,
  .pack = rf_f32_pack_winograd,
  .scratch_bytes = rf_f32_winograd_scratch,
  .run = conv};
#pragma clang attribute pop
#endif
