// Depthwise 3x3 convolution for AVX-512: 16 channels of up to 4 pixels of a row at once. A column of the input is loaded
// once for all the pixels whose taps it is among.
#if defined(__x86_64__)
#include "../dwconv3x3_tiles.h"
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)
#include "activation.h"

enum { LANES = 16 };

// The channels in `lanes` from channel `first` on.
INLINED void channels(const rf_args *a, const float *input, float *output, int32_t first, __mmask16 lanes, int pixels, int stride,
                      float slope) {
  const ptrdiff_t step = a->shape.cout;
  const float *bias = a->packed, *weights = bias + step + first;
  input += first;
  __m512 sum[MOST_PIXELS], weight[3];
  UNROLLED for (int p = 0; p < pixels; p++) sum[p] = _mm512_maskz_loadu_ps(lanes, bias + first);
  UNROLLED for (int ky = 0; ky < 3; ky++, input += a->input[0].row_stride, weights += 3 * step) {
    UNROLLED for (int kx = 0; kx < 3; kx++) weight[kx] = _mm512_maskz_loadu_ps(lanes, weights + kx * step);
    UNROLLED for (int column = 0; column < (pixels - 1) * stride + 3; column++) {
      const __m512 value = _mm512_maskz_loadu_ps(lanes, input + column * step);
      UNROLLED for (int kx = 0; kx < 3; kx++) {
        const int offset = column - kx, p = offset / stride;
        if (offset >= 0 && offset % stride == 0 && p < pixels) sum[p] = _mm512_fmadd_ps(value, weight[kx], sum[p]);
      }
    }
  }
  UNROLLED for (int p = 0; p < pixels; p++) _mm512_mask_storeu_ps(output + first + p * step, lanes, activated(sum[p], slope));
}

INLINED void all_channels(const rf_args *a, const float *input, float *output, int pixels, int stride, float slope) {
  int32_t c = 0;
  for (; c + LANES <= a->shape.cout; c += LANES) channels(a, input, output, c, 0xffff, pixels, stride, slope);
  const __mmask16 rest = (__mmask16)(0xffff >> (LANES - (a->shape.cout - c)));
  if (c < a->shape.cout) channels(a, input, output, c, rest, pixels, stride, slope);
}

INLINED void tile(const rf_args *a, const float *input, float *output, int pixels, int stride) {
  if (a->shape.slope == 0) all_channels(a, input, output, pixels, stride, 0);
  else all_channels(a, input, output, pixels, stride, a->shape.slope);
}

RF_DWCONV3X3_TILES

// 8 channels at stride 1 leave room for two pixels: a row is taken as numbers of which every 8th has the same weights. `rows`
// (1 or 2) rows of the output at once, from `input` and `output` on; the last vector may be computed twice.
INLINED void rows_of_8(const rf_args *a, const float *input, float *output, int rows, float slope) {
  const ptrdiff_t step = LANES / 2, last = a->shape.width * step - LANES;
  const float *packed = a->packed;
  const __m512 bias = _mm512_broadcast_f32x8(_mm256_loadu_ps(packed));
  __m512 weight[9];
  UNROLLED for (int k = 0; k < 9; k++) weight[k] = _mm512_broadcast_f32x8(_mm256_loadu_ps(packed + (1 + k) * step));
  for (ptrdiff_t at = 0;; at = at + LANES < last ? at + LANES : last) {
    __m512 sum[2] = {bias, bias};
    UNROLLED for (int y = 0; y < rows + 2; y++) UNROLLED for (int kx = 0; kx < 3; kx++) {
      const __m512 value = _mm512_loadu_ps(input + y * a->input[0].row_stride + at + kx * step);
      UNROLLED for (int row = 0; row < rows; row++) if (y >= row && y - row < 3)
        sum[row] = _mm512_fmadd_ps(value, weight[(y - row) * 3 + kx], sum[row]);
    }
    UNROLLED for (int row = 0; row < rows; row++) _mm512_storeu_ps(output + row * a->output[0].row_stride + at, activated(sum[row], slope));
    if (at == last) break;
  }
}

INLINED void packed_8(const rf_args *a, float slope) {
  for (ptrdiff_t y = 0; y < a->shape.height; y += 2) {
    const float *input = rf_f32_input(a, y);
    float *output = rf_f32_output(a, y);
    if (y + 2 <= a->shape.height) rows_of_8(a, input, output, 2, slope);
    else rows_of_8(a, input, output, 1, slope);
  }
}

static void dwconv3x3(const rf_args *a) {
  if (a->shape.cout == LANES / 2 && a->shape.stride == 1 && a->shape.width >= 2) {
    if (a->shape.slope == 0) packed_8(a, 0);
    else packed_8(a, a->shape.slope);
  } else {
    rf_dwconv3x3_by_tiles(a, tiles);
  }
}

// Fewer channels than half a register's, or 8 at stride 2, would leave the other half empty: AVX2 is as fast there.
static int suits(const rf_shape *s) { return s->cout > LANES / 2 || (s->cout == LANES / 2 && s->stride == 1); }

const rf_kernel rf_f32_dwconv3x3__avx512 = {
  .name = "rf_f32_dwconv3x3__avx512",
  .op = RF_OP_DEPTHWISE_CONV3X3,
  .input_type = RF_F32,
  .output_type = RF_F32,
  .isa = RF_ISA_AVX512,
  .cycles_per_output = 0.8f,
  .suits = suits,
  .packed_bytes = rf_f32_depthwise_bytes,
  .pack = rf_f32_pack_depthwise,
  .run = dwconv3x3};
#pragma clang attribute pop
#endif
