// Dense float32 convolution for AVX-512: tiles of 6 pixels x 64 channels, 8 x 48, 12 x 32 and 12 x 16. The first
// three fill 24 of the 32 registers with sums; the loads of a step (pixels + panels) stay under half its products.
#if defined(__x86_64__)
#include "../conv_tiles.h"
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)
#include "activation.h"

INLINED void store_tile(const rf_conv_block *b, const __m512 sum[24], float *output, int pixels, int panels, float slope) {
  const __mmask16 last = (__mmask16)(0xffff >> (RF_PANEL - b->last_channels));
  UNROLLED for (int p = 0; p < pixels; p++, output += b->output_pixel_stride) UNROLLED for (int n = 0; n < panels; n++) {
    const __m512 value = activated(sum[p * panels + n], slope);
    if (n < panels - 1) _mm512_storeu_ps(output + n * RF_PANEL, value);
    else _mm512_mask_storeu_ps(output + n * RF_PANEL, last, value);
  }
}

// Pixels and panels are constants at every call: the loops over them vanish and `sum` becomes registers.
INLINED void tile(const rf_conv_block *b, const float *input, float *output, int pixels, int panels) {
  __m512 sum[24], weight[RF_TILE_PANELS];
  UNROLLED for (int n = 0; n < panels; n++) UNROLLED for (int p = 0; p < pixels; p++)
    sum[p * panels + n] = _mm512_loadu_ps(b->bias + n * RF_PANEL);
  const float *weights = b->weights;
  const ptrdiff_t stride = b->input_pixel_stride, panel_stride = b->panel_stride, taps = b->taps_in_row;
  for (int32_t ky = b->kernel_height; ky > 0; ky--, input += b->input_row_stride)
    for (ptrdiff_t k = 0; k < taps; k++, weights += RF_PANEL) {
      UNROLLED for (int n = 0; n < panels; n++) weight[n] = _mm512_loadu_ps(weights + n * panel_stride);
      UNROLLED for (int p = 0; p < pixels; p++) {
        const __m512 value = _mm512_set1_ps(input[p * stride + k]);
        UNROLLED for (int n = 0; n < panels; n++) sum[p * panels + n] = _mm512_fmadd_ps(value, weight[n], sum[p * panels + n]);
      }
    }
  if (b->slope == 0) store_tile(b, sum, output, pixels, panels, 0);
  else store_tile(b, sum, output, pixels, panels, b->slope);
}

#define TILE(pixels, panels) \
  static void tile_##pixels##x##panels(const rf_conv_block *b, const float *input, float *output) { \
    tile(b, input, output, pixels, panels); \
  }
UP_TO_12(TILE, 1)
UP_TO_12(TILE, 2)
UP_TO_8(TILE, 3)
UP_TO_6(TILE, 4)

#define NAME(pixels, panels) tile_##pixels##x##panels,
static const rf_conv_tiles tiles[RF_TILE_PANELS] = {
  {12, {UP_TO_12(NAME, 1)}},
  {12, {UP_TO_12(NAME, 2)}},
  {8, {UP_TO_8(NAME, 3)}},
  {6, {UP_TO_6(NAME, 4)}},
};

static void conv(const rf_args *a) { rf_conv_by_tiles(a, rf_conv_packed(a), tiles, RF_TILE_PANELS); }

// At most half a panel of output channels would leave half of every register empty: AVX2 is as fast there.
static int suits(const rf_shape *s) { return s->cout > RF_PANEL / 2; }

const rf_kernel rf_f32_conv__avx512 = {
  .name = "rf_f32_conv__avx512",
  .op = RF_OP_CONV,
  .input_type = RF_F32,
  .output_type = RF_F32,
  .isa = RF_ISA_AVX512,
  .cycles_per_tap = 0.03f,
  .suits = suits,
  .packed_bytes = rf_f32_panels_bytes,
  .pack = rf_f32_pack_panels,
  .run = conv};
#pragma clang attribute pop
#endif
