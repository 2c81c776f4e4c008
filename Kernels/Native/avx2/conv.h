// Dense float32 convolution for AVX2 with FMA: tiles of 6 pixels x 16 channels and 12 x 8. Both keep 12 of the 16
// registers for sums, enough to hide the latency of a product on two units.
// Include it after <immintrin.h> and inside the file's target attribute.
#ifndef RF_AVX2_CONV_H
#define RF_AVX2_CONV_H
#include "../winograd3x3_product.h"
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
// Tiles of half a panel and of a whole one, whose sums fill most registers.
#ifdef RF_HALF_WIDTH
enum { HALF_PIXELS = 6, WHOLE_PIXELS = 2 };
#define HALF_TILES(X) UP_TO_6(X, 1)
#define WHOLE_TILES(X) UP_TO_2(X, 2)
#else
enum { HALF_PIXELS = 12, WHOLE_PIXELS = 6 };
#define HALF_TILES(X) UP_TO_12(X, 1)
#define WHOLE_TILES(X) UP_TO_6(X, 2)
#endif
HALF_TILES(TILE)
WHOLE_TILES(TILE)

#define NAME(pixels, halves) tile_##pixels##x##halves,
static const rf_conv_tiles half_panel = {HALF_PIXELS, {HALF_TILES(NAME)}}, whole_panel = {WHOLE_PIXELS, {WHOLE_TILES(NAME)}};

// At most 8 output channels take the narrow tiles: the empty half of their panel would cost as much as the other.
void RF_PRODUCT(const rf_args *a, rf_conv_panels panels) {
  rf_conv_by_tiles(a, panels, a->shape.cout <= LANES ? &half_panel : &whole_panel, 1);
}

static void conv(const rf_args *a) { RF_PRODUCT(a, rf_conv_packed(a)); }
#endif
