// The inner loops of neon/u8_conv.c, for a tile of four pixels and 16 or 8 outputs. Assembly: clang makes of smlal2 by a repeated
// lane an ext and an smlal, and then keeps sums in memory. And a multiplier that waits is lost time: what is done once a tile
// has to stand where products are made meanwhile.
#ifndef RF_NEON_U8_PRODUCTS_H
#define RF_NEON_U8_PRODUCTS_H

// v0 to v15: the sums, four or two a pixel. v16 to v19: taps of the four pixels. v20 and v21: of 8 outputs the weights of taps 0
// and 1, and of taps 2 and 3 of a group; v22 and v23: of 8 more. v24, v25: those taps of a pixel, repeated. v26 to v29: products.
// v30: results. v31: 128 in every byte.
#define LOAD_TAPS(advance) \
  "ldr q16, [%[p0]]" advance "\n ldr q17, [%[p1]]" advance "\n ldr q18, [%[p2]]" advance "\n ldr q19, [%[p3]]" advance "\n" \
  "eor v16.16b, v16.16b, v31.16b\n eor v17.16b, v17.16b, v31.16b\n" \
  "eor v18.16b, v18.16b, v31.16b\n eor v19.16b, v19.16b, v31.16b\n"
#define NEXT_TAPS \
  "ext v16.16b, v16.16b, v16.16b, #4\n ext v17.16b, v17.16b, v17.16b, #4\n" \
  "ext v18.16b, v18.16b, v18.16b, #4\n ext v19.16b, v19.16b, v19.16b, #4\n"
#define LOAD_EIGHT(first, second, at) "ldr q" #first ", [%[weights], #" at "]\n ldr q" #second ", [%[weights], #" at " + 16]\n"
#define REPEAT(taps, low, high) "dup v24.8h, " #taps ".h[" #low "]\n dup v25.8h, " #taps ".h[" #high "]\n"
#define FIRST_PRODUCTS(low, high, weights) \
  "smull " #low ".8h, " #weights ".8b, v24.8b\n smull2 " #high ".8h, " #weights ".16b, v24.16b\n"
#define SECOND_PRODUCTS(low, high, weights) \
  "smlal " #low ".8h, " #weights ".8b, v25.8b\n smlal2 " #high ".8h, " #weights ".16b, v25.16b\n"
#define ADD(a, b, low, high) "sadalp v" #a ".4s, " #low ".8h\n sadalp v" #b ".4s, " #high ".8h\n"
#define PIXEL_OF_16(taps, l, h, a, b, c, d) \
  REPEAT(taps, l, h) FIRST_PRODUCTS(v26, v27, v20) FIRST_PRODUCTS(v28, v29, v22) \
  SECOND_PRODUCTS(v26, v27, v21) SECOND_PRODUCTS(v28, v29, v23) ADD(a, b, v26, v27) ADD(c, d, v28, v29)
// The products of two pixels.
#define PIXELS_OF_8(taps, other, l, h, a, b, c, d) \
  REPEAT(taps, l, h) FIRST_PRODUCTS(v26, v27, v20) SECOND_PRODUCTS(v26, v27, v21) \
  REPEAT(other, l, h) FIRST_PRODUCTS(v28, v29, v20) SECOND_PRODUCTS(v28, v29, v21) ADD(a, b, v26, v27) ADD(c, d, v28, v29)
#define GROUP_OF_16(l, h, at) \
  LOAD_EIGHT(20, 21, at) LOAD_EIGHT(22, 23, at " + 32") \
  PIXEL_OF_16(v16, l, h, 0, 1, 2, 3) PIXEL_OF_16(v17, l, h, 4, 5, 6, 7) \
  PIXEL_OF_16(v18, l, h, 8, 9, 10, 11) PIXEL_OF_16(v19, l, h, 12, 13, 14, 15)
#define GROUP_OF_8_FROM(first, second, third, fourth, l, h, at) \
  LOAD_EIGHT(20, 21, at) PIXELS_OF_8(first, second, l, h, 0, 1, 2, 3) PIXELS_OF_8(third, fourth, l, h, 4, 5, 6, 7)
