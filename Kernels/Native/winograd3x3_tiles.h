// Winograd's minimal filtering F(4x4, 3x3), Lavin and Gray, arXiv 1509.09308: the transforms at the points 0, 1, -1, 2, -2
// and infinity, and the walk over tiles. In between lies a 1x1 convolution for each of the 36 positions of a tile.
// Include it inside the file's target attribute; the file brings `vector`, LANES, activated_by, and load_first and
// store_first of up to LANES channels.
#ifndef RF_WINOGRAD3X3_TILES_H
#define RF_WINOGRAD3X3_TILES_H
#include "rfkernels.h"
#include "tiles.h"

enum { SIDE = RF_WINOGRAD_PIXELS + 2, POSITIONS = RF_WINOGRAD_POSITIONS };

// B^T d for the 6 values that are `step` apart.
INLINED void transform_input_line(vector *d, int step) {
  const vector even = d[4 * step] - 4.0f * d[2 * step], odd = d[3 * step] - 4.0f * d[step];
  const vector far_even = d[4 * step] - d[2 * step], far_odd = 2.0f * (d[3 * step] - d[step]);
  d[0] = 4.0f * d[0] + (d[4 * step] - 5.0f * d[2 * step]);
  d[5 * step] = 4.0f * d[step] + (d[5 * step] - 5.0f * d[3 * step]);
  d[step] = even + odd;
  d[2 * step] = even - odd;
  d[3 * step] = far_even + far_odd;
  d[4 * step] = far_even - far_odd;
}

// A^T m for 6 values that are `step` apart: the result is the first 4.
INLINED void transform_output_line(vector *m, int step) {
  const vector near = m[step] + m[2 * step], near_odd = m[step] - m[2 * step];
  const vector far = m[3 * step] + m[4 * step], far_odd = m[3 * step] - m[4 * step];
  m[0] = m[0] + near + far;
  m[step] = 2.0f * far_odd + near_odd;
  m[2 * step] = 4.0f * far + near;
  m[3 * step] = 8.0f * far_odd + (near_odd + m[5 * step]);
}

// Up to LANES channels of a tile of which `rows` x `columns` input pixels exist.
INLINED void transform_input(const float *input, ptrdiff_t row_stride, ptrdiff_t cin, int32_t rows, int32_t columns,
                             int32_t count, float *values) {
  vector d[POSITIONS];
  UNROLLED for (int y = 0; y < SIDE; y++) {
    UNROLLED for (int x = 0; x < SIDE; x++)
      d[y * SIDE + x] = y < rows && x < columns ? load_first(input + y * row_stride + x * cin, count) : (vector){};
    transform_input_line(d + y * SIDE, 1);
  }
  UNROLLED for (int x = 0; x < SIDE; x++) {
    transform_input_line(d + x, SIDE);
    UNROLLED for (int y = 0; y < SIDE; y++) store_first(values + (y * SIDE + x) * cin, d[y * SIDE + x], count);
  }
}

// Up to LANES channels of a tile of which `rows` x `columns` output pixels exist.
INLINED void transform_output(const rf_f32_winograd3x3_args *a, const float *values, const float *bias, float *output,
                              int32_t rows, int32_t columns, int32_t count) {
  vector m[POSITIONS];
  const vector shift = load_first(bias, count);
  UNROLLED for (int x = 0; x < SIDE; x++) {
    UNROLLED for (int y = 0; y < SIDE; y++) m[y * SIDE + x] = load_first(values + (y * SIDE + x) * (ptrdiff_t)a->cout, count);
    transform_output_line(m + x, SIDE);
  }
  UNROLLED for (int y = 0; y < RF_WINOGRAD_PIXELS; y++) {
    transform_output_line(m + y * SIDE, 1);
    UNROLLED for (int x = 0; x < RF_WINOGRAD_PIXELS; x++) {
      const vector value = m[y * SIDE + x] + shift;
      if (y < rows && x < columns)
        store_first(output + y * a->output_row_stride + x * a->output_pixel_stride, activated_by(value, a->slope), count);
    }
  }
}

// Where a tile lies, in output pixels.
typedef struct {
  ptrdiff_t x, y;
  int32_t rows, columns; // that are left from there
} tile_place;

