// Dense 8-bit convolutions for ARMv8.0, which has no dot product: a product of two bytes is 16 bits wide, two of them always
// fit their sum (2 * 127 * 128 < 2^15), and sadalp adds neighbours of those to sums of 32 bits. Four taps of four outputs so
// take smull, smlal and sadalp: 8 products a cycle where one multiplier of 8 lanes is all there is (Cortex-A72). What else a
// tile does has to fit beside them in the other pipe: weights are packed in an order (u8_pairs.h) that leaves a sum in one lane.
#if defined(__aarch64__)
#pragma STDC FP_CONTRACT OFF
#include "u8_pairs.h"
#include "u8_stem.h"

// A tile is 4 pixels x 16 outputs, or 4 x 8: of a head and of the first convolution.
#define TAP_POINTERS(input) const uint8_t *p0 = (input), *p1 = p0 + pixel[1], *p2 = p0 + pixel[2], *p3 = p0 + pixel[3]

#define SUMS_OF_16 \
  { \
    {sum0, sum1, sum2, sum3}, {sum4, sum5, sum6, sum7}, {sum8, sum9, sum10, sum11}, { sum12, sum13, sum14, sum15 } \
  }

// A rectangle of 16 outputs. A row's whole tiles run one after the other; its narrow last tile computes its first pixel again
// in place of the missing ones, whose input may lie outside the memory. Incomplete tiles go through `spare`. Bytes behind a
// row's last group are within RF_SLACK and are not multiplied. `is_short`: there are two groups.
INLINED void plain_tiles(const pair_panel *panel, const rf_u8_rectangle *r, int is_short) {
  register int32x4_t FOR_16(SUM);
  __asm__(START_OF_16 : FOR_16(STARTED) : [bias] "r"(panel->start) : "memory");
  const rf_u8_block *b = &r->block;
  const ptrdiff_t step = b->input_pixel_stride;
  uint8_t spare[PIXELS * RF_PANEL];
  for (ptrdiff_t y = 0; y < r->height; y++) {
    const uint8_t *input = r->input + y * r->input_step;
    uint8_t *output = r->output + y * r->output_step;
    for (int32_t left = r->width, tiles; left > 0; left -= tiles * PIXELS) {
      tiles = left >= PIXELS ? left / PIXELS : 1;
      const int is_whole = left >= PIXELS && b->last_channels == RF_PANEL;
      const ptrdiff_t second = left > 1 ? step : 0, third = left > 2 ? 2 * step : 0, fourth = left > 3 ? 3 * step : 0;
      const ptrdiff_t stride = is_whole ? b->output_pixel_stride : RF_PANEL;
      uint8_t *o0 = is_whole ? output : spare, *o1 = o0 + stride, *o2 = o1 + stride, *o3 = o2 + stride;
      const ptrdiff_t output_step = is_whole ? PIXELS * stride : 0;
      for (int32_t t = tiles; t > 0; t--) {
        const uint8_t *p0 = input, *p1 = input + second, *p2 = input + third, *p3 = input + fourth;
        const int8_t *weights = panel->weights;
        int32_t groups = b->groups_in_row;
#define TILE(text) \
  __asm__(SIGN_BITS text \
          : FOR_16(CONTINUED), ROW_PLACES \
          : [bias] "r"(panel->start), [rule] "r"(panel->multiplier), [o0] "r"(o0), [o1] "r"(o1), [o2] "r"(o2), [o3] "r"(o3) \
          : CLOBBER_ROW)
        if (is_short) TILE(LAST_TWO_OF_16);
        else TILE(WHOLE_ROW_OF_16);
        if (__builtin_expect(!is_whole, 0)) store_part(output, b->output_pixel_stride, spare, left, b->last_channels);
        input += PIXELS * step;
        output += PIXELS * b->output_pixel_stride;
        o0 += output_step, o1 += output_step, o2 += output_step, o3 += output_step;
      }
    }
  }
}