#define GROUP_OF_8(l, h, at) GROUP_OF_8_FROM(v16, v17, v18, v19, l, h, at)
#define NEXT_GROUPS(count) "add %[weights], %[weights], #64 * " #count "\n"
#define THREE_GROUPS(GROUP) GROUP(0, 1, "0") GROUP(2, 3, "64") GROUP(4, 5, "128")
#define FOUR_GROUPS(GROUP) LOAD_TAPS(", #16") THREE_GROUPS(GROUP) GROUP(6, 7, "192") NEXT_GROUPS(4)

// A sum starts at its bias, loaded for every pixel: that is cheaper than a copy.
#define START_FOUR(a, b, c, d) \
  "ldr q" #a ", [%[bias]]\n ldr q" #b ", [%[bias], #16]\n ldr q" #c ", [%[bias], #32]\n ldr q" #d ", [%[bias], #48]\n"
#define START_TWO(a, b) "ldr q" #a ", [%[bias]]\n ldr q" #b ", [%[bias], #16]\n"
#define START_OF_16 START_FOUR(0, 1, 2, 3) START_FOUR(4, 5, 6, 7) START_FOUR(8, 9, 10, 11) START_FOUR(12, 13, 14, 15)
#define START_OF_8 START_TWO(0, 1) START_TWO(2, 3) START_TWO(4, 5) START_TWO(6, 7)

// Four sums of two pixels by the rounding rule, v<to> = addend + v<sum> * multiplier. Both come from memory: a copy of an addend
// would take a multiplier's time.
#define RESULTS(by, sum, to, other_sum, other_to, at) \
  "ldr q" #by ", [%[rule], #" #at "]\n ldr q" #to ", [%[rule], #" #at " + 64]\n ldr q" #other_to ", [%[rule], #" #at " + 64]\n" \
  "fmla v" #to ".4s, v" #sum ".4s, v" #by ".4s\n fmla v" #other_to ".4s, v" #other_sum ".4s, v" #by ".4s\n"
#define BYTES(a, b, c, d, output) \
  "trn1 v" #a ".8h, v" #a ".8h, v" #b ".8h\n trn1 v" #c ".8h, v" #c ".8h, v" #d ".8h\n" \
  "sqxtun v" #a ".8b, v" #a ".8h\n sqxtun2 v" #a ".16b, v" #c ".8h\n str q" #a ", [%[" #output "]]\n"
// The sums of the first two pixels become their bytes, and start again for the next tile, step by step; their taps are no
// longer needed. And those of the last two at once.
#define FINISH_1 RESULTS(16, 0, 30, 4, 17, 0)
#define FINISH_2 RESULTS(16, 1, 0, 5, 4, 16)
#define FINISH_3 RESULTS(16, 2, 1, 6, 5, 32)
#define FINISH_4 RESULTS(16, 3, 2, 7, 6, 48)
#define FINISH_5 BYTES(30, 0, 1, 2, o0)
#define FINISH_6 BYTES(17, 4, 5, 6, o1)
#define FINISH_7 START_FOUR(0, 1, 2, 3)
#define FINISH_8 START_FOUR(4, 5, 6, 7)
#define FINISH_FIRST FINISH_1 FINISH_2 FINISH_3 FINISH_4 FINISH_5 FINISH_6 FINISH_7 FINISH_8
#define FINISH_LAST \
  RESULTS(18, 8, 30, 12, 19, 0) RESULTS(18, 9, 8, 13, 12, 16) RESULTS(18, 10, 9, 14, 13, 32) RESULTS(18, 11, 10, 15, 14, 48) \
  BYTES(30, 8, 9, 10, o2) BYTES(19, 12, 13, 14, o3) START_FOUR(8, 9, 10, 11) START_FOUR(12, 13, 14, 15)
// The last groups of all: first those of two pixels, then those of the others with the end of the first two among them, so
// that multipliers are never without work. Weights are loaded twice, which costs nothing.
#define FIRST_PIXELS(l, h, at) \
  LOAD_EIGHT(20, 21, at) LOAD_EIGHT(22, 23, at " + 32") PIXEL_OF_16(v16, l, h, 0, 1, 2, 3) PIXEL_OF_16(v17, l, h, 4, 5, 6, 7)
