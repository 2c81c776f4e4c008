// Y'CbCr to R'G'B' for NEON: 16 pixels at once, the first and the second of each pair in vectors of their own, so that both
// take the same products of Cb and Cr. Loads take the layouts apart, the store interleaves the channels.
#if defined(__aarch64__)
#pragma STDC FP_CONTRACT OFF
#include "../ycbcr.h"
#include <arm_neon.h>

// Samples of eight pairs.
typedef struct {
  uint8x8_t first, second, cb, cr;
} pairs;

INLINED pairs load_pairs(const rf_ycbcr_args *a, rf_ycbcr_layout layout, ptrdiff_t x) {
  if (layout == RF_YUYV || layout == RF_UYVY) {
    const uint8x8x4_t groups = vld4_u8(a->luma + 2 * x);
    if (layout == RF_YUYV) return (pairs){groups.val[0], groups.val[2], groups.val[1], groups.val[3]};
    return (pairs){groups.val[1], groups.val[3], groups.val[0], groups.val[2]};
  }
  const uint8x8x2_t luma = vld2_u8(a->luma + x);
  if (layout == RF_I420) return (pairs){luma.val[0], luma.val[1], vld1_u8(a->cb + x / 2), vld1_u8(a->cr + x / 2)};
  const uint8x8x2_t chroma = vld2_u8(a->cb + x);
  const int cb = layout == RF_NV21 ? 1 : 0;
  return (pairs){luma.val[0], luma.val[1], chroma.val[cb], chroma.val[1 - cb]};
}

// Eight values.
typedef struct {
  float32x4_t low, high;
} eight;

INLINED eight floats_less(uint8x8_t bytes, float offset) {
  const uint16x8_t words = vmovl_u8(bytes);
  const float32x4_t low = vcvtq_f32_u32(vmovl_u16(vget_low_u16(words))), high = vcvtq_f32_u32(vmovl_high_u16(words));
  return (eight){vsubq_f32(low, vdupq_n_f32(offset)), vsubq_f32(high, vdupq_n_f32(offset))};
}

INLINED eight times(eight a, float factor) { return (eight){vmulq_n_f32(a.low, factor), vmulq_n_f32(a.high, factor)}; }

INLINED eight plus(eight a, eight b) { return (eight){vaddq_f32(a.low, b.low), vaddq_f32(a.high, b.high)}; }

// Rounded; the narrowing saturates, which is where values are held within 0...255.
INLINED uint8x8_t bytes(eight a) { return vqmovun_s16(vqmovn_high_s32(vqmovn_s32(vcvtnq_s32_f32(a.low)), vcvtnq_s32_f32(a.high))); }

INLINED uint8x16_t side_by_side(eight first, eight second) {
  const uint8x8_t a = bytes(first), b = bytes(second);
  return vcombine_u8(vzip1_u8(a, b), vzip2_u8(a, b));
}

INLINED void sixteen(const rf_ycbcr_args *a, rf_ycbcr_layout layout, ptrdiff_t x) {
  const pairs p = load_pairs(a, layout, x);
  const eight blueness = floats_less(p.cb, 128), redness = floats_less(p.cr, 128);
  const eight first = times(floats_less(p.first, a->black), a->luma_scale);
  const eight second = times(floats_less(p.second, a->black), a->luma_scale);
  const eight red = times(redness, a->red_from_cr), blue = times(blueness, a->blue_from_cb);
  const eight from_cb = times(blueness, a->green_from_cb), from_cr = times(redness, a->green_from_cr);
  const uint8x16_t reds = side_by_side(plus(first, red), plus(second, red));
  const uint8x16_t greens = side_by_side(plus(plus(first, from_cb), from_cr), plus(plus(second, from_cb), from_cr));
  const uint8x16_t blues = side_by_side(plus(first, blue), plus(second, blue));
  const uint8x16x3_t pixels = {{a->reversed ? blues : reds, greens, a->reversed ? reds : blues}};
  vst3q_u8(a->output + 3 * x, pixels);
}

INLINED void convert_row(const rf_ycbcr_args *given, rf_ycbcr_layout layout) {
  // A copy of its own, which no store of bytes can change: the factors stay in registers.
  const rf_ycbcr_args a = *given;
#define SIXTEEN(x) sixteen(&a, layout, x)
  RF_YCBCR_ROW(&a, SIXTEEN);
#undef SIXTEEN
}

static void ycbcr(const rf_ycbcr_args *a) {
  switch (a->layout) {
  case RF_YUYV: convert_row(a, RF_YUYV); break;
  case RF_UYVY: convert_row(a, RF_UYVY); break;
  case RF_NV12: convert_row(a, RF_NV12); break;
  case RF_I420: convert_row(a, RF_I420); break;
  case RF_NV21: convert_row(a, RF_NV21); break;
  }
}

const rf_kernel rf_u8_ycbcr__neon = {
  .name = "rf_u8_ycbcr__neon",
  .op = RF_OP_YCBCR,
  .input_type = RF_U8,
  .output_type = RF_U8,
  .isa = RF_ISA_NEON,
  .cycles_per_output = 1.0f,
  .ycbcr = ycbcr};
#endif
