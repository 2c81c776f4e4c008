// 8-bit 3x3 convolution by Winograd's filtering for AVX-512 VNNI: vpdpwssd multiplies pairs of 16-bit values and adds them to
// a sum, modulo 2^32. The six positions of a tile's column are computed together, for 4 tiles x 16 channels, so that the
// column's way back is done in registers: a third less to store and load, and what lies between fits the first cache.
#if defined(__x86_64__)
#include <immintrin.h>
#include "../u8_winograd3x3_output.h"
#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))), apply_to = function)
#include "requantise.h"

// Inputs are transformed in half vectors: of layers of 16 channels whole ones would be half empty.
enum { WORDS = 16, SUMS = 16 };
typedef int16_t words __attribute__((vector_size(2 * WORDS)));
typedef uint32_t sums __attribute__((vector_size(4 * SUMS)));

INLINED words load_bytes(const uint8_t *bytes) {
  return (words)_mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)bytes));
}
INLINED void store_words(int16_t *to, words value) { _mm256_store_si256((__m256i *)to, (__m256i)value); }

#include "../u8_winograd3x3_transforms.h"

enum { COLUMN_TILES = 4, COLUMN = RF_WINOGRAD_PIXELS * RF_PANEL, TILE_SUMS = SIDE * COLUMN };

// Hidden from the compiler, which would split vpdpwssd into a product and an addition.
INLINED sums plus_pairs(sums sum, const int16_t *pair, __m512i weight) {
  __asm__("vpdpwssd %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(weight), "m"(*(const int32_t(*)[1])pair));
  return sum;
}

// One column of `tiles` tiles by one panel. Inputs and weights of the column's positions are `tile_words` and `row_words`
// apart; the 4 sums that are left go to outputs[tile][column][4][channel].
INLINED void column_product(const int16_t *inputs, ptrdiff_t tile_words, const int16_t *weights, ptrdiff_t row_words,
                            int32_t groups, int32_t *outputs, int tiles) {
  sums sum[COLUMN_TILES][SIDE];
  __m512i weight[SIDE];
  UNROLLED for (int t = 0; t < tiles; t++) UNROLLED for (int y = 0; y < SIDE; y++) sum[t][y] = (sums){};
  for (int32_t k = 0; k < groups; k++, inputs += 2, weights += 2 * RF_PANEL) {
    UNROLLED for (int y = 0; y < SIDE; y++) weight[y] = _mm512_loadu_si512(weights + y * row_words);
    UNROLLED for (int t = 0; t < tiles; t++)
      UNROLLED for (int y = 0; y < SIDE; y++)
        sum[t][y] = plus_pairs(sum[t][y], inputs + (t * SIDE + y) * tile_words, weight[y]);
  }
  UNROLLED for (int t = 0; t < tiles; t++) {
    transform_output_line(sum[t], 1);
    UNROLLED for (int y = 0; y < RF_WINOGRAD_PIXELS; y++)
      _mm512_store_si512(outputs + t * TILE_SUMS + y * RF_PANEL, (__m512i)sum[t][y]);
  }
}

#define COLUMN_PRODUCT(tiles) \
  static void column_product_##tiles(const int16_t *inputs, ptrdiff_t tile_words, const int16_t *weights, \
                                     ptrdiff_t row_words, int32_t groups, int32_t *outputs) { \
    column_product(inputs, tile_words, weights, row_words, groups, outputs, tiles); \
  }
UP_TO_4(COLUMN_PRODUCT)
#define NAME(tiles) column_product_##tiles,
typedef void column_product_fn(const int16_t *inputs, ptrdiff_t tile_words, const int16_t *weights, ptrdiff_t row_words,
                               int32_t groups, int32_t *outputs);
static column_product_fn *const column_products[COLUMN_TILES] = {UP_TO_4(NAME)};

