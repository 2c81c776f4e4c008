// Dense 8-bit convolutions for AVX2, exact: bytes and weights are widened to 16 bits, whose pairs of products vpmaddwd sums
// in 32 (vpmaddubsw would saturate). A tile is 6 pixels x 8 channels, two sums a channel that meet at the end. The pixels'
// taps are widened once for all channels, so that a broadcast from memory brings them; the weights on their way in.
// Include it after <immintrin.h> and inside the file's target attribute, with FP_CONTRACT off.
#ifndef RF_AVX2_U8_CONV_H
#define RF_AVX2_U8_CONV_H
#include "../packing.h"
#include "../u8_conv_tiles.h"
#include "store.h"
#include "few_taps.h"
#include "stem.h"

// Pixels of a tile: their sums stay in registers.
#ifdef RF_HALF_WIDTH
enum { PIXELS = 3 };
#define UP_TO_PIXELS UP_TO_3
#else
enum { PIXELS = 6 };
#define UP_TO_PIXELS UP_TO_6
#endif
enum { LANES = RF_PANEL / 2, MOST_GROUPS = 256, TAPS = 4 };

// Taps of a tile's pixels in 16 bits; room for a last store of 16 that reaches over.
typedef struct {
  int16_t of[PIXELS][MOST_GROUPS * TAPS + 16];
} tile_taps;

// A kernel row's taps from group `first` on, `groups` of them, for `pixels` neighbours; to the groups from `at` on.
INLINED void widen_row(const uint8_t *row, ptrdiff_t pixel_stride, int32_t first, int32_t groups, int pixels, tile_taps *taps, int32_t at) {
  UNROLLED for (int p = 0; p < pixels; p++) {
    const uint8_t *from = row + p * pixel_stride + first * TAPS;
    int16_t *to = taps->of[p] + at * TAPS;
    for (int32_t k = 0; k < groups * TAPS; k += 16)
      _mm256_storeu_si256((__m256i *)(to + k), _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(from + k))));
  }
}

// sum[p][i]: of channels 4i...4i+3 the sums of the even and the odd pairs of taps.
INLINED void add_products(const int8_t *weights, const tile_taps *taps, int32_t groups, __m256i sum[PIXELS][2], int pixels) {
  for (int32_t g = 0; g < groups; g++, weights += TAPS * RF_PANEL) {
    const __m256i low = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)weights));
    const __m256i high = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(weights + 16)));
    UNROLLED for (int p = 0; p < pixels; p++) {
      const __m256i four = _mm256_set1_epi64x(*(const int64_t *)(taps->of[p] + g * TAPS));
      sum[p][0] = _mm256_add_epi32(sum[p][0], _mm256_madd_epi16(four, low));
      sum[p][1] = _mm256_add_epi32(sum[p][1], _mm256_madd_epi16(four, high));
    }
  }
}

INLINED void begin(const rf_u8_block *b, int32_t channel, __m256i sum[PIXELS][2], int pixels) {
  const __m256i start = _mm256_loadu_si256((const __m256i *)(b->start + channel));
  UNROLLED for (int p = 0; p < pixels; p++) {
    sum[p][0] = _mm256_cvtepu32_epi64(_mm256_castsi256_si128(start));
    sum[p][1] = _mm256_cvtepu32_epi64(_mm256_extracti128_si256(start, 1));
  }
}

// The sums of 8 channels of each pixel as floats, more by b->zero.
INLINED void floats_of(const rf_u8_block *b, __m256i sum[PIXELS][2], int pixels, __m256 value[PIXELS]) {
  __m256i whole[PIXELS];
  UNROLLED for (int p = 0; p < pixels; p++) whole[p] = _mm256_permute4x64_epi64(_mm256_hadd_epi32(sum[p][0], sum[p][1]), 0xd8);
  if (rf_is_wide(b)) UNROLLED for (int p = 0; p < pixels; p++) whole[p] = _mm256_castps_si256(_mm256_cvtepi32_ps(whole[p]));
  UNROLLED for (int p = 0; p < pixels; p++) value[p] = _mm256_castsi256_ps(whole[p]);
}

