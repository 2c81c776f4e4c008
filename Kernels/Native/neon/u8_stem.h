// The network's first convolution, 3x3 of three channels at stride 2 to 8 outputs at most. A kernel row has 9 taps, which as
// three groups of four would be 12; here the 27 taps of all three rows lie in 7 groups. Two vectors of a pixel hold them: the
// first row and what of the second still fits, then the rest.
#ifndef RF_NEON_U8_STEM_H
#define RF_NEON_U8_STEM_H
#include "u8_pairs.h"
#include "u8_products.h"

enum { STEM_TAPS = 9, STEM_GROUPS = 7, STEM_STEP = 6 * PIXELS };

// The panel of whole tiles, and that of any other convolution for what is left of a row.
enum { STEM_REST = sizeof(pair_panel) + STEM_GROUPS * GROUP_BYTES };

static uint64_t stem_bytes(const rf_shape *s) { return STEM_REST + pair_bytes(s); }

static void pack_stem(const rf_shape *s, const rf_constants *c, void *packed) {
  pack_pairs(s, c, packed, 0, 1, 3 * STEM_TAPS);
  pack_pair_panels(s, c, (char *)packed + STEM_REST);
}

// v16 to v19: the first 16 taps of the four pixels; v8 to v11: the others. A pixel starts 6 bytes after its neighbour. What is
// read 7 bytes too early and up to 7 too late is within RF_SLACK.
#define STEM_PIXEL(first, second, at) \
  "ldur q" #first ", [%[top], #" #at " - 7]\n ldur q20, [%[middle], #" #at "]\n" \
  "ldur q" #second ", [%[middle], #" #at " - 7]\n ldur q21, [%[bottom], #" #at "]\n" \
  "ext v" #first ".16b, v" #first ".16b, v20.16b, #7\n ext v" #second ".16b, v" #second ".16b, v21.16b, #14\n" \
  "eor v" #first ".16b, v" #first ".16b, v31.16b\n eor v" #second ".16b, v" #second ".16b, v31.16b\n"
#define STEM_GROUP(l, h, at) GROUP_OF_8_FROM(v8, v9, v10, v11, l, h, at)
#define STEM_PRODUCTS \
  SIGN_BITS START_OF_8 STEM_PIXEL(16, 8, 0) STEM_PIXEL(17, 9, 6) STEM_PIXEL(18, 10, 12) STEM_PIXEL(19, 11, 18) GROUP_OF_8(0, 1, "0") \
    GROUP_OF_8(2, 3, "64") GROUP_OF_8(4, 5, "128") GROUP_OF_8(6, 7, "192") STEM_GROUP(0, 1, "256") STEM_GROUP(2, 3, "320") \
      STEM_GROUP(4, 5, "384")

// The bytes of a tile of 8 outputs.
INLINED void store_tile_of_8(const pair_panel *panel, const rf_u8_block *b, const int32x4_t sum[PIXELS][2], uint8_t *output, int leaky) {
  uint8x8_t bytes[PIXELS];
  const float32x4_t multiplier[2] = {vld1q_f32(panel->multiplier), vld1q_f32(panel->multiplier + RF_LANES)};
  const float *addend = panel->addend;
  UNROLLED for (int p = 0; p < PIXELS; p++) {
    int16x8_t words;
    __asm__("" : "+r"(addend));
    results_of(sum[p], multiplier, addend, b, leaky, 2, &words);
    bytes[p] = vqmovun_s16(words);
  }
  UNROLLED for (int p = 0; p < PIXELS; p++, output += b->output_pixel_stride) {
    if (__builtin_expect(b->last_channels == 8, 1)) vst1_u8(output, bytes[p]);
    else store_bytes(output, vcombine_u8(bytes[p], bytes[p]), b->last_channels);
  }
}

// Not in line, so that it does not stand between what runs.
static __attribute__((noinline)) void store_leaky_tile_of_8(int32x4_t s0, int32x4_t s1, int32x4_t s2, int32x4_t s3, int32x4_t s4,
                                                            int32x4_t s5, int32x4_t s6, int32x4_t s7, const pair_panel *panel,
                                                            const rf_u8_block *b, uint8_t *output) {
  const int32x4_t sum[PIXELS][2] = {{s0, s1}, {s2, s3}, {s4, s5}, {s6, s7}};
  store_tile_of_8(panel, b, sum, output, 1);
}

INLINED void stem_tile(const pair_panel *panel, const rf_u8_block *b, const uint8_t *top, uint8_t *output) {
  register int32x4_t FOR_8(SUM);
  const uint8_t *middle = top + b->input_row_stride, *bottom = middle + b->input_row_stride;
  __asm__(STEM_PRODUCTS
          : FOR_8(STARTED)
          : [top] "r"(top), [middle] "r"(middle), [bottom] "r"(bottom), [weights] "r"(panel->weights), [bias] "r"(panel->start)
          : "v8", "v9", "v10", "v11", CLOBBER_ROW);
  const int32x4_t sum[PIXELS][2] = {{sum0, sum1}, {sum2, sum3}, {sum4, sum5}, {sum6, sum7}};
  if (__builtin_expect(rf_is_leaky(b->slope), 0)) store_leaky_tile_of_8(sum0, sum1, sum2, sum3, sum4, sum5, sum6, sum7, panel, b, output);
  else store_tile_of_8(panel, b, sum, output, 0);
}

// The first `tiles` tiles of every row.
static void stem_tiles(const pair_panel *panel, const rf_u8_rectangle *r, int32_t tiles) {
  const rf_u8_block *b = &r->block;
  for (ptrdiff_t y = 0; y < r->height; y++) {
    const uint8_t *top = r->input + y * r->input_step;
    uint8_t *output = r->output + y * r->output_step;
    for (int32_t t = 0; t < tiles; t++, top += STEM_STEP, output += PIXELS * b->output_pixel_stride) stem_tile(panel, b, top, output);
  }
}
#endif
