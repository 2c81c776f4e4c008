// Nearest upsampling and addition for NEON: 4 channels at once.
#if defined(__aarch64__)
#include "rfkernels.h"
#include "vector.h"

INLINED void add_pixel(const float *coarse, float *output, int32_t channels) {
  int32_t c = 0;
  for (; c + LANES <= channels; c += LANES) vst1q_f32(output + c, vaddq_f32(vld1q_f32(output + c), vld1q_f32(coarse + c)));
  for (; c < channels; c++) output[c] += coarse[c];
}

static void upsample_add(const rf_f32_upsample_add_args *a) {
  for (ptrdiff_t y = 0; y < a->height; y++) {
    const float *row = a->coarse + a->row_index[y] * a->coarse_row_stride;
    float *output = a->output + y * a->output_row_stride;
    for (ptrdiff_t x = 0; x < a->width; x++)
      add_pixel(row + (ptrdiff_t)a->column_index[x] * a->channels, output + x * a->channels, a->channels);
  }
}

const rf_kernel rf_f32_upsample_add__neon = {
  .name = "rf_f32_upsample_add__neon", .op = RF_OP_f32_upsample_add, .isa = RF_ISA_NEON, .cycles_per_output = 0.6f,
  .f32_upsample_add = upsample_add};
#endif
