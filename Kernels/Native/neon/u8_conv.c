// Dense 8-bit convolutions for ARMv8.0, which has no dot product: a product of two bytes is 16 bits wide, two of them always
// fit their sum (2 * 127 * 128 < 2^15), and sadalp adds neighbours of those to sums of 32 bits. Four taps of four outputs so
// take smull, smlal and sadalp: 8 products a cycle where one multiplier of 8 lanes is all there is (Cortex-A72).
#if defined(__aarch64__)
#pragma STDC FP_CONTRACT OFF
#include "bytes.h"

// Sums of a tile: 4 pixels x 16 outputs, or 8 pixels x 8 outputs.
enum { WHOLE_PIXELS = 4, HALF_PIXELS = 8 };

// Packed weights have four taps of an output together. Here the first two taps of 8 outputs lie in one vector, the last two in
// another, and a tap pair of a pixel is one 16-bit lane for all of them.
typedef struct { int8x16_t first, last; } pair_weights;

INLINED pair_weights pairs_of_8(const int8_t *weights) {
  const int16x8_t low = vreinterpretq_s16_s8(vld1q_s8(weights)), high = vreinterpretq_s16_s8(vld1q_s8(weights + 16));
  return (pair_weights){vreinterpretq_s8_s16(vuzp1q_s16(low, high)), vreinterpretq_s8_s16(vuzp2q_s16(low, high))};
}

// Adds four taps, the 16-bit lanes `one` and `two` of `taps`, to a pixel's 16 sums. In assembly, because clang makes of smlal2
// by a repeated lane an ext and an smlal, and then has too few registers.
#define ADD_TO_16(sum, taps, one, two) { \
  int8x16_t first, last; \
  int16x8_t a, b, c, d; \
  __asm__("dup %4.8h, %10.h[" #one "]\n dup %5.8h, %10.h[" #two "]\n" \
          "smull %6.8h, %11.8b, %4.8b\n smull2 %7.8h, %11.16b, %4.16b\n" \
          "smull %8.8h, %13.8b, %4.8b\n smull2 %9.8h, %13.16b, %4.16b\n" \
          "smlal %6.8h, %12.8b, %5.8b\n smlal2 %7.8h, %12.16b, %5.16b\n" \
          "smlal %8.8h, %14.8b, %5.8b\n smlal2 %9.8h, %14.16b, %5.16b\n" \
          "sadalp %0.4s, %6.8h\n sadalp %1.4s, %7.8h\n sadalp %2.4s, %8.8h\n sadalp %3.4s, %9.8h" \
          : "+w"(sum[0]), "+w"(sum[1]), "+w"(sum[2]), "+w"(sum[3]), \
            "=&w"(first), "=&w"(last), "=&w"(a), "=&w"(b), "=&w"(c), "=&w"(d) \
          : "w"(taps), "w"(weights[0].first), "w"(weights[0].last), "w"(weights[1].first), "w"(weights[1].last)); \
}

// The same for 8 sums.
#define ADD_TO_8(sum, taps, one, two) { \
  int8x16_t first, last; \
  int16x8_t a, b; \
  __asm__("dup %2.8h, %6.h[" #one "]\n dup %3.8h, %6.h[" #two "]\n" \
          "smull %4.8h, %7.8b, %2.8b\n smull2 %5.8h, %7.16b, %2.16b\n" \
          "smlal %4.8h, %8.8b, %3.8b\n smlal2 %5.8h, %8.16b, %3.16b\n" \
          "sadalp %0.4s, %4.8h\n sadalp %1.4s, %5.8h" \
          : "+w"(sum[0]), "+w"(sum[1]), "=&w"(first), "=&w"(last), "=&w"(a), "=&w"(b) \
          : "w"(taps), "w"(weights[0].first), "w"(weights[0].last)); \
}

// One group of four taps for all pixels.
#define ADD_GROUP(one, two) { \
  pair_weights weights[2]; \
  UNROLLED for (int eight = 0; eight < quarters / 2; eight++) weights[eight] = pairs_of_8(next + 32 * eight); \
  next += 4 * RF_PANEL; \
  UNROLLED for (int p = 0; p < pixels; p++) \
    if (quarters == QUARTERS) ADD_TO_16(sum[p], taps[p], one, two) else ADD_TO_8(sum[p], taps[p], one, two) \
}

INLINED void load_taps(const uint8_t *input, ptrdiff_t stride, int pixels, int8x16_t taps[HALF_PIXELS]) {
  UNROLLED for (int p = 0; p < pixels; p++) taps[p] = signed_bytes(vld1q_u8(input + p * stride));
}

// The sums, which start at the bias with RF_MAGIC_BITS in it.
INLINED void add_products(
    const rf_u8_block *b, const uint8_t *input, int32x4_t sum[HALF_PIXELS][QUARTERS], int pixels, int quarters) {
  UNROLLED for (int p = 0; p < pixels; p++)
    UNROLLED for (int q = 0; q < quarters; q++) sum[p][q] = vld1q_s32(b->bias + RF_LANES * q);
  const int8_t *next = b->weights;
  const ptrdiff_t stride = b->input_pixel_stride;
  for (int32_t ky = b->kernel_height; ky > 0; ky--, input += b->input_row_stride) {
    int8x16_t taps[HALF_PIXELS];
    const uint8_t *row = input;
    int32_t groups = b->groups_in_row;
    for (; groups >= 4; groups -= 4, row += 16) {
      load_taps(row, stride, pixels, taps);
      ADD_GROUP(0, 1)
      ADD_GROUP(2, 3)
      ADD_GROUP(4, 5)
      ADD_GROUP(6, 7)
    }
    // What lies beyond the last group is within RF_SLACK, and nobody multiplies it.
    if (groups > 0) load_taps(row, stride, pixels, taps);
    if (groups > 0) ADD_GROUP(0, 1)
    if (groups > 1) ADD_GROUP(2, 3)
    if (groups > 2) ADD_GROUP(4, 5)
  }
}

#include "u8_conv_rows.h"

UP_TO_4(TILE, 4)
UP_TO_8(TILE, 2)

static const rf_u8_tiles whole_panel = {WHOLE_PIXELS, {UP_TO_4(TILE_NAME, 4)}}, half_panel = {HALF_PIXELS, {UP_TO_8(TILE_NAME, 2)}};
static const rf_u8_tiles whole_head = {WHOLE_PIXELS, {UP_TO_4(HEAD_NAME, 4)}}, half_head = {HALF_PIXELS, {UP_TO_8(HEAD_NAME, 2)}};

void rf_u8_conv__neon(const rf_u8_conv_args *a) {
  const rf_u8_rectangle rectangle = rf_u8_conv_rectangle(a);
  by_panels(&rectangle, &whole_panel, &half_panel);
}

void rf_u8_head__neon(const rf_u8_head_args *a) {
  const rf_u8_rectangle rectangle = rf_u8_head_rectangle(a);
  by_panels(&rectangle, &whole_head, &half_head);
}
#endif