#define LAST_PIXELS(l, h, at, BETWEEN, AFTER) \
  LOAD_EIGHT(20, 21, at) LOAD_EIGHT(22, 23, at " + 32") \
  PIXEL_OF_16(v18, l, h, 8, 9, 10, 11) BETWEEN PIXEL_OF_16(v19, l, h, 12, 13, 14, 15) AFTER
#define LAST_FOUR_OF_16 \
  LOAD_TAPS("") FIRST_PIXELS(0, 1, "0") FIRST_PIXELS(2, 3, "64") FIRST_PIXELS(4, 5, "128") FIRST_PIXELS(6, 7, "192") \
  LAST_PIXELS(0, 1, "0", FINISH_1, FINISH_2) LAST_PIXELS(2, 3, "64", FINISH_3, FINISH_4) \
  LAST_PIXELS(4, 5, "128", FINISH_5, FINISH_6) LAST_PIXELS(6, 7, "192", FINISH_7, FINISH_8) FINISH_LAST
#define LAST_TWO_OF_16 \
  LOAD_TAPS("") FIRST_PIXELS(0, 1, "0") FIRST_PIXELS(2, 3, "64") \
  LAST_PIXELS(0, 1, "0", FINISH_1 FINISH_2, FINISH_3 FINISH_4) LAST_PIXELS(2, 3, "64", FINISH_5 FINISH_6, FINISH_7 FINISH_8) \
  FINISH_LAST

// A row of groups. All but its last four stand apart: what every tile does runs straight on, and a processor has the end of
// one tile and the next in hand at once. What is no four comes last.
#define ROW(GROUP) \
  "subs %w[groups], %w[groups], #4\n b.ne 1f\n" \
  "2:\n" FOUR_GROUPS(GROUP) \
  "3:\n" \
  ".subsection 1\n" \
  "1: b.lt 5f\n" \
  "4:\n" FOUR_GROUPS(GROUP) "subs %w[groups], %w[groups], #4\n b.gt 4b\n b.eq 2b\n" \
  "5: add %w[groups], %w[groups], #4\n" REST(GROUP) "b 3b\n" \
  ".previous\n"
// One, two or three groups.
#define REST(GROUP) LOAD_TAPS("") "6:\n" GROUP(0, 1, "0") NEXT_GROUPS(1) NEXT_TAPS "subs %w[groups], %w[groups], #1\n b.gt 6b\n"
// The only row of a tile, to the end; and one of two groups.
#define WHOLE_ROW_OF_16 \
  "subs %w[groups], %w[groups], #4\n b.ne 1f\n" \
  "2:\n" LAST_FOUR_OF_16 \
  "3:\n" \
  ".subsection 1\n" \
  "1: b.lt 5f\n" \
  "4:\n" FOUR_GROUPS(GROUP_OF_16) "subs %w[groups], %w[groups], #4\n b.gt 4b\n b.eq 2b\n" \
  "5: add %w[groups], %w[groups], #4\n" REST(GROUP_OF_16) FINISH_FIRST FINISH_LAST "b 3b\n" \
  ".previous\n"

#define FOR_8(X) X(0), X(1), X(2), X(3), X(4), X(5), X(6), X(7)
#define FOR_16(X) FOR_8(X), X(8), X(9), X(10), X(11), X(12), X(13), X(14), X(15)
#define SUM(n) sum##n __asm__("v" #n)
#define STARTED(n) "=w"(sum##n)
#define CONTINUED(n) "+w"(sum##n)
#define CLOBBER_8 "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7"
#define CLOBBER_REST \
  "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31", "cc", "memory"
#define SIGN_BITS "movi v31.16b, #128\n"
// The operands that rows change.
#define ROW_PLACES \
  [p0] "+&r"(p0), [p1] "+&r"(p1), [p2] "+&r"(p2), [p3] "+&r"(p3), [weights] "+&r"(weights), [groups] "+&r"(groups)
#define CLOBBER_ROW "v16", "v17", "v18", "v19", CLOBBER_REST
#endif
