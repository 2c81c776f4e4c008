// 3x3 convolution by F(4x4, 3x3): the walk over tiles where products go through memory, each position by itself. Include it
// as winograd3x3_transforms.h.
#ifndef RF_WINOGRAD3X3_TILES_H
#define RF_WINOGRAD3X3_TILES_H
#include "winograd3x3_product.h"
#include "winograd3x3_transforms.h"

// Up to LANES channels of a tile of which `rows` x `columns` output pixels exist.
INLINED void transform_output(const rf_args *a, const float *values, const float *bias, float *output, int32_t rows, int32_t columns,
                              int32_t count) {
  vector m[POSITIONS];
  const vector shift = load_first(bias, count);
  UNROLLED for (int x = 0; x < SIDE; x++) {
    UNROLLED for (int y = 0; y < SIDE; y++) m[y * SIDE + x] = load_first(values + (y * SIDE + x) * (ptrdiff_t)a->shape.cout, count);
    transform_output_line(m + x, SIDE);
  }
  UNROLLED for (int y = 0; y < RF_WINOGRAD_PIXELS; y++) {
    transform_output_line(m + y * SIDE, 1);
    UNROLLED for (int x = 0; x < RF_WINOGRAD_PIXELS; x++) {
      const vector value = m[y * SIDE + x] + shift;
      if (y < rows && x < columns)
        store_first(output + y * a->output[0].row_stride + x * a->output[0].pixel_stride, activated_by(value, a->shape.slope), count);
    }
  }
}

static void output_tile(const rf_args *a, const float *bias, int32_t tile, const float *values) {
  const tile_place at = place(a->shape.width, a->shape.height, tile);
  float *output = rf_f32_output(a, at.y) + at.x * a->output[0].pixel_stride;
  int32_t o = 0;
  if (at.rows >= RF_WINOGRAD_PIXELS && at.columns >= RF_WINOGRAD_PIXELS)
    for (; o + LANES <= a->shape.cout; o += LANES)
      transform_output(a, values + o, bias + o, output + o, RF_WINOGRAD_PIXELS, RF_WINOGRAD_PIXELS, LANES);
  for (; o < a->shape.cout; o += LANES) transform_output(a, values + o, bias + o, output + o, at.rows, at.columns, a->shape.cout - o);
}

// The whole rectangle in blocks of tiles. In scratch lie the transformed inputs, [tile][position][cin], the products,
// [tile][position][cout], and zeros for a bias that the product must not add.
INLINED void rf_winograd3x3_by_tiles(const rf_args *a, rf_conv_product_fn *product) {
  if (a->shape.width <= 0 || a->shape.height <= 0) return;
  const ptrdiff_t input_size = POSITIONS * (ptrdiff_t)a->shape.cin, output_size = POSITIONS * (ptrdiff_t)a->shape.cout;
  const int32_t panels = (a->shape.cout + RF_PANEL - 1) / RF_PANEL;
  const rf_conv_panels packed = rf_conv_packed(a);
  float *inputs = a->scratch, *outputs = inputs + RF_WINOGRAD_TILES * input_size;
  float *zeros = outputs + RF_WINOGRAD_TILES * output_size;
  for (int32_t o = 0; o < panels * RF_PANEL; o++) zeros[o] = 0;
  const rf_tiling blocks = blocks_of_tiles(a->shape.width, a->shape.height);
  for (int32_t block = 0, first = 0; block < blocks.count; block++) {
    const int32_t tiles = rf_tile_pixels(&blocks, block);
    for (int32_t t = 0; t < tiles; t++)
      input_tile(a, place(a->shape.width, a->shape.height, first + t), inputs + t * input_size, SIDE * (ptrdiff_t)a->shape.cin,
                 a->shape.cin);
    for (int32_t p = 0; p < POSITIONS; p++)
      product(
        &(rf_args){
          .shape =
            {.width = tiles,
             .height = 1,
             .cin = a->shape.cin,
             .cout = a->shape.cout,
             .kernel_width = 1,
             .kernel_height = 1,
             .stride = POSITIONS,
             .slope = 1},
          .input[0].pixels = inputs + p * (ptrdiff_t)a->shape.cin,
          .output[0] = {.pixels = outputs + p * (ptrdiff_t)a->shape.cout, .pixel_stride = output_size}},
        (rf_conv_panels){zeros, packed.weights + p * (ptrdiff_t)a->shape.cin * panels * RF_PANEL});
    for (int32_t t = 0; t < tiles; t++) output_tile(a, packed.bias, first + t, outputs + t * output_size);
    first += tiles;
  }
}
#endif
