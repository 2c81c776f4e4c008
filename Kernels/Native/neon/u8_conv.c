// Dense 8-bit convolutions for ARMv8.0, which has no dot product: a product of two bytes is 16 bits wide, two of them always
// fit their sum (2 * 127 * 128 < 2^15), and sadalp adds neighbours of those to sums of 32 bits. Eight taps of two outputs so
// take smull, smlal and sadalp: 8 products a cycle where one multiplier of 8 lanes is all there is (Cortex-A72).
#if defined(__aarch64__)
#pragma STDC FP_CONTRACT OFF
#include "bytes.h"

// A tile is 4 pixels x 8 outputs. A sum has two parts, in neighbouring lanes: packed weights have four taps of an output side
// by side, and sadalp adds two of them. So a vector of sums is two outputs', and 8 outputs are four.
enum { PIXELS = 4 };

// The inner loop is assembly: clang makes of smlal2 by a repeated lane an ext and an smlal, and then keeps sums in memory.
// v16 to v19: taps of the four pixels; v20 to v23: weights of 8 outputs, two groups of four taps; v24, v25: a group's taps,
// repeated; v26 to v29: products; v31: 128 in every byte. v0 to v15 are the sums, four a pixel.
#define LOAD_TAPS \
  "ldr q16, [%[p0]], #16\n ldr q17, [%[p1]], #16\n ldr q18, [%[p2]], #16\n ldr q19, [%[p3]], #16\n" \
  "eor v16.16b, v16.16b, v31.16b\n eor v17.16b, v17.16b, v31.16b\n" \
  "eor v18.16b, v18.16b, v31.16b\n eor v19.16b, v19.16b, v31.16b\n"
#define LOAD_GROUP(first, second, at) "ldp q" #first ", q" #second ", [%[weights], #" #at "]\n"
#define NEXT_GROUPS(bytes) "add %[weights], %[weights], #" #bytes "\n"
#define FIRST_PRODUCTS \
  "smull v26.8h, v20.8b, v24.8b\n smull2 v27.8h, v20.16b, v24.16b\n" \
  "smull v28.8h, v21.8b, v24.8b\n smull2 v29.8h, v21.16b, v24.16b\n"
#define SECOND_PRODUCTS \
  "smlal v26.8h, v22.8b, v25.8b\n smlal2 v27.8h, v22.16b, v25.16b\n" \
  "smlal v28.8h, v23.8b, v25.8b\n smlal2 v29.8h, v23.16b, v25.16b\n"
#define ADD(add, a, b, c, d) \
  add " v" #a ".4s, v26.8h\n" add " v" #b ".4s, v27.8h\n" add " v" #c ".4s, v28.8h\n" add " v" #d ".4s, v29.8h\n"
#define PIXEL_EIGHT(add, taps, one, two, a, b, c, d) \
  "dup v24.4s, " #taps ".s[" #one "]\n dup v25.4s, " #taps ".s[" #two "]\n" FIRST_PRODUCTS SECOND_PRODUCTS ADD(add, a, b, c, d)
#define PIXEL_FOUR(taps, a, b, c, d) "dup v24.4s, " #taps ".s[0]\n" FIRST_PRODUCTS ADD("sadalp", a, b, c, d)
#define TWO_GROUPS(add, one, two) \
  LOAD_GROUP(20, 21, 0) LOAD_GROUP(22, 23, 64) NEXT_GROUPS(128) \
  PIXEL_EIGHT(add, v16, one, two, 0, 1, 2, 3) PIXEL_EIGHT(add, v17, one, two, 4, 5, 6, 7) \
  PIXEL_EIGHT(add, v18, one, two, 8, 9, 10, 11) PIXEL_EIGHT(add, v19, one, two, 12, 13, 14, 15)
