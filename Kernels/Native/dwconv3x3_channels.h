// The float32 depthwise tile of AVX2 and NEON: LANES channels of up to 4 pixels of a row at once. A column of the input is
// loaded once for all the pixels that have it among their taps. Include it after the instruction set's vector.h.
#ifndef RF_DWCONV3X3_CHANNELS_H
#define RF_DWCONV3X3_CHANNELS_H
#include "dwconv3x3_tiles.h"

// `count` channels from channel `first` on: LANES, or fewer at the end.
INLINED void channels(const rf_args *a, const float *input, float *output, int32_t first, int32_t count, int pixels, int stride) {
  const ptrdiff_t step = a->shape.cout;
  const float *bias = a->packed, *weights = bias + step + first;
  input += first;
  vector sum[MOST_PIXELS], weight[3];
  UNROLLED for (int p = 0; p < pixels; p++) sum[p] = load_first(bias + first, count);
  UNROLLED for (int ky = 0; ky < 3; ky++, input += a->input[0].row_stride, weights += 3 * step) {
    UNROLLED for (int kx = 0; kx < 3; kx++) weight[kx] = load_first(weights + kx * step, count);
    UNROLLED for (int column = 0; column < (pixels - 1) * stride + 3; column++) {
      const vector value = load_first(input + column * step, count);
      UNROLLED for (int kx = 0; kx < 3; kx++) {
        const int offset = column - kx, p = offset / stride;
        if (offset >= 0 && offset % stride == 0 && p < pixels) sum[p] = plus_product(sum[p], value, weight[kx]);
      }
    }
  }
  UNROLLED for (int p = 0; p < pixels; p++) store_first(output + first + p * step, activated_by(sum[p], a->shape.slope), count);
}

INLINED void tile(const rf_args *a, const float *input, float *output, int pixels, int stride) {
  int32_t c = 0;
  for (; c + LANES <= a->shape.cout; c += LANES) channels(a, input, output, c, LANES, pixels, stride);
  if (c < a->shape.cout) channels(a, input, output, c, a->shape.cout - c, pixels, stride);
}

RF_DWCONV3X3_TILES

static void dwconv3x3(const rf_args *a) { rf_dwconv3x3_by_tiles(a, tiles); }
#endif
