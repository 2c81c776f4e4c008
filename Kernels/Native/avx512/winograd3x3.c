// 3x3 convolution by F(4x4, 3x3) for AVX-512: 16 channels of a tile at once. The six positions of a tile's column are computed
// together, for 4 tiles x 16 channels, so that the column's way back is done in registers: a third less to store and load,
// and what lies between fits the first cache.
#if defined(__x86_64__)
#include <immintrin.h>
#include "../tiles.h"
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)

enum { LANES = 16 };
typedef __m512 vector;

INLINED __mmask16 first_lanes(int32_t count) { return (__mmask16)(count >= LANES ? 0xffff : 0xffff >> (LANES - count)); }

INLINED vector load_first(const float *input, int32_t count) { return _mm512_maskz_loadu_ps(first_lanes(count), input); }

INLINED void store_first(float *output, vector value, int32_t count) {
  _mm512_mask_storeu_ps(output, first_lanes(count), value);
}

INLINED vector activated_by(vector value, float slope) { return _mm512_max_ps(value, value * slope); }

#include "../winograd3x3_transforms.h"

enum { COLUMN_TILES = 4, COLUMN = RF_WINOGRAD_PIXELS * RF_PANEL, TILE_SUMS = SIDE * COLUMN };

// One column of `tiles` tiles by one panel. A tile's positions are `cin` apart and the weights' rows `row_floats`; the 4 sums
// that are left go to outputs[tile][column][4][channel].
INLINED void column_product(const float *inputs, ptrdiff_t cin, const float *weights, ptrdiff_t row_floats, float *outputs,
                            int tiles) {
  vector sum[COLUMN_TILES][SIDE], weight[SIDE];
  UNROLLED for (int t = 0; t < tiles; t++) UNROLLED for (int y = 0; y < SIDE; y++) sum[t][y] = _mm512_setzero_ps();
  for (ptrdiff_t k = cin; k > 0; k--, inputs++, weights += RF_PANEL) {
    UNROLLED for (int y = 0; y < SIDE; y++) weight[y] = _mm512_loadu_ps(weights + y * row_floats);
    UNROLLED for (int t = 0; t < tiles; t++)
      UNROLLED for (int y = 0; y < SIDE; y++)
        sum[t][y] = _mm512_fmadd_ps(_mm512_set1_ps(inputs[(t * SIDE + y) * cin]), weight[y], sum[t][y]);
  }
  UNROLLED for (int t = 0; t < tiles; t++) {
    transform_output_line(sum[t], 1);
    UNROLLED for (int y = 0; y < RF_WINOGRAD_PIXELS; y++)
      _mm512_storeu_ps(outputs + t * TILE_SUMS + y * RF_PANEL, sum[t][y]);
  }
}

#define COLUMN_PRODUCT(tiles) \
  static void column_product_##tiles(const float *inputs, ptrdiff_t cin, const float *weights, ptrdiff_t row_floats, \
                                     float *outputs) { \
    column_product(inputs, cin, weights, row_floats, outputs, tiles); \
  }
UP_TO_4(COLUMN_PRODUCT)
#define NAME(tiles) column_product_##tiles,
typedef void column_product_fn(const float *inputs, ptrdiff_t cin, const float *weights, ptrdiff_t row_floats, float *outputs);
static column_product_fn *const column_products[COLUMN_TILES] = {UP_TO_4(NAME)};

// A panel of `count` channels of one tile, from columns[6][4][channel].
INLINED void output_tile(const rf_f32_winograd3x3_args *a, tile_place at, const float *columns, int32_t o) {
  const int32_t count = a->cout - o;
  const vector bias = _mm512_loadu_ps(a->bias + o);
  float *output = a->output + at.y * a->output_row_stride + at.x * a->output_pixel_stride + o;
  for (int32_t y = 0; y < RF_WINOGRAD_PIXELS && y < at.rows; y++, output += a->output_row_stride) {
    vector row[SIDE];
    UNROLLED for (int x = 0; x < SIDE; x++) row[x] = _mm512_loadu_ps(columns + x * COLUMN + y * RF_PANEL);
    transform_output_line(row, 1);
    UNROLLED for (int x = 0; x < RF_WINOGRAD_PIXELS; x++)
      if (x < at.columns)
        store_first(output + x * a->output_pixel_stride, activated_by(row[x] + bias, a->slope), count);
  }
}

// Up to RF_WINOGRAD_TILES tiles, all channels. In scratch lie inputs[column][tile][row][channel] and a panel's sums.
static void block_of_tiles(const rf_f32_winograd3x3_args *a, const tile_place *at, int32_t tiles) {
  const ptrdiff_t cin = a->cin, column_floats = tiles * SIDE * cin;
  const ptrdiff_t position_floats = (a->cout + RF_PANEL - 1) / RF_PANEL * cin * RF_PANEL;
  float *inputs = a->scratch, *outputs = inputs + RF_WINOGRAD_TILES * POSITIONS * cin;
  const rf_tiling tiling = rf_tile_row(tiles, COLUMN_TILES);
  for (int32_t t = 0; t < tiles; t++) input_tile(a, at[t], inputs + t * SIDE * cin, cin, column_floats);
  for (int32_t o = 0; o < a->cout; o += RF_PANEL) {
    const float *weights = a->weights + o * cin;
    for (int32_t x = 0; x < SIDE; x++, weights += position_floats) {
      const float *column = inputs + x * column_floats;
      float *to = outputs + x * COLUMN;
      for (int32_t index = 0; index < tiling.count; index++) {
        const int32_t count = rf_tile_pixels(&tiling, index);
        column_products[count - 1](column, cin, weights, SIDE * position_floats, to);
        column += count * SIDE * cin;
        to += count * TILE_SUMS;
      }
    }
    for (int32_t t = 0; t < tiles; t++) output_tile(a, at[t], outputs + t * TILE_SUMS, o);
  }
}

void rf_f32_winograd3x3__avx512(const rf_f32_winograd3x3_args *a) {
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