#define ONE_GROUP \
  LOAD_GROUP(20, 21, 0) NEXT_GROUPS(64) \
  PIXEL_FOUR(v16, 0, 1, 2, 3) PIXEL_FOUR(v17, 4, 5, 6, 7) PIXEL_FOUR(v18, 8, 9, 10, 11) PIXEL_FOUR(v19, 12, 13, 14, 15)
#define THIRD_GROUP_FIRST \
  "ext v16.16b, v16.16b, v16.16b, #8\n ext v17.16b, v17.16b, v17.16b, #8\n" \
  "ext v18.16b, v18.16b, v18.16b, #8\n ext v19.16b, v19.16b, v19.16b, #8\n"

#define FOUR_GROUPS LOAD_TAPS TWO_GROUPS("sadalp", 0, 1) TWO_GROUPS("sadalp", 2, 3)
#define ZERO(a, b, c, d) "movi v" #a ".4s, #0\n movi v" #b ".4s, #0\n movi v" #c ".4s, #0\n movi v" #d ".4s, #0\n"

// More groups, from label 1 on four at a time, from label 2 on the last ones. All but the way from a row of four to its end
// stands apart: what every tile does runs straight on, and a processor has the end of one tile and the next in hand at once.
#define GROUPS \
  ".subsection 1\n" \
  "1:\n" FOUR_GROUPS "subs %w[groups], %w[groups], #4\n b.ge 1b\n b 2f\n" \
  "3:\n" LOAD_TAPS "cmp %w[groups], #2\n b.lt 4f\n" TWO_GROUPS("sadalp", 0, 1) "cmp %w[groups], #2\n b.eq 5f\n" \
  THIRD_GROUP_FIRST \
  "4:\n" ONE_GROUP "b 5f\n" \
  ".previous\n" \
  "2: adds %w[groups], %w[groups], #4\n b.ne 3b\n" \
  "5:\n"
// The first row starts the sums: its first products are not added to anything.
#define FIRST_ROW \
  "subs %w[groups], %w[groups], #4\n b.lt 6f\n" \
  ".subsection 1\n" \
  "6:\n" ZERO(0, 1, 2, 3) ZERO(4, 5, 6, 7) ZERO(8, 9, 10, 11) ZERO(12, 13, 14, 15) "b 2f\n" \
  ".previous\n" \
  LOAD_TAPS TWO_GROUPS("saddlp", 0, 1) TWO_GROUPS("sadalp", 2, 3) "subs %w[groups], %w[groups], #4\n b.ge 1f\n" GROUPS
#define ONLY_ROW LOAD_TAPS TWO_GROUPS("saddlp", 0, 1)
#define NEXT_ROW "subs %w[groups], %w[groups], #4\n b.ge 1f\n" GROUPS

#define FOR_SUMS(X) X(0), X(1), X(2), X(3), X(4), X(5), X(6), X(7), X(8), X(9), X(10), X(11), X(12), X(13), X(14), X(15)
#define STARTED(n) "=w"(sum##n)
#define CONTINUED(n) "+w"(sum##n)
#define ADD_ROW(text, sums) \
  __asm__("movi v31.16b, #128\n" text \
          : FOR_SUMS(sums), [p0] "+r"(p0), [p1] "+r"(p1), [p2] "+r"(p2), [p3] "+r"(p3), [weights] "+r"(weights), \
            [groups] "+r"(groups) \
          : \
          : "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v31", "cc", \
            "memory")

