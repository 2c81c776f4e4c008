// What both ARM kernels of the dense 8-bit convolution make of their sums: bytes or float32, in tiles of every width. Include
// it after add_products, HALF_PIXELS and bytes.h.
#ifndef RF_NEON_U8_CONV_ROWS_H
#define RF_NEON_U8_CONV_ROWS_H

INLINED void tile(const rf_u8_block *b, const uint8_t *input, uint8_t *output, int pixels, int quarters) {
  int32x4_t sum[HALF_PIXELS][QUARTERS];
  add_products(b, input, sum, pixels, quarters);
  if (rf_is_leaky(b->slope))
    UNROLLED for (int p = 0; p < pixels; p++) store_results(b, sum[p], output + p * b->output_pixel_stride, quarters, 1);
  else
    UNROLLED for (int p = 0; p < pixels; p++) store_results(b, sum[p], output + p * b->output_pixel_stride, quarters, 0);
}

INLINED void head_tile(const rf_u8_block *b, const uint8_t *input, float *output, int pixels, int quarters) {
  int32x4_t sum[HALF_PIXELS][QUARTERS];
  add_products(b, input, sum, pixels, quarters);
  UNROLLED for (int p = 0; p < pixels; p++) store_values(b, sum[p], output + p * b->output_pixel_stride, quarters);
}

#define TILE(pixels, quarters) \
  static void tile_##pixels##x##quarters(const rf_u8_block *b, const uint8_t *input, void *output) { \
    tile(b, input, output, pixels, quarters); \
  } \
  static void head_##pixels##x##quarters(const rf_u8_block *b, const uint8_t *input, void *output) { \
    head_tile(b, input, output, pixels, quarters); \
  }
#define TILE_NAME(pixels, quarters) tile_##pixels##x##quarters,
#define HEAD_NAME(pixels, quarters) head_##pixels##x##quarters,
#endif
