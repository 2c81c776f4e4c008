// Nearest upsampling and addition for NEON: 4 channels at once.
#if defined(__aarch64__)
#include "vector.h"

typedef float element;

INLINED void add_pixel(const float *coarse, float *output, int32_t channels, int32_t zero) {
  (void)zero;
  int32_t c = 0;
  for (; c + LANES <= channels; c += LANES) vst1q_f32(output + c, vaddq_f32(vld1q_f32(output + c), vld1q_f32(coarse + c)));
  for (; c < channels; c++) output[c] += coarse[c];
}

#include "../upsample_add.h"

const rf_kernel rf_f32_upsample_add__neon = {
  .name = "rf_f32_upsample_add__neon",
  .op = RF_OP_UPSAMPLE_ADD,
  .input_type = RF_F32,
  .output_type = RF_F32,
  .isa = RF_ISA_NEON,
  .cycles_per_output = 0.6f,
  .run = upsample_add};
#endif