INLINED tile_place place(const rf_f32_winograd3x3_args *a, int32_t tile) {
  const int32_t across = (a->width + RF_WINOGRAD_PIXELS - 1) / RF_WINOGRAD_PIXELS;
  const int32_t x = tile % across * RF_WINOGRAD_PIXELS, y = tile / across * RF_WINOGRAD_PIXELS;
  return (tile_place){x, y, a->height - y, a->width - x};
}

static void input_tile(const rf_f32_winograd3x3_args *a, int32_t tile, float *values) {
  const tile_place at = place(a, tile);
  const ptrdiff_t stride = a->input_row_stride;
  const float *input = a->input + at.y * stride + at.x * a->cin;
  int32_t c = 0;
  if (at.rows >= RF_WINOGRAD_PIXELS && at.columns >= RF_WINOGRAD_PIXELS)
    for (; c + LANES <= a->cin; c += LANES) transform_input(input + c, stride, a->cin, SIDE, SIDE, LANES, values + c);
  for (; c < a->cin; c += LANES)
    transform_input(input + c, stride, a->cin, at.rows + 2, at.columns + 2, a->cin - c, values + c);
}

static void output_tile(const rf_f32_winograd3x3_args *a, int32_t tile, const float *values) {
  const tile_place at = place(a, tile);
  float *output = a->output + at.y * a->output_row_stride + at.x * a->output_pixel_stride;
  int32_t o = 0;
  if (at.rows >= RF_WINOGRAD_PIXELS && at.columns >= RF_WINOGRAD_PIXELS)
    for (; o + LANES <= a->cout; o += LANES)
      transform_output(a, values + o, a->bias + o, output + o, RF_WINOGRAD_PIXELS, RF_WINOGRAD_PIXELS, LANES);
  for (; o < a->cout; o += LANES)
    transform_output(a, values + o, a->bias + o, output + o, at.rows, at.columns, a->cout - o);
}

// The whole rectangle in blocks of tiles. In scratch lie the transformed inputs, [tile][position][cin], the products,
// [tile][position][cout], and zeros for a bias that the product must not add.
INLINED void rf_winograd3x3_by_tiles(const rf_f32_winograd3x3_args *a, rf_f32_conv_fn *product) {
  if (a->width <= 0 || a->height <= 0) return;
  const ptrdiff_t input_size = POSITIONS * (ptrdiff_t)a->cin, output_size = POSITIONS * (ptrdiff_t)a->cout;
  const int32_t panels = (a->cout + RF_PANEL - 1) / RF_PANEL;
  float *inputs = a->scratch, *outputs = inputs + RF_WINOGRAD_TILES * input_size;
  float *zeros = outputs + RF_WINOGRAD_TILES * output_size;
  for (int32_t o = 0; o < panels * RF_PANEL; o++) zeros[o] = 0;
  const int32_t across = (a->width + RF_WINOGRAD_PIXELS - 1) / RF_WINOGRAD_PIXELS;
  const rf_tiling blocks = rf_tile_row(across * ((a->height + RF_WINOGRAD_PIXELS - 1) / RF_WINOGRAD_PIXELS), RF_WINOGRAD_TILES);
  for (int32_t block = 0, first = 0; block < blocks.count; block++) {
    const int32_t tiles = rf_tile_pixels(&blocks, block);
    for (int32_t t = 0; t < tiles; t++) input_tile(a, first + t, inputs + t * input_size);
    for (int32_t p = 0; p < POSITIONS; p++)
      product(&(rf_f32_conv_args){
        .input = inputs + p * (ptrdiff_t)a->cin, .weights = a->weights + p * (ptrdiff_t)a->cin * panels * RF_PANEL,
        .bias = zeros, .output = outputs + p * (ptrdiff_t)a->cout, .output_pixel_stride = output_size,
        .width = tiles, .height = 1, .cin = a->cin, .cout = a->cout,
        .kernel_width = 1, .kernel_height = 1, .stride = POSITIONS, .slope = 1});
    for (int32_t t = 0; t < tiles; t++) output_tile(a, first + t, outputs + t * output_size);
    first += tiles;
  }
}
#endif
