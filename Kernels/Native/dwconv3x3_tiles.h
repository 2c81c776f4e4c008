// The parts that all float32 depthwise convolutions share: the walk over rows and tiles of up to 4 pixels. A variant brings its tiles,
// for each stride and width; everything here is scalar and outside the hot loop.
#ifndef RF_DWCONV3X3_TILES_H
#define RF_DWCONV3X3_TILES_H
#include "args.h"

enum { MOST_PIXELS = 4 };

// Computes all channels of a fixed number of pixels.
typedef void rf_dwconv3x3_tile_fn(const rf_args *args, const float *input, float *output);

// The whole rectangle; tiles[s - 1][n - 1] computes n pixels at stride s.
static inline void rf_dwconv3x3_by_tiles(const rf_args *a, rf_dwconv3x3_tile_fn *const tiles[2][MOST_PIXELS]) {
  if (a->shape.width <= 0) return;
  const rf_tiling tiling = rf_tile_row(a->shape.width, MOST_PIXELS);
  for (ptrdiff_t y = 0; y < a->shape.height; y++) {
    const float *input = rf_f32_input(a, y);
    float *output = rf_f32_output(a, y);
    for (int32_t t = 0; t < tiling.count; t++) {
      const ptrdiff_t pixels = rf_tile_pixels(&tiling, t);
      tiles[a->shape.stride - 1][pixels - 1](a, input, output);
      input += pixels * a->shape.stride * a->shape.cout;
      output += pixels * a->shape.cout;
    }
  }
}

// A tile of a fixed number of pixels and stride from a variant's `tile`, and the tables of them.
#define RF_DWCONV3X3_TILE(pixels, stride) \
  static void tile_##pixels##_stride##stride(const rf_args *a, const float *input, float *output) { \
    tile(a, input, output, pixels, stride); \
  }
#define RF_DWCONV3X3_NAME(pixels, stride) tile_##pixels##_stride##stride,
#define RF_DWCONV3X3_TILES \
  UP_TO_4(RF_DWCONV3X3_TILE, 1) \
  UP_TO_4(RF_DWCONV3X3_TILE, 2) \
  static rf_dwconv3x3_tile_fn *const tiles[2][MOST_PIXELS] = {{UP_TO_4(RF_DWCONV3X3_NAME, 1)}, {UP_TO_4(RF_DWCONV3X3_NAME, 2)}};
#endif
