// The parts that the 8-bit NEON kernels share. NEON multiplies s8 by s8 only, so an input byte goes in as q - 128, which is the byte
// with its top bit turned; what that leaves out, 128 * (sum of an output's weights), is packed with the bias.
#ifndef RF_NEON_BYTES_H
#define RF_NEON_BYTES_H
#include "../packing.h"
#include "../u8_conv_tiles.h"
#include <arm_neon.h>

enum { RF_LANES = 4, QUARTERS = RF_PANEL / RF_LANES };

INLINED int8x16_t signed_bytes(uint8x16_t bytes) { return vreinterpretq_s8_u8(veorq_u8(bytes, vdupq_n_u8(128))); }

// The bits of wide sums as floats.
INLINED void convert(int32x4_t *sum, int count) {
  for (int i = 0; i < count; i++) sum[i] = vreinterpretq_s32_f32(vcvtq_f32_s32(sum[i]));
}

// The rounding rule of rfkernels.h up to the float whose low 16 bits are the result. `bits`: of the sum as a float, more by `zero`
// (rounding.h).
INLINED float32x4_t requantised(int32x4_t bits, float32x4_t multiplier, float32x4_t addend, float slope, float zero, int leaky) {
  const float32x4_t sum = vreinterpretq_f32_s32(bits);
  if (!leaky) return vfmaq_f32(addend, sum, multiplier);
  const float32x4_t value = vmulq_f32(vsubq_f32(sum, vdupq_n_f32(zero)), multiplier);
  return vaddq_f32(vmaxq_f32(value, vmulq_n_f32(value, slope)), addend);
}

// Eight results as bytes. In assembly, because clang makes one uzp1 of two narrowings, which is three operations on a
// Cortex-A72.
INLINED uint8x8_t bytes_of(float32x4_t low, float32x4_t high) {
  int16x8_t words;
  __asm__("xtn %0.4h, %1.4s\n xtn2 %0.8h, %2.4s" : "=&w"(words) : "w"(low), "w"(high));
  return vqmovun_s16(words);
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

// The start of channel `o` of a convolution with 128 times the sum of the channel's weights.
INLINED int32_t signed_start(const rf_shape *s, const rf_constants *c, int32_t o) {
  const int8_t *weights = rf_u8_weights_of(s, c, o);
  int32_t sum = 0;
  for (int64_t k = rf_taps(s); k > 0; k--) sum += *weights++;
  return rf_start_of_signed(rf_u8_rule_of(s, c, o).start, sum);
}

// All pixels of one panel of a rectangle.
typedef void rf_u8_panel_fn(const rf_u8_rectangle *panel);

// The whole rectangle, a panel at a time, in bands of rows: a band's input stays in the second-level cache for all its panels.
enum { BAND_BYTES = 1 << 18 };

INLINED void by_panels(const rf_u8_rectangle *rectangle, rf_u8_panel_fn *compute) {
  const ptrdiff_t rows = rectangle->cout > RF_PANEL ? BAND_BYTES / (rectangle->input_step + 1) + 1 : rectangle->height;
  for (ptrdiff_t y = 0; y < rectangle->height; y += rows) {
    for (int32_t first = 0; first < rectangle->cout; first += RF_PANEL) {
      rf_u8_rectangle panel = *rectangle;
      rf_u8_block *block = &panel.block;
      panel.height = (int32_t)(rectangle->height - y < rows ? rectangle->height - y : rows);
      panel.cout = block->last_channels = rectangle->cout - first < RF_PANEL ? rectangle->cout - first : RF_PANEL;
      panel.input += y * rectangle->input_step;
      panel.output += y * rectangle->output_step + first * panel.output_element;
      block->weights += first / RF_PANEL * block->panel_stride;
      block->start += first;
      block->multiplier += first;
      if (block->addend) block->addend += first;
      compute(&panel);
    }
  }
}

// The first `count` of 8 bytes.
INLINED void store_eight(uint8_t *output, uint8x8_t bytes, int32_t count) {
  if (count >= 8) {
    vst1_u8(output, bytes);
    return;
  }
  uint8_t all[8];
  vst1_u8(all, bytes);
  for (int32_t c = 0; c < count; c++) output[c] = all[c];
}

// Eight sums of each pixel as bytes, of channels `first` to `first` + 7 of the panel. Computes `most` pixels, stores `pixels`.
INLINED void store_results(const rf_u8_block *b, int32x4_t (*sum)[2], uint8_t *output, int most, int pixels, int32_t first, int leaky) {
  const float *addend = b->addend + first;
  const float32x4_t low = vld1q_f32(b->multiplier + first), high = vld1q_f32(b->multiplier + first + RF_LANES);
  const ptrdiff_t stride = b->output_pixel_stride;
  const int32_t count = b->last_channels - first;
  const float slope = b->slope, zero = b->zero;
  uint8x8_t bytes[12];
  UNROLLED for (int p = 0; p < most; p++) {
    // Loaded for every pixel: an addend in a register would have to be copied for each, as the product is added to it.
    __asm__("" : "+r"(addend));
    bytes[p] = bytes_of(requantised(sum[p][0], low, vld1q_f32(addend), slope, zero, leaky),
                        requantised(sum[p][1], high, vld1q_f32(addend + RF_LANES), slope, zero, leaky));
  }
  output += first;
  if (__builtin_expect(count >= 8 && pixels == most, 1)) UNROLLED for (int p = 0; p < most; p++) vst1_u8(output + p * stride, bytes[p]);
  else UNROLLED for (int p = 0; p < most; p++) if (p < pixels) store_eight(output + p * stride, bytes[p], count);
}

// Eight sums of a pixel as float32.
INLINED void store_values(const rf_u8_block *b, const int32x4_t sum[2], float *output, int32_t first) {
  UNROLLED for (int q = 0; q < 2; q++) {
    const int32_t at = first + RF_LANES * q, left = b->last_channels - at;
    const float32x4_t whole = vsubq_f32(vreinterpretq_f32_s32(sum[q]), vdupq_n_f32(b->zero));
    const float32x4_t value = vmulq_f32(whole, vld1q_f32(b->multiplier + at));
    if (left >= RF_LANES) {
      vst1q_f32(output + at, value);
    } else {
      float lanes[RF_LANES];
      vst1q_f32(lanes, value);
      for (int32_t c = 0; c < left; c++) output[at + c] = lanes[c];
    }
  }
}
#endif
