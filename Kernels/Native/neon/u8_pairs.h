// A panel of 16 outputs in the order in which the tiles of neon/u8_conv.c take it, made at the start of a call on its stack.
// Packed weights have four taps of an output side by side. Here a vector has the first two taps of each of 8 outputs, the next
// vector their other two: products of a tap and its neighbour then end in one lane an output, without an addition across
// lanes. And of 8 outputs the even ones come first: their results are interleaved with the odd ones' by one transposition.
#ifndef RF_NEON_U8_PAIRS_H
#define RF_NEON_U8_PAIRS_H
#include "bytes.h"

enum { PIXELS = 4, GROUP_BYTES = 4 * RF_PANEL, MOST_GROUPS = 160 };

typedef struct {
  int8_t weights[MOST_GROUPS * GROUP_BYTES];
  int32_t bias[RF_PANEL]; // with RF_MAGIC_BITS and 128 times the sum of the output's weights
  float multiplier[RF_PANEL], addend[RF_PANEL];
  int32_t is_whole;       // all weights fit, and are there
} pair_panel;

// The output that place `at` has.
INLINED int32_t output_at(int32_t at) { return at / 8 * 8 + at % 4 * 2 + at / 4 % 2; }

// Eight outputs of a group.
INLINED void order_eight(int32x4_t first, int32x4_t second, int8_t *to) {
  const int16x8_t even = vreinterpretq_s16_s32(vuzp1q_s32(first, second)), odd = vreinterpretq_s16_s32(vuzp2q_s32(first, second));
  vst1q_s8(to, vreinterpretq_s8_s16(vuzp1q_s16(even, odd)));
  vst1q_s8(to + 16, vreinterpretq_s8_s16(vuzp2q_s16(even, odd)));
}

static __attribute__((noinline)) void order_weights(const int8_t *from, int8_t *to, int32_t groups) {
  for (int32_t eights = 2 * groups; eights > 0; eights--, from += 32, to += 32)
    order_eight(vreinterpretq_s32_s8(vld1q_s8(from)), vreinterpretq_s32_s8(vld1q_s8(from + 16)), to);
}

// Everything but the weights. `b` has the biases of magic_bias.
INLINED void order_outputs(pair_panel *panel, const rf_u8_block *b) {
  _Pragma("clang loop unroll(disable) vectorize(disable)") for (int32_t at = 0; at < RF_PANEL; at++) {
    const int32_t output = output_at(at);
    panel->bias[at] = b->bias[output];
    panel->multiplier[at] = b->multiplier[output];
    panel->addend[at] = b->addend ? b->addend[output] : 0;
  }
}

static __attribute__((noinline)) void order_panel(pair_panel *panel, const rf_u8_block *b) {
  const int32_t groups = b->kernel_height * b->groups_in_row;
  order_outputs(panel, b);
  panel->is_whole = groups <= MOST_GROUPS;
  if (panel->is_whole) order_weights(b->weights, panel->weights, groups);
}

// Bytes of 8 outputs, whose sums are in a panel's order.
INLINED int16x8_t words_of(float32x4_t even, float32x4_t odd) {
  return vtrn1q_s16(vreinterpretq_s16_f32(even), vreinterpretq_s16_f32(odd));
}

// The rounding rule on `quarters` vectors of a pixel's sums: words of which bytes are made, one vector a pair of them.
INLINED void results_of(const int32x4_t *sum, const float32x4_t *multiplier, const float *addend, float slope, int leaky,
                        int quarters, int16x8_t *words) {
  float32x4_t value[QUARTERS];
  UNROLLED for (int q = 0; q < quarters; q++)
    value[q] = requantised(sum[q], multiplier[q], vld1q_f32(addend + RF_LANES * q), slope, leaky);
  UNROLLED for (int half = 0; half < quarters / 2; half++) words[half] = words_of(value[2 * half], value[2 * half + 1]);
}

