// Finds the output of each channel of the 8-bit Winograd convolution, which may have two (rfkernels.h).
#ifndef RF_U8_WINOGRAD3X3_OUTPUT_H
#define RF_U8_WINOGRAD3X3_OUTPUT_H
#include "u8_conv_tiles.h"

typedef struct {
  uint8_t *bytes; // of the channel, pixel (0, 0)
  ptrdiff_t row_stride, pixel_stride;
  int32_t count;  // channels from there on
} rf_u8_destination;

INLINED rf_u8_destination rf_u8_destination_of(const rf_args *a, int32_t channel) {
  const int32_t first = a->output[0].channels;
  const rf_output *to = channel < first ? &a->output[0] : &a->output[1];
  const int32_t at = channel < first ? channel : channel - first;
  return (rf_u8_destination){(uint8_t *)to->pixels + at, to->row_stride, to->pixel_stride, to->channels - at};
}

INLINED int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }
#endif
