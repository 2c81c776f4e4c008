// Dense 8-bit convolutions for ARMv8.0, which has no dot product: a product of two bytes is 16 bits wide, two of them always
// fit their sum (2 * 127 * 128 < 2^15), and sadalp adds neighbours of those to sums of 32 bits. Eight taps of two outputs so
// take smull, smlal and sadalp: 8 products a cycle where one multiplier of 8 lanes is all there is (Cortex-A72).
#if defined(__aarch64__)
#pragma STDC FP_CONTRACT OFF
#include "bytes.h"

// A tile is 4 pixels x 8 outputs. A sum has two parts, in neighbouring lanes: packed weights have four taps of an output side
// by side, and sadalp adds two of them. So a vector of sums is two outputs', and 8 outputs are four.
enum { PIXELS = 4, PAIRS = 4 };

// The inner loop is assembly: clang makes of smlal2 by a repeated lane an ext and an smlal, and then keeps sums in memory.
// v16 to v19: taps of the four pixels; v20 to v23: weights of 8 outputs, two groups of four taps; v24, v25: a group's taps,
// repeated; v26 to v29: products; v31: 128 in every byte. Operands 0 to 15: the sums, four a pixel.
#define LOAD_TAPS \
  "ldr q16, [%[p0]], #16\n ldr q17, [%[p1]], #16\n ldr q18, [%[p2]], #16\n ldr q19, [%[p3]], #16\n" \
  "eor v16.16b, v16.16b, v31.16b\n eor v17.16b, v17.16b, v31.16b\n" \
  "eor v18.16b, v18.16b, v31.16b\n eor v19.16b, v19.16b, v31.16b\n"
#define LOAD_GROUP(first, second) "ldp q" #first ", q" #second ", [%[weights]]\n add %[weights], %[weights], #64\n"
#define FIRST_PRODUCTS \
  "smull v26.8h, v20.8b, v24.8b\n smull2 v27.8h, v20.16b, v24.16b\n" \
  "smull v28.8h, v21.8b, v24.8b\n smull2 v29.8h, v21.16b, v24.16b\n"
#define SECOND_PRODUCTS \
  "smlal v26.8h, v22.8b, v25.8b\n smlal2 v27.8h, v22.16b, v25.16b\n" \
  "smlal v28.8h, v23.8b, v25.8b\n smlal2 v29.8h, v23.16b, v25.16b\n"
#define ADD(a, b, c, d) "sadalp %" #a ".4s, v26.8h\n sadalp %" #b ".4s, v27.8h\n sadalp %" #c ".4s, v28.8h\n sadalp %" #d ".4s, v29.8h\n"
#define PIXEL_EIGHT(taps, one, two, a, b, c, d) \
  "dup v24.4s, " #taps ".s[" #one "]\n dup v25.4s, " #taps ".s[" #two "]\n" FIRST_PRODUCTS SECOND_PRODUCTS ADD(a, b, c, d)
#define PIXEL_FOUR(taps, a, b, c, d) "dup v24.4s, " #taps ".s[0]\n" FIRST_PRODUCTS ADD(a, b, c, d)
#define TWO_GROUPS(one, two) \
  LOAD_GROUP(20, 21) LOAD_GROUP(22, 23) \
  PIXEL_EIGHT(v16, one, two, 0, 1, 2, 3) PIXEL_EIGHT(v17, one, two, 4, 5, 6, 7) \
  PIXEL_EIGHT(v18, one, two, 8, 9, 10, 11) PIXEL_EIGHT(v19, one, two, 12, 13, 14, 15)
#define ONE_GROUP \
  LOAD_GROUP(20, 21) \
  PIXEL_FOUR(v16, 0, 1, 2, 3) PIXEL_FOUR(v17, 4, 5, 6, 7) PIXEL_FOUR(v18, 8, 9, 10, 11) PIXEL_FOUR(v19, 12, 13, 14, 15)
#define THIRD_GROUP_FIRST \
  "ext v16.16b, v16.16b, v16.16b, #8\n ext v17.16b, v17.16b, v17.16b, #8\n" \
  "ext v18.16b, v18.16b, v18.16b, #8\n ext v19.16b, v19.16b, v19.16b, #8\n"

