// The parts that all dense float32 convolutions share: the walk over blocks of panels, rows and tiles of pixels. A variant brings its
// tiles, whose sums stay in registers; everything here is scalar and outside the hot loop.
// NHWC makes a row's taps contiguous, so one tile serves every kernel size: kernel_height segments of kernel_width * cin
// elements, each element multiplied by one row of packed weights.
#ifndef RF_CONV_TILES_H
#define RF_CONV_TILES_H
#include "args.h"

// The parameters of all tiles of a block of panels. Strides in elements.
typedef struct {
  const float *weights, *bias;                    // of the first panel
  ptrdiff_t panel_stride;                         // of the weights
  ptrdiff_t input_row_stride, input_pixel_stride; // between the inputs of two output pixels
  ptrdiff_t output_pixel_stride;
  int32_t kernel_height, taps_in_row;
  int32_t last_channels;                          // channels of the last panel that exist, 1 to RF_PANEL
  float slope;
} rf_conv_block;

// Computes a fixed number of pixels and panels.
typedef void rf_conv_tile_fn(const rf_conv_block *block, const float *input, float *output);

// Tiles of one number of panels: tile[n - 1] computes n pixels.
enum { RF_TILE_PIXELS = 12, RF_TILE_PANELS = 4 };
typedef struct {
  int32_t most_pixels;
  rf_conv_tile_fn *tile[RF_TILE_PIXELS];
} rf_conv_tiles;

// Bias and weights of all panels.
typedef struct {
  const float *bias, *weights;
} rf_conv_panels;

INLINED rf_conv_panels rf_conv_packed(const rf_args *a) {
  const float *bias = a->packed;
  return (rf_conv_panels){bias, bias + (a->shape.cout + RF_PANEL - 1) / RF_PANEL * RF_PANEL};
}

// A convolution whose bias and weights are not what `packed` of its arguments has: Winograd's product.
typedef void rf_conv_product_fn(const rf_args *args, rf_conv_panels panels);

static inline void rf_conv_row(const rf_conv_block *block, const rf_conv_tiles *tiles, const float *input, float *output, int32_t width) {
  const rf_tiling tiling = rf_tile_row(width, tiles->most_pixels);
  for (int32_t t = 0; t < tiling.count; t++) {
    const int32_t pixels = rf_tile_pixels(&tiling, t);
    tiles->tile[pixels - 1](block, input, output);
    input += pixels * block->input_pixel_stride;
    output += pixels * block->output_pixel_stride;
  }
}

// The whole rectangle, `most_panels` panels at a time. `by_panels[n - 1]` holds the tiles of n panels.
static inline void rf_conv_by_tiles(const rf_args *a, rf_conv_panels packed, const rf_conv_tiles *by_panels, int32_t most_panels) {
  if (a->shape.width <= 0) return;
  const int32_t panel_count = (a->shape.cout + RF_PANEL - 1) / RF_PANEL;
  const ptrdiff_t taps_in_row = (ptrdiff_t)a->shape.kernel_width * a->shape.cin;
  const ptrdiff_t panel_stride = taps_in_row * a->shape.kernel_height * RF_PANEL;
  for (int32_t panel = 0; panel < panel_count; panel += most_panels) {
    const int32_t rest = panel_count - panel, panels = rest < most_panels ? rest : most_panels;
    const int32_t channels = a->shape.cout - (panel + panels - 1) * RF_PANEL;
    const rf_conv_block block = {
      .weights = packed.weights + panel * panel_stride,
      .bias = packed.bias + panel * RF_PANEL,
      .panel_stride = panel_stride,
      .input_row_stride = a->input[0].row_stride,
      .input_pixel_stride = (ptrdiff_t)a->shape.stride * a->shape.cin,
      .output_pixel_stride = a->output[0].pixel_stride,
      .kernel_height = a->shape.kernel_height,
      .taps_in_row = (int32_t)taps_in_row,
      .last_channels = channels < RF_PANEL ? channels : RF_PANEL,
      .slope = a->shape.slope};
    for (ptrdiff_t y = 0; y < a->shape.height; y++)
      rf_conv_row(&block, &by_panels[panels - 1], rf_f32_input(a, y), rf_f32_output(a, y) + panel * RF_PANEL, a->shape.width);
  }
}
#endif
