// Nearest upsampling and addition in 8 bits for NEON: 16 channels at once.
#if defined(__aarch64__)
#include "../tiles.h"
#include "rfkernels.h"
#include <arm_neon.h>

enum { RF_BYTES = 16 };

// clamp(a + b - zero): of b - zero and zero - b one saturates to 0, so a moves one way only and is clamped once.
INLINED uint8x16_t added(uint8x16_t a, uint8x16_t b, uint8x16_t zero) {
  return vqsubq_u8(vqaddq_u8(a, vqsubq_u8(b, zero)), vqsubq_u8(zero, b));
}

INLINED uint8_t added_byte(int a, int b, int zero) {
  const int sum = a + b - zero;
  return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

INLINED void add_pixel(const uint8_t *coarse, uint8_t *output, int32_t channels, uint8x16_t zeros, int32_t zero) {
  int32_t c = 0;
  for (; c + RF_BYTES <= channels; c += RF_BYTES)
    vst1q_u8(output + c, added(vld1q_u8(output + c), vld1q_u8(coarse + c), zeros));
  for (; c < channels; c++) output[c] = added_byte(output[c], coarse[c], zero);
}

static void upsample_add(const rf_u8_upsample_add_args *a) {
  const uint8x16_t zeros = vdupq_n_u8((uint8_t)a->zero);
  for (ptrdiff_t y = 0; y < a->height; y++) {
    const uint8_t *row = a->coarse + a->row_index[y] * a->coarse_row_stride;
    uint8_t *output = a->output + y * a->output_row_stride;
    for (ptrdiff_t x = 0; x < a->width; x++)
      add_pixel(row + (ptrdiff_t)a->column_index[x] * a->channels, output + x * a->channels, a->channels, zeros, a->zero);
  }
}

const rf_kernel rf_u8_upsample_add__neon = {
  .name = "rf_u8_upsample_add__neon", .op = RF_OP_u8_upsample_add, .isa = RF_ISA_NEON, .cycles_per_output = 0.1f,
  .u8_upsample_add = upsample_add};
#endif
