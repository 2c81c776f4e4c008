// Y'CbCr to R'G'B' one pixel at a time, for the rests of rows. Include it inside the file's target attribute and with
// FP_CONTRACT off.
#ifndef RF_YCBCR_H
#define RF_YCBCR_H
#include "rfkernels.h"
#include "tiles.h"

enum { RF_YCBCR_PIXELS = 16 }; // that are made at once

typedef struct {
  uint8_t y, cb, cr;
} rf_ycbcr;

INLINED rf_ycbcr rf_ycbcr_at(const rf_ycbcr_args *a, ptrdiff_t x) {
  const ptrdiff_t pair = x / 2;
  const uint8_t *group = a->luma + 4 * pair;
  switch (a->layout) {
  case RF_YUYV: return (rf_ycbcr){group[2 * (x & 1)], group[1], group[3]};
  case RF_UYVY: return (rf_ycbcr){group[2 * (x & 1) + 1], group[0], group[2]};
  case RF_NV12: return (rf_ycbcr){a->luma[x], a->cb[2 * pair], a->cb[2 * pair + 1]};
  case RF_I420: return (rf_ycbcr){a->luma[x], a->cb[pair], a->cr[pair]};
  case RF_NV21: return (rf_ycbcr){a->luma[x], a->cb[2 * pair + 1], a->cb[2 * pair]};
  }
}

// In a float of 2^23 or more the last bit is worth 1: adding that rounds to the nearest.
INLINED uint8_t rf_ycbcr_byte(float value) {
  const float held = value < 0 ? 0 : value > 255 ? 255 : value;
  return (uint8_t)(held + 0x1p23f - 0x1p23f);
}

INLINED void rf_ycbcr_pixel(const rf_ycbcr_args *a, ptrdiff_t x) {
  const rf_ycbcr s = rf_ycbcr_at(a, x);
  const float gray = (s.y - a->black) * a->luma_scale, blueness = s.cb - 128, redness = s.cr - 128;
  uint8_t *output = a->output + 3 * x;
  output[a->reversed ? 2 : 0] = rf_ycbcr_byte(gray + redness * a->red_from_cr);
  output[1] = rf_ycbcr_byte(gray + blueness * a->green_from_cb + redness * a->green_from_cr);
  output[a->reversed ? 0 : 2] = rf_ycbcr_byte(gray + blueness * a->blue_from_cb);
}

// A row by `sixteen`, which makes pixels x ..< x + 16 for an even x. The last of them may be made twice; what is left is one
// pixel of an odd width, or all of a row that is too short.
#define RF_YCBCR_ROW(a, sixteen) \
  do { \
    const ptrdiff_t width = (a)->width, whole = width - width % 2; \
    ptrdiff_t x = 0; \
    for (; x + RF_YCBCR_PIXELS <= whole; x += RF_YCBCR_PIXELS) sixteen(x); \
    if (x < whole && whole >= RF_YCBCR_PIXELS) { \
      sixteen(whole - RF_YCBCR_PIXELS); \
      x = whole; \
    } \
    for (; x < width; x++) rf_ycbcr_pixel(a, x); \
  } while (0)
#endif