INLINED void store(const rf_u8_rectangle *r, __m256i sum[PIXELS][2], int32_t channel, uint8_t *output, int pixels) {
  const int32_t rest = r->cout - channel, count = rest < LANES ? rest : LANES;
  __m256 value[PIXELS];
  floats_of(&r->block, sum, pixels, value);
  if (r->block.addend) store_bytes(&r->block, value, channel, count, output, pixels);
  else store_floats(&r->block, value, channel, count, (float *)output, pixels);
}

INLINED const int8_t *weights_of(const rf_u8_block *b, int32_t channel) {
  return b->weights + channel / RF_PANEL * b->panel_stride + channel % RF_PANEL * TAPS;
}

// All channels of `pixels` neighbours.
INLINED void tile(const rf_u8_rectangle *r, const uint8_t *input, uint8_t *output, int pixels) {
  const rf_u8_block *b = &r->block;
  tile_taps taps;
  for (int32_t ky = 0; ky < b->kernel_height; ky++)
    widen_row(input + ky * b->input_row_stride, b->input_pixel_stride, 0, b->groups_in_row, pixels, &taps, ky * b->groups_in_row);
  for (int32_t channel = 0; channel < r->cout; channel += LANES, output += LANES * r->output_element) {
    __m256i sum[PIXELS][2];
    begin(b, channel, sum, pixels);
    add_products(weights_of(b, channel), &taps, b->kernel_height * b->groups_in_row, sum, pixels);
    store(r, sum, channel, output, pixels);
  }
}

// The same for more taps than there is room for: widened again, part by part, for every 8 channels.
static void large_tile(const rf_u8_rectangle *r, const uint8_t *input, uint8_t *output) {
  const rf_u8_block *b = &r->block;
  tile_taps taps;
  for (int32_t channel = 0; channel < r->cout; channel += LANES, output += LANES * r->output_element) {
    const int8_t *weights = weights_of(b, channel);
    __m256i sum[PIXELS][2];
    begin(b, channel, sum, 1);
    for (int32_t ky = 0; ky < b->kernel_height; ky++)
      for (int32_t first = 0; first < b->groups_in_row; first += MOST_GROUPS) {
        const int32_t rest = b->groups_in_row - first, groups = rest < MOST_GROUPS ? rest : MOST_GROUPS;
        widen_row(input + ky * b->input_row_stride, 0, first, groups, 1, &taps, 0);
        add_products(weights, &taps, groups, sum, 1);
        weights += (ptrdiff_t)groups * TAPS * RF_PANEL;
      }
    store(r, sum, channel, output, 1);
  }
}

typedef void tile_fn(const rf_u8_rectangle *r, const uint8_t *input, uint8_t *output);
#define TILE(pixels) \
  static void tile_##pixels(const rf_u8_rectangle *r, const uint8_t *input, uint8_t *output) { tile(r, input, output, pixels); }
UP_TO_PIXELS(TILE)
#define TILE_NAME(pixels) tile_##pixels,
static tile_fn *const tiles[PIXELS] = {UP_TO_PIXELS(TILE_NAME)};

INLINED void by_tiles(const rf_u8_rectangle *r) {
  if (r->width <= 0) return;
  const int is_large = r->block.kernel_height * r->block.groups_in_row > MOST_GROUPS;
  const rf_tiling tiling = rf_tile_row(r->width, is_large ? 1 : PIXELS);
  for (ptrdiff_t y = 0; y < r->height; y++) {
    const uint8_t *input = r->input + y * r->input_step;
    uint8_t *output = r->output + y * r->output_step;
    for (int32_t index = 0; index < tiling.count; index++) {
      const int32_t pixels = rf_tile_pixels(&tiling, index);
      (is_large ? large_tile : tiles[pixels - 1])(r, input, output);
      input += pixels * r->block.input_pixel_stride;
      output += pixels * r->block.output_pixel_stride * r->output_element;
    }
  }
}

static void conv(const rf_args *a) {
  const rf_u8_rectangle rectangle = rf_u8_rectangle_of(a);
  by_tiles(&rectangle);
}
#endif