// A tile that is not whole: the first `count` of each pixel's 16 bytes.
static __attribute__((noinline)) void store_part(uint8_t *output, ptrdiff_t stride, const uint8_t *bytes, int32_t pixels,
                                                 int32_t count) {
  for (int32_t p = 0; p < PIXELS && p < pixels; p++, output += stride, bytes += RF_PANEL)
    store_bytes(output, vld1q_u8(bytes), count);
}

// The bytes of a tile of 16 outputs. `pixels` may be more than a tile has.
INLINED void store_tile_of_16(const pair_panel *panel, const rf_u8_block *b, const int32x4_t sum[PIXELS][QUARTERS],
                              uint8_t *output, int32_t pixels, int leaky) {
  uint8x16_t bytes[PIXELS];
  float32x4_t multiplier[QUARTERS];
  const float *addend = panel->addend, slope = b->slope;
  UNROLLED for (int q = 0; q < QUARTERS; q++) multiplier[q] = vld1q_f32(panel->multiplier + RF_LANES * q);
  UNROLLED for (int p = 0; p < PIXELS; p++) {
    int16x8_t words[2];
    // Loaded anew for every pixel: an addend in a register would have to be copied for each, as the product is added to it.
    __asm__("" : "+r"(addend));
    results_of(sum[p], multiplier, addend, slope, leaky, QUARTERS, words);
    bytes[p] = vqmovun_high_s16(vqmovun_s16(words[0]), words[1]);
  }
  if (__builtin_expect(pixels >= PIXELS && b->last_channels == RF_PANEL, 1))
    UNROLLED for (int p = 0; p < PIXELS; p++) vst1q_u8(output + p * b->output_pixel_stride, bytes[p]);
  else store_part(output, b->output_pixel_stride, (const uint8_t *)bytes, pixels, b->last_channels);
}

// A head's numbers: `count` of 8 outputs of a pixel.
INLINED void store_values_of_8(float *output, const int32x4_t sum[2], const float *multiplier, int32_t count) {
  float32x4_t value[2];
  UNROLLED for (int q = 0; q < 2; q++) {
    const float32x4_t whole = vsubq_f32(vreinterpretq_f32_s32(sum[q]), vdupq_n_f32(RF_MAGIC));
    value[q] = vmulq_f32(whole, vld1q_f32(multiplier + RF_LANES * q));
  }
  const float32x4_t first = vzip1q_f32(value[0], value[1]), second = vzip2q_f32(value[0], value[1]);
  if (__builtin_expect(count == RF_LANES, 1)) {
    vst1q_f32(output, first);
  } else if (count >= 8) {
    vst1q_f32(output, first);
    vst1q_f32(output + RF_LANES, second);
  } else {
    float all[8];
    vst1q_f32(all, first);
    vst1q_f32(all + RF_LANES, second);
    for (int32_t c = 0; c < count; c++) output[c] = all[c];
  }
}

INLINED void store_head_tile(const pair_panel *panel, const rf_u8_block *b, const int32x4_t sum[PIXELS][2], float *output,
                             int32_t pixels, int32_t half) {
  UNROLLED for (int p = 0; p < PIXELS; p++)
    if (__builtin_expect(p < pixels, 1))
      store_values_of_8(output + p * b->output_pixel_stride + 8 * half, sum[p], panel->multiplier + 8 * half,
                        b->last_channels - 8 * half);
}

// The same of a whole panel.
static void store_head_values(const pair_panel *panel, const rf_u8_block *b, const int32x4_t sum[PIXELS][QUARTERS],
                              float *output, int32_t pixels) {
  _Pragma("clang loop unroll(disable)") for (int p = 0; p < PIXELS && p < pixels; p++)
    _Pragma("clang loop unroll(disable)") for (int32_t half = 0; 8 * half < b->last_channels; half++)
      store_values_of_8(output + p * b->output_pixel_stride + 8 * half, sum[p] + 2 * half, panel->multiplier + 8 * half,
                        b->last_channels - 8 * half);
}
#endif
