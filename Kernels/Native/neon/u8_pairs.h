// A panel of 16 outputs in the order in which the tiles of neon/u8_conv.c take it. A vector has the first two taps of each of 8
// outputs, the next vector their other two: products of a tap and its neighbour then end in one lane an output, without an
// addition across lanes. And of 8 outputs the even ones come first: their results are interleaved with the odd ones' by one
// transposition.
#ifndef RF_NEON_U8_PAIRS_H
#define RF_NEON_U8_PAIRS_H
#include "bytes.h"

enum { PIXELS = 4, GROUP_BYTES = 4 * RF_PANEL };

typedef struct {
  int32_t start[RF_PANEL]; // of signed_start
  float multiplier[RF_PANEL], addend[RF_PANEL];
  int8_t weights[];       // [groups][GROUP_BYTES]
} pair_panel;

// The output that place `at` has.
INLINED int32_t output_at(int32_t at) { return at / 8 * 8 + at % 4 * 2 + at / 4 % 2; }

INLINED int64_t pair_panel_bytes(int64_t groups) { return (int64_t)sizeof(pair_panel) + groups * GROUP_BYTES; }

// The outputs' panels, each `stride` bytes after the other, of weights in `rows` rows of `taps`; a row begins with a group.
static __attribute__((noinline)) void pack_pairs(const rf_shape *s, const rf_constants *c, char *packed, int64_t stride, int32_t rows,
                                                 int64_t taps) {
  for (int32_t o = c->first; o < c->first + c->count; o++) {
    pair_panel *panel = (pair_panel *)(void *)(packed + o / RF_PANEL * stride);
    const rf_u8_rule rule = rf_u8_rule_of(s, c, o);
    const int8_t *from = rf_u8_weights_of(s, c, o);
    int32_t at = 0;
    while (output_at(at) != o % RF_PANEL) at++;
    panel->start[at] = signed_start(s, c, o);
    panel->multiplier[at] = rule.multiplier;
    panel->addend[at] = rule.addend;
    int8_t *row = panel->weights + at / 8 * 32 + at % 8 * 2;
    for (int32_t ky = 0; ky < rows; ky++, from += taps, row += (taps + 3) / 4 * GROUP_BYTES)
      for (int64_t k = 0; k < taps; k++) row[k / 4 * GROUP_BYTES + k / 2 % 2 * 16 + k % 2] = from[k];
  }
}

INLINED int64_t pair_groups(const rf_shape *s) { return s->kernel_height * (((int64_t)s->kernel_width * s->cin + 3) / 4); }

static uint64_t pair_bytes(const rf_shape *s) { return (uint64_t)(rf_padded(s->cout) / RF_PANEL * pair_panel_bytes(pair_groups(s))); }

static void pack_pair_panels(const rf_shape *s, const rf_constants *c, void *packed) {
  pack_pairs(s, c, packed, pair_panel_bytes(pair_groups(s)), s->kernel_height, (int64_t)s->kernel_width * s->cin);
}

// A rectangle whose panels by_panels finds as its weights.
INLINED rf_u8_rectangle of_pairs(rf_u8_rectangle r, const void *packed) {
  r.block.weights = packed;
  r.block.panel_stride = pair_panel_bytes(r.block.kernel_height * r.block.groups_in_row);
  return r;
}

INLINED const pair_panel *panel_of(const rf_u8_rectangle *r) { return (const pair_panel *)(const void *)r->block.weights; }

// Bytes of 8 outputs, whose sums are in a panel's order.
INLINED int16x8_t words_of(float32x4_t even, float32x4_t odd) {
  return vtrn1q_s16(vreinterpretq_s16_f32(even), vreinterpretq_s16_f32(odd));
}

// The rounding rule on `quarters` vectors of a pixel's sums: words of which bytes are made, one vector a pair of them.
INLINED void results_of(const int32x4_t *sum, const float32x4_t *multiplier, const float *addend, const rf_u8_block *b, int leaky,
                        int quarters, int16x8_t *words) {
  float32x4_t value[QUARTERS];
  UNROLLED for (int q = 0; q < quarters; q++)
    value[q] = requantised(sum[q], multiplier[q], vld1q_f32(addend + RF_LANES * q), b->slope, b->zero, leaky);
  UNROLLED for (int half = 0; half < quarters / 2; half++) words[half] = words_of(value[2 * half], value[2 * half + 1]);
}

// A tile that is not whole: the first `count` of each pixel's 16 bytes.
static __attribute__((noinline)) void store_part(uint8_t *output, ptrdiff_t stride, const uint8_t *bytes, int32_t pixels, int32_t count) {
  for (int32_t p = 0; p < PIXELS && p < pixels; p++, output += stride, bytes += RF_PANEL) store_bytes(output, vld1q_u8(bytes), count);
}

// The bytes of a tile of 16 outputs. `pixels` may be more than a tile has.
INLINED void store_tile_of_16(const pair_panel *panel, const rf_u8_block *b, const int32x4_t sum[PIXELS][QUARTERS], uint8_t *output,
                              int32_t pixels, int leaky) {
  uint8x16_t bytes[PIXELS];
  float32x4_t multiplier[QUARTERS];
  const float *addend = panel->addend;
  UNROLLED for (int q = 0; q < QUARTERS; q++) multiplier[q] = vld1q_f32(panel->multiplier + RF_LANES * q);
  UNROLLED for (int p = 0; p < PIXELS; p++) {
    int16x8_t words[2];
    // Loaded for every pixel: an addend in a register would have to be copied for each, as the product is added to it.
    __asm__("" : "+r"(addend));
    results_of(sum[p], multiplier, addend, b, leaky, QUARTERS, words);
    bytes[p] = vqmovun_high_s16(vqmovun_s16(words[0]), words[1]);
  }
  if (__builtin_expect(pixels >= PIXELS && b->last_channels == RF_PANEL, 1))
    UNROLLED for (int p = 0; p < PIXELS; p++) vst1q_u8(output + p * b->output_pixel_stride, bytes[p]);
  else store_part(output, b->output_pixel_stride, (const uint8_t *)bytes, pixels, b->last_channels);
}

// A head's numbers: `count` of 8 outputs of a pixel.
INLINED void store_values_of_8(float *output, const int32x4_t sum[2], const float *multiplier, float zero, int32_t count) {
  float32x4_t value[2];
  UNROLLED for (int q = 0; q < 2; q++) {
    const float32x4_t whole = vsubq_f32(vreinterpretq_f32_s32(sum[q]), vdupq_n_f32(zero));
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

INLINED void store_head_tile(const pair_panel *panel, const rf_u8_block *b, const int32x4_t sum[PIXELS][2], float *output, int32_t pixels,
                             int32_t half) {
  UNROLLED for (int p = 0; p < PIXELS; p++) if (__builtin_expect(p < pixels, 1)) store_values_of_8(
    output + p * b->output_pixel_stride + 8 * half, sum[p], panel->multiplier + 8 * half, b->zero, b->last_channels - 8 * half);
}
#endif