// The sums of outputs `first` to `first` + 7 of four pixels, whose inputs are `pixel` bytes away, with bias and RF_MAGIC_BITS.
// `is_short`: there is one row of two groups. Beyond a row's last group lies what is within RF_SLACK, and nobody multiplies it.
INLINED void add_products(const rf_u8_block *b, const uint8_t *input, const ptrdiff_t pixel[PIXELS], int32_t first, int is_short,
                          int32x4_t whole[PIXELS][2]) {
#define SUM(n) sum##n __asm__("v" #n)
  register int32x4_t FOR_SUMS(SUM);
  const int8_t *weights = b->weights + 4 * first;
  const uint8_t *p0 = input, *p1 = input + pixel[1], *p2 = input + pixel[2], *p3 = input + pixel[3];
  int32_t groups = b->groups_in_row;
  if (is_short) ADD_ROW(ONLY_ROW, STARTED);
  else ADD_ROW(FIRST_ROW, STARTED);
  for (int32_t ky = b->kernel_height; __builtin_expect(!is_short && ky > 1, 0); ky--) {
    input += b->input_row_stride;
    p0 = input, p1 = input + pixel[1], p2 = input + pixel[2], p3 = input + pixel[3];
    groups = b->groups_in_row;
    ADD_ROW(NEXT_ROW, CONTINUED);
  }
  const int32x4_t low = vld1q_s32(b->bias + first), high = vld1q_s32(b->bias + first + RF_LANES);
#define WHOLE(p, a, b, c, d) \
  whole[p][0] = vaddq_s32(vpaddq_s32(sum##a, sum##b), low), whole[p][1] = vaddq_s32(vpaddq_s32(sum##c, sum##d), high);
  WHOLE(0, 0, 1, 2, 3) WHOLE(1, 4, 5, 6, 7) WHOLE(2, 8, 9, 10, 11) WHOLE(3, 12, 13, 14, 15)
}

INLINED void store_head_tile(const rf_u8_block *b, int32x4_t (*sum)[2], float *output, int32_t pixels, int32_t first) {
  UNROLLED for (int p = 0; p < PIXELS; p++)
    if (p < pixels) store_values(b, sum[p], output + p * b->output_pixel_stride, first);
}

// What a panel may be: any; without slope; with one row of two groups, too; a head.
typedef enum { LEAKY, PLAIN, SHORT, HEAD } panel_kind;

// A row of tiles. A narrow last one computes its first pixel again in place of those that it lacks: what would be read for
// them may not be there.
INLINED void row_of_panel(const rf_u8_rectangle *r, const uint8_t *input, uint8_t *output, panel_kind kind) {
  const rf_u8_block *b = &r->block;
  for (int32_t left = r->width; left > 0; left -= PIXELS) {
    ptrdiff_t pixel[PIXELS] = {};
    UNROLLED for (int p = 1; p < PIXELS; p++) pixel[p] = p < left ? p * b->input_pixel_stride : 0;
    for (int32_t first = 0; first < b->last_channels; first += 8) {
      int32x4_t sum[PIXELS][2];
      add_products(b, input, pixel, first, kind == SHORT, sum);
      if (kind == HEAD) store_head_tile(b, sum, (float *)(void *)output, left, first);
      else store_results(b, sum, output, PIXELS, left < PIXELS ? left : PIXELS, first, kind == LEAKY);
    }
    input += PIXELS * b->input_pixel_stride;
    output += PIXELS * b->output_pixel_stride * r->output_element;
  }
}

#define PANEL(name, kind) \
  static void name(const rf_u8_rectangle *r) { \
    for (ptrdiff_t y = 0; y < r->height; y++) \
      row_of_panel(r, r->input + y * r->input_step, r->output + y * r->output_step, kind); \
  }
PANEL(leaky_panel, LEAKY)
PANEL(plain_panel, PLAIN)
PANEL(short_panel, SHORT)
PANEL(head_panel, HEAD)

void rf_u8_conv__neon(const rf_u8_conv_args *a) {
  const rf_u8_rectangle rectangle = rf_u8_conv_rectangle(a);
  const int is_short = rectangle.block.kernel_height == 1 && rectangle.block.groups_in_row == 2;
  by_panels(&rectangle, rf_is_leaky(a->slope) ? leaky_panel : is_short ? short_panel : plain_panel);
}

void rf_u8_head__neon(const rf_u8_head_args *a) {
  const rf_u8_rectangle rectangle = rf_u8_head_rectangle(a);
  by_panels(&rectangle, head_panel);
}
#endif
