// Where the channels of the 8-bit Winograd convolution go: it may have two outputs (rfkernels.h).
#ifndef RF_U8_WINOGRAD3X3_OUTPUT_H
#define RF_U8_WINOGRAD3X3_OUTPUT_H
#include "rfkernels.h"
#include "tiles.h"
#include "u8_conv_tiles.h"

// The arguments with the packed constants taken apart.
typedef struct {
  const uint8_t *input;
  ptrdiff_t input_row_stride;
  const int16_t *weights;
  const int32_t *bias;
  const float *multiplier, *addend;
  uint8_t *output, *second_output;
  ptrdiff_t output_row_stride, output_pixel_stride, second_row_stride, second_pixel_stride;
  void *scratch;
  int32_t width, height, cin, cout, first_cout;
  float slope;
} rf_u8_winograd_args;

INLINED rf_u8_winograd_args rf_u8_winograd_of(const rf_u8_conv_args *a) {
  const rf_u8_packed packed = rf_u8_unpack(a->packed, a->cout, 1);
  return (rf_u8_winograd_args){
    a->input, a->input_row_stride, packed.weights, packed.bias, packed.multiplier, packed.addend, a->output, a->second_output,
    a->output_row_stride, a->output_pixel_stride, a->second_row_stride, a->second_pixel_stride, a->scratch, a->width, a->height,
    a->cin, a->cout, a->first_cout, a->slope};
}

typedef struct {
  uint8_t *bytes; // of the channel, pixel (0, 0)
  ptrdiff_t row_stride, pixel_stride;
  int32_t count;  // channels from there on
} rf_u8_destination;

INLINED rf_u8_destination rf_u8_destination_of(const rf_u8_winograd_args *a, int32_t channel) {
  if (channel < a->first_cout)
    return (rf_u8_destination){a->output + channel, a->output_row_stride, a->output_pixel_stride, a->first_cout - channel};
  return (rf_u8_destination){a->second_output + (channel - a->first_cout), a->second_row_stride, a->second_pixel_stride,
                             a->cout - channel};
}

INLINED int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }
#endif
