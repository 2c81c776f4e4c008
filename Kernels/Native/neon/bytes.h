// What the 8-bit NEON kernels share. NEON multiplies s8 by s8 only, so an input byte goes in as q - 128, which is the byte
// with its top bit turned; what that leaves out, 128 * (sum of an output's weights), the kernel adds to the bias once.
#ifndef RF_NEON_BYTES_H
#define RF_NEON_BYTES_H
#include "../u8_conv_tiles.h"
#include <arm_neon.h>

enum { RF_LANES = 4, QUARTERS = RF_PANEL / RF_LANES };

INLINED int8x16_t signed_bytes(uint8x16_t bytes) { return vreinterpretq_s8_u8(veorq_u8(bytes, vdupq_n_u8(128))); }

// The rounding rule of rfkernels.h on M + sum, up to the float whose low 16 bits are the result.
INLINED float32x4_t requantised(int32x4_t magic_sum, float32x4_t multiplier, float32x4_t addend, float slope, int leaky) {
  const float32x4_t sum = vreinterpretq_f32_s32(magic_sum);
  if (!leaky) return vfmaq_f32(addend, sum, multiplier);
  const float32x4_t value = vmulq_f32(vsubq_f32(sum, vdupq_n_f32(RF_MAGIC)), multiplier);
  return vaddq_f32(vmaxq_f32(value, vmulq_n_f32(value, slope)), addend);
}

// Eight results as bytes.
INLINED uint8x8_t bytes_of(float32x4_t low, float32x4_t high) {
  return vqmovun_s16(vuzp1q_s16(vreinterpretq_s16_f32(low), vreinterpretq_s16_f32(high)));
}

// The first `count` of 16 bytes.
INLINED void store_bytes(uint8_t *output, uint8x16_t bytes, int32_t count) {
  if (count >= RF_PANEL) {
    vst1q_u8(output, bytes);
  } else if (count == RF_PANEL / 2) {
    vst1_u8(output, vget_low_u8(bytes));
  } else {
    uint8_t all[RF_PANEL];
    vst1q_u8(all, bytes);
    for (int32_t c = 0; c < count; c++) output[c] = all[c];
  }
}

// A panel's biases as sums start: RF_MAGIC_BITS, the bias, and 128 times the sum of the output's weights.
INLINED void magic_bias(const rf_u8_block *b, int32_t biases[RF_PANEL]) {
  int32x4_t sum[QUARTERS] = {};
  const int8_t *weights = b->weights;
  for (int32_t group = b->kernel_height * b->groups_in_row; group > 0; group--)
    UNROLLED for (int q = 0; q < QUARTERS; q++, weights += 16)
      sum[q] = vpadalq_s16(sum[q], vpaddlq_s8(vld1q_s8(weights)));
  UNROLLED for (int q = 0; q < QUARTERS; q++) {
    const int32x4_t bias = vaddq_s32(vld1q_s32(b->bias + RF_LANES * q), vdupq_n_s32(RF_MAGIC_BITS));
    vst1q_s32(biases + RF_LANES * q, vaddq_s32(bias, vshlq_n_s32(sum[q], 7)));
  }
}

// The whole rectangle, a panel at a time; `whole` holds the tiles of a panel, `half` those of up to 8 channels.
static inline void by_panels(const rf_u8_rectangle *rectangle, const rf_u8_tiles *whole, const rf_u8_tiles *half) {
  for (int32_t first = 0; first < rectangle->cout; first += RF_PANEL) {
    rf_u8_rectangle panel = *rectangle;
    rf_u8_block *block = &panel.block;
    int32_t biases[RF_PANEL];
    panel.cout = rectangle->cout - first < RF_PANEL ? rectangle->cout - first : RF_PANEL;
    panel.output += first * panel.output_element;
    block->weights += first / RF_PANEL * block->panel_stride;
    block->bias += first;
    block->multiplier += first;
    if (block->addend) block->addend += first;
    magic_bias(block, biases);
    block->bias = biases;
    rf_u8_by_tiles(&panel, panel.cout <= RF_PANEL / 2 ? half : whole, 1);
  }
}

// A pixel's 16 or 8 sums as bytes.
INLINED void store_results(const rf_u8_block *b, const int32x4_t *sum, uint8_t *output, int quarters, int leaky) {
  float32x4_t value[QUARTERS] = {};
  UNROLLED for (int q = 0; q < quarters; q++)
    value[q] = requantised(sum[q], vld1q_f32(b->multiplier + RF_LANES * q), vld1q_f32(b->addend + RF_LANES * q), b->slope, leaky);
  const uint8x8_t low = bytes_of(value[0], value[1]);
  if (quarters == QUARTERS)
    store_bytes(output, vcombine_u8(low, bytes_of(value[2], value[3])), b->last_channels);
  else
    store_bytes(output, vcombine_u8(low, low), b->last_channels);
}

// The first `last_channels` of a pixel's sums as float32.
INLINED void store_values(const rf_u8_block *b, const int32x4_t *sum, float *output, int quarters) {
  int32_t left = b->last_channels;
  UNROLLED for (int q = 0; q < quarters; q++, left -= RF_LANES, output += RF_LANES) {
    const float32x4_t whole = vsubq_f32(vreinterpretq_f32_s32(sum[q]), vdupq_n_f32(RF_MAGIC));
    const float32x4_t value = vmulq_f32(whole, vld1q_f32(b->multiplier + RF_LANES * q));
    if (left >= RF_LANES) {
      vst1q_f32(output, value);
    } else {
      float lanes[RF_LANES];
      vst1q_f32(lanes, value);
      for (int32_t c = 0; c < left; c++) output[c] = lanes[c];
    }
  }
}
#endif
