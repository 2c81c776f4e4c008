// 8-bit 3x3 convolution by Winograd's filtering for AVX2: vpmaddwd multiplies and sums pairs of 16-bit values exactly. A
// tile of the product is 6 tiles x 16 channels.
// Include it after <immintrin.h> and inside the file's target attribute, with FP_CONTRACT off.
#ifndef RF_AVX2_U8_WINOGRAD3X3_H
#define RF_AVX2_U8_WINOGRAD3X3_H
#include "../u8_winograd3x3_output.h"
#include "requantise.h"

enum { TAPS = 2, WORDS = 16, SUMS = 8, PANELS = 1 };
// Tiles whose sums stay in registers.
#ifdef RF_HALF_WIDTH
enum { MOST_TILES = 2 };
#define UP_TO_MOST_TILES UP_TO_2
#else
enum { MOST_TILES = 6 };
#define UP_TO_MOST_TILES UP_TO_6
#endif
typedef int16_t words __attribute__((vector_size(2 * WORDS)));
typedef uint32_t sums __attribute__((vector_size(4 * SUMS)));

INLINED words load_bytes(const uint8_t *bytes) { return (words)_mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)bytes)); }
INLINED void store_words(int16_t *to, words value) { _mm256_store_si256((__m256i *)to, (__m256i)value); }
INLINED sums load_sums(const int32_t *from) { return (sums)_mm256_load_si256((const __m256i *)from); }

INLINED void product(const int16_t *inputs, ptrdiff_t tile_words, const int16_t *weights, int32_t groups, int32_t *outputs, int tiles) {
  __m256i sum[MOST_TILES][2];
  UNROLLED for (int t = 0; t < tiles; t++) sum[t][0] = sum[t][1] = _mm256_setzero_si256();
  for (int32_t k = 0; k < groups; k++, inputs += 2, weights += 2 * RF_PANEL) {
    const __m256i low = _mm256_loadu_si256((const __m256i *)weights);
    const __m256i high = _mm256_loadu_si256((const __m256i *)(weights + RF_PANEL));
    UNROLLED for (int t = 0; t < tiles; t++) {
      const __m256i pair = _mm256_set1_epi32(*(const int32_t *)(inputs + t * tile_words));
      sum[t][0] = _mm256_add_epi32(sum[t][0], _mm256_madd_epi16(pair, low));
      sum[t][1] = _mm256_add_epi32(sum[t][1], _mm256_madd_epi16(pair, high));
    }
  }
  UNROLLED for (int t = 0; t < tiles; t++) UNROLLED for (int half = 0; half < 2; half++)
    _mm256_store_si256((__m256i *)(outputs + t * RF_PANEL + half * SUMS), sum[t][half]);
}

#define PRODUCT(tiles) \
  static void product_##tiles(const int16_t *inputs, ptrdiff_t tile_words, const int16_t *weights, int32_t groups, int32_t *outputs) { \
    product(inputs, tile_words, weights, groups, outputs, tiles); \
  }
UP_TO_MOST_TILES(PRODUCT)
#define PRODUCT_NAME(tiles) product_##tiles,
typedef void product_fn(const int16_t *inputs, ptrdiff_t tile_words, const int16_t *weights, int32_t groups, int32_t *outputs);
static product_fn *const product_of[MOST_TILES] = {UP_TO_MOST_TILES(PRODUCT_NAME)};

INLINED void products(const int16_t *inputs, ptrdiff_t tile_words, const int16_t *weights, ptrdiff_t panel_words, int32_t groups,
                      int32_t *outputs, int32_t tiles, int32_t panels) {
  (void)panel_words, (void)panels;
  const rf_tiling tiling = rf_tile_row(tiles, MOST_TILES);
  for (int32_t index = 0; index < tiling.count; index++) {
    const int32_t count = rf_tile_pixels(&tiling, index);
    product_of[count - 1](inputs, tile_words, weights, groups, outputs);
    inputs += count * tile_words;
    outputs += count * RF_PANEL;
  }
}

INLINED void store_pixels(const rf_u8_packed *c, float slope, const sums sum[4], int32_t o, uint8_t *output, ptrdiff_t stride, int leaky) {
  (void)leaky;
  const __m256i start = _mm256_loadu_si256((const __m256i *)(c->start + o));
  __m256i pixel[4];
  UNROLLED for (int x = 0; x < 4; x++) pixel[x] = requantised(
    _mm256_castsi256_ps(_mm256_add_epi32(_mm256_srai_epi32((__m256i)sum[x], 6), start)), c->multiplier + o, c->addend + o, slope, RF_MAGIC);
  store_four(pixel, output, stride, 4, SUMS);
}

#include "../u8_winograd3x3_tiles.h"

static void conv(const rf_args *a) { rf_u8_winograd3x3_by_tiles(a); }
#endif