// A tile by any case of the rounding rule.
static void store_any_tile_of_16(const pair_panel *panel, const rf_u8_block *b, int32x4_t sum[PIXELS][QUARTERS], uint8_t *output,
                                 int32_t pixels) {
  if (rf_is_wide(b)) convert(sum[0], PIXELS * QUARTERS);
  const int32x4_t(*const sums)[QUARTERS] = (const int32x4_t(*)[QUARTERS])sum;
  if (rf_is_leaky(b->slope)) store_tile_of_16(panel, b, sums, output, pixels, 1);
  else store_tile_of_16(panel, b, sums, output, pixels, 0);
}

// A tile whose outputs have a slope or wide sums.
INLINED void leaky_tile(const pair_panel *panel, const rf_u8_block *b, const uint8_t *input, const ptrdiff_t pixel[PIXELS], uint8_t *output,
                        int32_t pixels) {
  register int32x4_t FOR_16(SUM);
  const int8_t *weights = panel->weights;
  int32_t groups = b->groups_in_row;
  TAP_POINTERS(input);
  __asm__(SIGN_BITS START_OF_16 ROW(GROUP_OF_16) : FOR_16(STARTED), ROW_PLACES : [bias] "r"(panel->start) : CLOBBER_ROW);
  int32x4_t sum[PIXELS][QUARTERS] = SUMS_OF_16;
  store_any_tile_of_16(panel, b, sum, output, pixels);
}

// Eight outputs of a head, the first ones of a panel or the others.
INLINED void head_tile(const pair_panel *panel, const rf_u8_block *b, const uint8_t *input, const ptrdiff_t pixel[PIXELS], float *output,
                       int32_t pixels, int32_t half) {
  register int32x4_t FOR_8(SUM);
  const int8_t *weights = panel->weights + GROUP_BYTES / 2 * half;
  int32_t groups = b->groups_in_row;
  TAP_POINTERS(input);
  __asm__(SIGN_BITS START_OF_8 ROW(GROUP_OF_8) : FOR_8(STARTED), ROW_PLACES : [bias] "r"(panel->start + 8 * half) : CLOBBER_ROW);
  int32x4_t sum[PIXELS][2] = {{sum0, sum1}, {sum2, sum3}, {sum4, sum5}, {sum6, sum7}};
  if (rf_is_wide(b)) convert(sum[0], PIXELS * 2);
  store_head_tile(panel, b, (const int32x4_t(*)[2])sum, output, pixels, half);
}

// Adds the products of a kernel row to the sums of a tile, which lie in memory.
static __attribute__((noinline)) void add_segment(const int8_t *weights, const uint8_t *input, const ptrdiff_t pixel[PIXELS],
                                                  int32_t groups, int32x4_t sum[PIXELS * QUARTERS]) {
  register int32x4_t FOR_16(SUM);
#define LOAD_SUM(n) sum##n = sum[n]
#define STORE_SUM(n) sum[n] = sum##n
  FOR_16(LOAD_SUM);
  TAP_POINTERS(input);
  __asm__(SIGN_BITS ROW(GROUP_OF_16) : FOR_16(CONTINUED), ROW_PLACES : : CLOBBER_ROW);
  FOR_16(STORE_SUM);
}

// A tile of more than one kernel row.
static void long_tile(const pair_panel *panel, const rf_u8_block *b, const uint8_t *input, const ptrdiff_t pixel[PIXELS], uint8_t *output,
                      int32_t pixels) {
  int32x4_t sum[PIXELS][QUARTERS];
  for (int p = 0; p < PIXELS; p++) __builtin_memcpy(sum[p], panel->start, sizeof sum[p]);
  const int8_t *weights = panel->weights;
  for (int32_t ky = 0; ky < b->kernel_height; ky++, input += b->input_row_stride, weights += b->groups_in_row * (ptrdiff_t)GROUP_BYTES)
    add_segment(weights, input, pixel, b->groups_in_row, sum[0]);
  store_any_tile_of_16(panel, b, sum, output, pixels);
}

