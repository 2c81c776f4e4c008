// Depthwise 3x3 convolution for AVX2 with FMA: 8 channels of up to 4 pixels of a row at once. A column of the input is
// loaded once for all the pixels whose taps it is among.
#if defined(__x86_64__)
#include "../dwconv3x3_tiles.h"
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "vector.h"

// `count` channels from channel `first` on: 8, or fewer at the end.
INLINED void channels(const rf_f32_dwconv3x3_args *a, const float *input, float *output, int32_t first, int32_t count,
                      int pixels, int stride) {
  const ptrdiff_t step = a->channels;
  const float *weights = a->weights + first;
  input += first;
  __m256 sum[MOST_PIXELS], weight[3];
  UNROLLED for (int p = 0; p < pixels; p++) sum[p] = load_first(a->bias + first, count);
  UNROLLED for (int ky = 0; ky < 3; ky++, input += a->input_row_stride, weights += 3 * step) {
    UNROLLED for (int kx = 0; kx < 3; kx++) weight[kx] = load_first(weights + kx * step, count);
    UNROLLED for (int column = 0; column < (pixels - 1) * stride + 3; column++) {
      const __m256 value = load_first(input + column * step, count);
      UNROLLED for (int kx = 0; kx < 3; kx++) {
        const int offset = column - kx, p = offset / stride;
        if (offset >= 0 && offset % stride == 0 && p < pixels) sum[p] = _mm256_fmadd_ps(value, weight[kx], sum[p]);
      }
    }
  }
  const __m256 slope = _mm256_set1_ps(a->slope);
  UNROLLED for (int p = 0; p < pixels; p++) store_first(output + first + p * step, activated(sum[p], slope), count);
}

INLINED void tile(const rf_f32_dwconv3x3_args *a, const float *input, float *output, int pixels, int stride) {
  int32_t c = 0;
  for (; c + RF_AVX2_LANES <= a->channels; c += RF_AVX2_LANES) channels(a, input, output, c, RF_AVX2_LANES, pixels, stride);
  if (c < a->channels) channels(a, input, output, c, a->channels - c, pixels, stride);
}

RF_DWCONV3X3_TILES

static void dwconv3x3(const rf_f32_dwconv3x3_args *a) { rf_dwconv3x3_by_tiles(a, tiles); }

const rf_kernel rf_f32_dwconv3x3__avx2 = {
  .name = "rf_f32_dwconv3x3__avx2", .op = RF_OP_f32_dwconv3x3, .isa = RF_ISA_AVX2, .cycles_per_output = 1.0f,
  .f32_dwconv3x3 = dwconv3x3};
#pragma clang attribute pop
#endif
