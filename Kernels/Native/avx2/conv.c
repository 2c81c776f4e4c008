// Dense float32 convolution for AVX2 with FMA: tiles of 6 pixels x 16 channels and 12 x 8. Both keep 12 of the 16
// registers for sums, enough to hide the latency of a product on two units.
#if defined(__x86_64__)
#include "../winograd3x3_product.h"
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "vector.h"

// Pixels and halves (of the panel) are constants at every call: the loops over them vanish and `sum` becomes registers.
INLINED void tile(const rf_conv_block *b, const float *input, float *output, int pixels, int halves) {
  __m256 sum[12], weight[2];
  UNROLLED for (int n = 0; n < halves; n++) UNROLLED for (int p = 0; p < pixels; p++)
    sum[p * halves + n] = _mm256_loadu_ps(b->bias + n * LANES);
  const float *weights = b->weights;
  const ptrdiff_t stride = b->input_pixel_stride, taps = b->taps_in_row;
  for (int32_t ky = b->kernel_height; ky > 0; ky--, input += b->input_row_stride)
    for (ptrdiff_t k = 0; k < taps; k++, weights += RF_PANEL) {
      UNROLLED for (int n = 0; n < halves; n++) weight[n] = _mm256_loadu_ps(weights + n * LANES);
      UNROLLED for (int p = 0; p < pixels; p++) {
        const __m256 value = _mm256_set1_ps(input[p * stride + k]);
        UNROLLED for (int n = 0; n < halves; n++) sum[p * halves + n] = _mm256_fmadd_ps(value, weight[n], sum[p * halves + n]);
      }
    }
  UNROLLED for (int p = 0; p < pixels; p++, output += b->output_pixel_stride) UNROLLED for (int n = 0; n < halves; n++)
    store_first(output + n * LANES, activated_by(sum[p * halves + n], b->slope), b->last_channels - n * LANES);
}

#define TILE(pixels, halves) \
  static void tile_##pixels##x##halves(const rf_conv_block *b, const float *input, float *output) { \
    tile(b, input, output, pixels, halves); \
  }
UP_TO_12(TILE, 1)
UP_TO_6(TILE, 2)

#define NAME(pixels, halves) tile_##pixels##x##halves,
static const rf_conv_tiles half_panel = {12, {UP_TO_12(NAME, 1)}}, whole_panel = {6, {UP_TO_6(NAME, 2)}};

// At most 8 output channels take the narrow tiles: the empty half of their panel would cost as much as the other.
void rf_f32_product__avx2(const rf_args *a, rf_conv_panels panels) {
  rf_conv_by_tiles(a, panels, a->shape.cout <= LANES ? &half_panel : &whole_panel, 1);
}

static void conv(const rf_args *a) { rf_f32_product__avx2(a, rf_conv_packed(a)); }

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
