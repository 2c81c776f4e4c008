// Dense 8-bit convolutions for AVX-VNNI, to bytes and to float32: a vpdpbusd takes four taps of 8 channels. A tile is 6 pixels x
// 16 channels or 12 x 8. Include it after <immintrin.h>, inside the file's target attribute and with FP_CONTRACT off: tests
// include it with AVX-512's encoding of the same instruction.
#ifndef RF_AVXVNNI_U8_CONV_H
#define RF_AVXVNNI_U8_CONV_H
#include "../avx2/store.h"

enum { HALF = RF_PANEL / 2, WHOLE_PIXELS = 6, HALF_PIXELS = 12, MOST_SUMS = 12 };

// The bits of the sums as floats, more by b->zero: sum[half][pixel].
INLINED void add_products(const rf_u8_block *b, const uint8_t *input, __m256i sum[MOST_SUMS], int pixels, int halves) {
  __m256i weight[2];
  UNROLLED for (int n = 0; n < halves; n++) UNROLLED for (int p = 0; p < pixels; p++)
    sum[n * pixels + p] = _mm256_loadu_si256((const __m256i *)(b->start + n * HALF));
  const int8_t *weights = b->weights;
  const ptrdiff_t stride = b->input_pixel_stride, bytes = 4 * (ptrdiff_t)b->groups_in_row;
  for (int32_t ky = b->kernel_height; ky > 0; ky--, input += b->input_row_stride)
    for (ptrdiff_t k = 0; k < bytes; k += 4, weights += 4 * RF_PANEL) {
      UNROLLED for (int n = 0; n < halves; n++) weight[n] = _mm256_loadu_si256((const __m256i *)(weights + n * 4 * HALF));
      UNROLLED for (int p = 0; p < pixels; p++) {
        const __m256i taps = _mm256_set1_epi32(rf_u8_group(input + p * stride + k));
        UNROLLED for (int n = 0; n < halves; n++) sum[n * pixels + p] = RF_DPBUSD(sum[n * pixels + p], taps, weight[n]);
      }
    }
  if (rf_is_wide(b)) UNROLLED for (int i = 0; i < pixels * halves; i++) sum[i] = _mm256_castps_si256(_mm256_cvtepi32_ps(sum[i]));
}

INLINED void tile(const rf_u8_block *b, const uint8_t *input, void *output, int pixels, int halves) {
  __m256i sum[MOST_SUMS];
  add_products(b, input, sum, pixels, halves);
  UNROLLED for (int n = 0; n < halves; n++) {
    const int32_t channel = n * HALF, count = b->last_channels - channel;
    __m256 value[HALF_PIXELS];
    UNROLLED for (int p = 0; p < pixels; p++) value[p] = _mm256_castsi256_ps(sum[n * pixels + p]);
    if (count <= 0) return;
    if (b->addend) store_bytes(b, value, channel, count, (uint8_t *)output + channel, pixels);
    else store_floats(b, value, channel, count, (float *)output + channel, pixels);
  }
}

#define TILE(pixels, halves) \
  static void tile_##pixels##x##halves(const rf_u8_block *b, const uint8_t *input, void *output) { tile(b, input, output, pixels, halves); }
UP_TO_12(TILE, 1)
UP_TO_6(TILE, 2)

#define NAME(pixels, halves) tile_##pixels##x##halves,
static const rf_u8_tiles half_panel = {HALF_PIXELS, {UP_TO_12(NAME, 1)}}, whole_panel = {WHOLE_PIXELS, {UP_TO_6(NAME, 2)}};

static void conv(const rf_args *a) {
  const rf_u8_rectangle rectangle = rf_u8_rectangle_of(a);
  rf_u8_by_tiles(&rectangle, a->shape.cout <= HALF ? &half_panel : &whole_panel, 1);
}
#endif