// Adds a row of taps to the sums; returns the next row's weights. Beyond the last group lies what is within RF_SLACK, and
// nobody multiplies it.
INLINED const int8_t *add_row(int32x4_t sum[PIXELS * PAIRS], const uint8_t *row, const ptrdiff_t pixel[PIXELS],
                              const int8_t *weights, int32_t groups) {
  const uint8_t *p0 = row, *p1 = row + pixel[1], *p2 = row + pixel[2], *p3 = row + pixel[3];
  __asm__("movi v31.16b, #128\n"
          "subs %w[groups], %w[groups], #4\n b.lt 2f\n"
          "1:\n" LOAD_TAPS TWO_GROUPS(0, 1) TWO_GROUPS(2, 3) "subs %w[groups], %w[groups], #4\n b.ge 1b\n"
          "2: adds %w[groups], %w[groups], #4\n b.eq 4f\n" LOAD_TAPS
          "cmp %w[groups], #2\n b.lt 3f\n" TWO_GROUPS(0, 1)
          "cmp %w[groups], #2\n b.eq 4f\n" THIRD_GROUP_FIRST
          "3:\n" ONE_GROUP
          "4:\n"
          : "+w"(sum[0]), "+w"(sum[1]), "+w"(sum[2]), "+w"(sum[3]), "+w"(sum[4]), "+w"(sum[5]), "+w"(sum[6]), "+w"(sum[7]),
            "+w"(sum[8]), "+w"(sum[9]), "+w"(sum[10]), "+w"(sum[11]), "+w"(sum[12]), "+w"(sum[13]), "+w"(sum[14]),
            "+w"(sum[15]), [p0] "+r"(p0), [p1] "+r"(p1), [p2] "+r"(p2), [p3] "+r"(p3), [weights] "+r"(weights),
            [groups] "+r"(groups)
          :
          : "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v31", "cc",
            "memory");
  return weights;
}

// The sums of outputs `first` to `first` + 7, which start at the bias with RF_MAGIC_BITS in it. `pixel`: offsets of the inputs.
INLINED void add_products(const rf_u8_block *b, const uint8_t *input, const ptrdiff_t pixel[PIXELS], int32_t first,
                          int32x4_t whole[PIXELS][2]) {
  int32x4_t sum[PIXELS * PAIRS];
  UNROLLED for (int p = 0; p < PIXELS; p++) {
    const int32_t *bias = b->bias + 2 * first;
    // Loaded anew for every pixel: that is cheaper than a copy.
    __asm__("" : "+r"(bias));
    UNROLLED for (int pair = 0; pair < PAIRS; pair++) sum[p * PAIRS + pair] = vld1q_s32(bias + RF_LANES * pair);
  }
  const int8_t *weights = b->weights + 4 * first;
  for (int32_t ky = b->kernel_height; ky > 0; ky--, input += b->input_row_stride)
    weights = add_row(sum, input, pixel, weights, b->groups_in_row);
  UNROLLED for (int p = 0; p < PIXELS; p++)
    UNROLLED for (int q = 0; q < 2; q++) whole[p][q] = vpaddq_s32(sum[p * PAIRS + 2 * q], sum[p * PAIRS + 2 * q + 1]);
}

INLINED void store_tile(const rf_u8_block *b, int32x4_t (*sum)[2], uint8_t *output, int32_t pixels, int32_t first) {
  if (rf_is_leaky(b->slope)) store_results(b, sum, output, PIXELS, pixels, first, 1);
  else store_results(b, sum, output, PIXELS, pixels, first, 0);
}

INLINED void store_head_tile(const rf_u8_block *b, int32x4_t (*sum)[2], float *output, int32_t pixels, int32_t first) {
  UNROLLED for (int p = 0; p < PIXELS; p++)
    if (p < pixels) store_values(b, sum[p], output + p * b->output_pixel_stride, first);
}

// A row of tiles. A narrow last one computes its first pixel again in place of those that it lacks: what would be read for
// them may not be there.
INLINED void row_of_panel(const rf_u8_rectangle *r, const uint8_t *input, uint8_t *output, int is_head) {
  const rf_u8_block *b = &r->block;
  for (int32_t left = r->width; left > 0; left -= PIXELS) {
    ptrdiff_t pixel[PIXELS] = {};
    UNROLLED for (int p = 1; p < PIXELS; p++) pixel[p] = p < left ? p * b->input_pixel_stride : 0;
    for (int32_t first = 0; first < b->last_channels; first += 8) {
      int32x4_t sum[PIXELS][2];
      add_products(b, input, pixel, first, sum);
      if (is_head) store_head_tile(b, sum, (float *)(void *)output, left, first);
      else store_tile(b, sum, output, left < PIXELS ? left : PIXELS, first);
    }
    input += PIXELS * b->input_pixel_stride;
    output += PIXELS * b->output_pixel_stride * r->output_element;
  }
}

static void conv_panel(const rf_u8_rectangle *r) {
  for (ptrdiff_t y = 0; y < r->height; y++) row_of_panel(r, r->input + y * r->input_step, r->output + y * r->output_step, 0);
}

static void head_panel(const rf_u8_rectangle *r) {
  for (ptrdiff_t y = 0; y < r->height; y++) row_of_panel(r, r->input + y * r->input_step, r->output + y * r->output_step, 1);
}

void rf_u8_conv__neon(const rf_u8_conv_args *a) {
  const rf_u8_rectangle rectangle = rf_u8_conv_rectangle(a);
  by_panels(&rectangle, conv_panel, 2);
}

void rf_u8_head__neon(const rf_u8_head_args *a) {
  const rf_u8_rectangle rectangle = rf_u8_head_rectangle(a);
  by_panels(&rectangle, head_panel, 2);
}
#endif