// Other tiles of a rectangle.
#define TILES(name, TILE, ...) \
  static void name(const pair_panel *panel, const rf_u8_rectangle *r, ##__VA_ARGS__) { \
    const rf_u8_block *b = &r->block; \
    const ptrdiff_t step = b->input_pixel_stride; \
    for (ptrdiff_t y = 0; y < r->height; y++) { \
      const uint8_t *input = r->input + y * r->input_step; \
      uint8_t *output = r->output + y * r->output_step; \
      for (int32_t left = r->width; left > 0; left -= PIXELS) { \
        const ptrdiff_t pixel[PIXELS] = {0, left > 1 ? step : 0, left > 2 ? 2 * step : 0, left > 3 ? 3 * step : 0}; \
        TILE; \
        input += PIXELS * step; \
        output += PIXELS * b->output_pixel_stride * r->output_element; \
      } \
    } \
  }
TILES(leaky_tiles, leaky_tile(panel, b, input, pixel, output, left))
TILES(long_tiles, long_tile(panel, b, input, pixel, output, left))
TILES(head_tiles, head_tile(panel, b, input, pixel, (float *)(void *)output, left, half), int32_t half)

static void conv_panel(const rf_u8_rectangle *r) {
  const pair_panel *panel = panel_of(r);
  if (r->block.kernel_height > 1) long_tiles(panel, r);
  else if (rf_is_leaky(r->block.slope) || rf_is_wide(&r->block)) leaky_tiles(panel, r);
  else if (r->block.groups_in_row == 2) plain_tiles(panel, r, 1);
  else plain_tiles(panel, r, 0);
}

static void conv(const rf_args *a) {
  const rf_u8_rectangle rectangle = of_pairs(rf_u8_rectangle_of(a), a->packed);
  by_panels(&rectangle, conv_panel);
}

const rf_kernel rf_u8_conv__neon = {
  .name = "rf_u8_conv__neon",
  .op = RF_OP_CONV,
  .input_type = RF_U8,
  .output_type = RF_U8,
  .accumulators = RF_ACCUMULATOR_NARROW | RF_ACCUMULATOR_WIDE,
  .isa = RF_ISA_NEON,
  .cycles_per_tap = 0.13f,
  .packed_bytes = pair_bytes,
  .pack = pack_pair_panels,
  .run = conv};

// Whole tiles, and what is left of a row as any other convolution's.
static void stem(const rf_args *a) {
  rf_u8_rectangle r = rf_u8_rectangle_of(a);
  r.block.last_channels = a->shape.cout;
  const int32_t tiles = r.width / PIXELS;
  stem_tiles(a->packed, &r, tiles);
  r.width -= tiles * PIXELS;
  r.input += tiles * STEM_STEP;
  r.output += tiles * PIXELS * r.block.output_pixel_stride;
  if (r.width > 0) long_tiles((const pair_panel *)(const void *)((const char *)a->packed + STEM_REST), &r);
}

const rf_kernel rf_u8_conv__neon_stem = {
  .name = "rf_u8_conv__neon_stem",
  .op = RF_OP_CONV,
  .input_type = RF_U8,
  .output_type = RF_U8,
  .accumulators = RF_ACCUMULATOR_NARROW,
  .isa = RF_ISA_NEON,
  .cycles_per_tap = 0.086f,
  .suits = rf_u8_is_stem,
  .packed_bytes = stem_bytes,
  .pack = pack_stem,
  .run = stem};

static void head_panel(const rf_u8_rectangle *r) {
  for (int32_t half = 0; 8 * half < r->cout; half++) head_tiles(panel_of(r), r, half);
}

// A head's tiles have one kernel row.
static int has_one_row(const rf_shape *s) { return s->kernel_height == 1; }

static void head(const rf_args *a) {
  const rf_u8_rectangle rectangle = of_pairs(rf_u8_rectangle_of(a), a->packed);
  by_panels(&rectangle, head_panel);
}

const rf_kernel rf_u8f32_conv__neon = {
  .name = "rf_u8f32_conv__neon",
  .op = RF_OP_CONV,
  .input_type = RF_U8,
  .output_type = RF_F32,
  .accumulators = RF_ACCUMULATOR_NARROW | RF_ACCUMULATOR_WIDE,
  .isa = RF_ISA_NEON,
  .cycles_per_tap = 0.07f,
  .suits = has_one_row,
  .packed_bytes = pair_bytes,
  .pack = pack_pair_panels,
  .run = head};
#endif