INLINED void store_pixels(const rf_u8_winograd3x3_args *a, const sums sum[4], int32_t o, const rf_u8_destination *to,
                          uint8_t *output, int32_t columns) {
  const __m512i start = _mm512_add_epi32(_mm512_loadu_si512(a->bias + o), _mm512_set1_epi32(RF_MAGIC_BITS));
  const __m512 multiplier = _mm512_loadu_ps(a->multiplier + o), addend = _mm512_loadu_ps(a->addend + o);
  __m512i pixel[4];
  UNROLLED for (int x = 0; x < 4; x++) {
    const __m512i exact = _mm512_srai_epi32((__m512i)(sum[x] * INVERSE_OF_9), 6);
    pixel[x] = requantised_by(_mm512_add_epi32(exact, start), multiplier, addend, a->slope);
  }
  const __m512i bytes = bytes_of(pixel[0], pixel[1], pixel[2], pixel[3]);
  const __mmask16 owned = (__mmask16)(to->count >= SUMS ? 0xffff : 0xffff >> (SUMS - to->count));
  const ptrdiff_t stride = to->pixel_stride;
  _mm_mask_storeu_epi8(output, owned, _mm512_castsi512_si128(bytes));
  if (columns > 1) _mm_mask_storeu_epi8(output + stride, owned, _mm512_extracti32x4_epi32(bytes, 1));
  if (columns > 2) _mm_mask_storeu_epi8(output + 2 * stride, owned, _mm512_extracti32x4_epi32(bytes, 2));
  if (columns > 3) _mm_mask_storeu_epi8(output + 3 * stride, owned, _mm512_extracti32x4_epi32(bytes, 3));
}

// A panel from channel `o` on of one tile, from columns[6][4][channel].
INLINED void output_tile(const rf_u8_winograd3x3_args *a, tile_place at, const int32_t *columns, int32_t o) {
  const rf_u8_destination to = rf_u8_destination_of(a, o);
  uint8_t *output = to.bytes + at.y * to.row_stride + at.x * to.pixel_stride;
  for (int32_t y = 0; y < smaller(at.rows, RF_WINOGRAD_PIXELS); y++, output += to.row_stride) {
    sums row[SIDE];
    UNROLLED for (int x = 0; x < SIDE; x++) row[x] = (sums)_mm512_load_si512(columns + x * COLUMN + y * RF_PANEL);
    transform_output_line(row, 1);
    store_pixels(a, row, o, &to, output, at.columns);
  }
}

// Up to RF_WINOGRAD_TILES tiles, all channels. In scratch lie inputs[column][tile][row][channel] and a panel's sums.
static void block_of_tiles(const rf_u8_winograd3x3_args *a, const tile_place *at, int32_t tiles) {
  const int32_t groups = (a->cin + RF_U8_WINOGRAD_TAPS - 1) / RF_U8_WINOGRAD_TAPS;
  const ptrdiff_t position_words = (ptrdiff_t)groups * RF_PANEL * RF_U8_WINOGRAD_TAPS;
  const ptrdiff_t tile_words = (a->cin + 31) / 32 * 32, column_words = tiles * SIDE * tile_words;
  int16_t *inputs = a->scratch;
  int32_t *outputs = (int32_t *)(inputs + RF_WINOGRAD_TILES * POSITIONS * tile_words);
  const rf_tiling tiling = rf_tile_row(tiles, COLUMN_TILES);
  for (int32_t t = 0; t < tiles; t++) transform_input(a, at[t], inputs + t * SIDE * tile_words, tile_words, column_words);
  for (int32_t o = 0; o < a->cout; o += RF_PANEL) {
    const int16_t *weights = a->weights + o / RF_PANEL * POSITIONS * position_words;
    for (int32_t x = 0; x < SIDE; x++, weights += position_words) {
      const int16_t *column = inputs + x * column_words;
      int32_t *to = outputs + x * COLUMN;
      for (int32_t index = 0; index < tiling.count; index++) {
        const int32_t count = rf_tile_pixels(&tiling, index);
        column_products[count - 1](column, tile_words, weights, SIDE * position_words, groups, to);
        column += count * SIDE * tile_words;
        to += count * TILE_SUMS;
      }
    }
    for (int32_t t = 0; t < tiles; t++) output_tile(a, at[t], outputs + t * TILE_SUMS, o);
  }
}

void rf_u8_winograd3x3__avx512vnni(const rf_u8_winograd3x3_args *a) {
  if (a->width <= 0 || a->height <= 0) return;
  const int32_t across = (a->width + RF_WINOGRAD_PIXELS - 1) / RF_WINOGRAD_PIXELS;
  const rf_tiling blocks = rf_tile_row(across * ((a->height + RF_WINOGRAD_PIXELS - 1) / RF_WINOGRAD_PIXELS), RF_WINOGRAD_TILES);
  for (int32_t block = 0, first = 0; block < blocks.count; block++) {
    const int32_t tiles = rf_tile_pixels(&blocks, block);
    tile_place at[RF_WINOGRAD_TILES];
    for (int32_t t = 0; t < tiles; t++) at[t] = place(a, first + t);
    block_of_tiles(a, at, tiles);
    first += tiles;
  }
}
#pragma clang attribute pop
#endif
