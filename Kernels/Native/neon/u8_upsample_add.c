// Nearest upsampling and addition in 8 bits for NEON: 16 channels at once.
#if defined(__aarch64__)
#include "../tiles.h"
#include <stdint.h>
#include <arm_neon.h>

typedef uint8_t element;
enum { RF_BYTES = 16 };

// clamp(a + b - zero): of b - zero and zero - b one saturates to 0, so a moves one way only and is clamped once.
INLINED uint8x16_t added(uint8x16_t a, uint8x16_t b, uint8x16_t zero) {
  return vqsubq_u8(vqaddq_u8(a, vqsubq_u8(b, zero)), vqsubq_u8(zero, b));
}

INLINED uint8_t added_byte(int a, int b, int zero) {
  const int sum = a + b - zero;
  return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

INLINED void add_pixel(const uint8_t *coarse, uint8_t *output, int32_t channels, int32_t zero) {
  const uint8x16_t zeros = vdupq_n_u8((uint8_t)zero);
  int32_t c = 0;
  for (; c + RF_BYTES <= channels; c += RF_BYTES) vst1q_u8(output + c, added(vld1q_u8(output + c), vld1q_u8(coarse + c), zeros));
  for (; c < channels; c++) output[c] = added_byte(output[c], coarse[c], zero);
}

#include "../upsample_add.h"

const rf_kernel rf_u8_upsample_add__neon = {
  .name = "rf_u8_upsample_add__neon",
  .op = RF_OP_UPSAMPLE_ADD,
  .input_type = RF_U8,
  .output_type = RF_U8,
  .isa = RF_ISA_NEON,
  .cycles_per_output = 0.1f,
  .run = upsample_add};
#endif
