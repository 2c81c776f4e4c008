// Where the channels of the 8-bit Winograd convolution go: it may have two outputs (rfkernels.h).
#ifndef RF_U8_WINOGRAD3X3_OUTPUT_H
#define RF_U8_WINOGRAD3X3_OUTPUT_H
#include "rfkernels.h"
#include "tiles.h"

typedef struct {
  uint8_t *bytes; // of the channel, pixel (0, 0)
  ptrdiff_t row_stride, pixel_stride;
  int32_t count;  // channels from there on
} rf_u8_destination;

INLINED rf_u8_destination rf_u8_destination_of(const rf_u8_winograd3x3_args *a, int32_t channel) {
  if (channel < a->first_cout)
    return (rf_u8_destination){a->output + channel, a->output_row_stride, a->output_pixel_stride, a->first_cout - channel};
  return (rf_u8_destination){a->second_output + (channel - a->first_cout), a->second_row_stride, a->second_pixel_stride,
                             a->cout - channel};
}

INLINED int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }
#endif
