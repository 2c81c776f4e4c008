// Dense 8-bit convolutions for ARMv8.2 with dot products: sdot takes four taps of a pixel, a 32-bit lane, and four weights of
// each of four outputs, just as they are packed. A tile is 6 pixels x 16 outputs, or 12 x 8.
#if defined(__aarch64__)
#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#include "../neon/bytes.h"

enum { WHOLE_PIXELS = 6, HALF_PIXELS = 12 };

// One group of four taps for all pixels.
#define ADD_GROUP(lane) \
  { \
    UNROLLED for (int q = 0; q < quarters; q++) { \
      const int8x16_t weights = vld1q_s8(next + 16 * q); \
      UNROLLED for (int p = 0; p < pixels; p++) sum[p][q] = vdotq_laneq_s32(sum[p][q], weights, taps[p], lane); \
    } \
    next += 4 * RF_PANEL; \
  }

INLINED void load_taps(const uint8_t *input, ptrdiff_t stride, int pixels, int8x16_t taps[HALF_PIXELS]) {
  UNROLLED for (int p = 0; p < pixels; p++) taps[p] = signed_bytes(vld1q_u8(input + p * stride));
}

// The sums as floats, more by b->zero.
INLINED void add_products(const rf_u8_block *b, const uint8_t *input, int32x4_t sum[HALF_PIXELS][QUARTERS], int pixels, int quarters) {
  UNROLLED for (int p = 0; p < pixels; p++) UNROLLED for (int q = 0; q < quarters; q++) sum[p][q] = vld1q_s32(b->start + RF_LANES * q);
  const int8_t *next = b->weights;
  const ptrdiff_t stride = b->input_pixel_stride;
  for (int32_t ky = b->kernel_height; ky > 0; ky--, input += b->input_row_stride) {
    int8x16_t taps[HALF_PIXELS];
    const uint8_t *row = input;
    int32_t groups = b->groups_in_row;
    for (; groups >= 4; groups -= 4, row += 16) {
      load_taps(row, stride, pixels, taps);
      ADD_GROUP(0)
      ADD_GROUP(1)
      ADD_GROUP(2)
      ADD_GROUP(3)
    }
    // Bytes beyond the last group are within RF_SLACK and are not multiplied.
    if (groups > 0) load_taps(row, stride, pixels, taps);
    if (groups > 0) ADD_GROUP(0)
    if (groups > 1) ADD_GROUP(1)
    if (groups > 2) ADD_GROUP(2)
  }
  if (rf_is_wide(b)) UNROLLED for (int p = 0; p < pixels; p++) convert(sum[p], quarters);
}

INLINED void tile(const rf_u8_block *b, const uint8_t *input, uint8_t *output, int pixels, int outputs) {
  int32x4_t sum[HALF_PIXELS][QUARTERS], eight[HALF_PIXELS][2];
  add_products(b, input, sum, pixels, outputs / RF_LANES);
  UNROLLED for (int first = 0; first < outputs; first += 8) {
    UNROLLED for (int p = 0; p < pixels; p++) UNROLLED for (int q = 0; q < 2; q++) eight[p][q] = sum[p][first / RF_LANES + q];
    if (rf_is_leaky(b->slope)) store_results(b, eight, output, pixels, pixels, first, 1);
    else store_results(b, eight, output, pixels, pixels, first, 0);
  }
}

INLINED void head_tile(const rf_u8_block *b, const uint8_t *input, float *output, int pixels, int outputs) {
  int32x4_t sum[HALF_PIXELS][QUARTERS];
  add_products(b, input, sum, pixels, outputs / RF_LANES);
  UNROLLED for (int p = 0; p < pixels; p++, output += b->output_pixel_stride) UNROLLED for (int first = 0; first < outputs; first += 8)
    store_values(b, sum[p] + first / RF_LANES, output, first);
}

#define TILE(pixels, outputs) \
  static void tile_##pixels##x##outputs(const rf_u8_block *b, const uint8_t *input, void *output) { \
    tile(b, input, output, pixels, outputs); \
  }
// Heads are too small a part of a frame for wide tiles to pay for their bytes.
#define HEAD(pixels, outputs) \
  static void head_##pixels##x##outputs(const rf_u8_block *b, const uint8_t *input, void *output) { \
    head_tile(b, input, output, pixels, outputs); \
  }
#define TILE_NAME(pixels, outputs) tile_##pixels##x##outputs,
#define HEAD_NAME(pixels, outputs) head_##pixels##x##outputs,
UP_TO_12(TILE, 8)
UP_TO_6(TILE, 16)
UP_TO_4(HEAD, 8)
HEAD(1, 16)
static const rf_u8_tiles half_panel = {HALF_PIXELS, {UP_TO_12(TILE_NAME, 8)}}, whole_panel = {WHOLE_PIXELS, {UP_TO_6(TILE_NAME, 16)}};
// Few sizes: only heads of up to 8 outputs run at more than one pixel, and each tile costs a kilobyte or more.
static const rf_u8_tiles half_head = {4, {UP_TO_4(HEAD_NAME, 8)}};
static const rf_u8_tiles whole_head = {1, {HEAD_NAME(1, 16)}};

static void conv_panel(const rf_u8_rectangle *r) { rf_u8_by_tiles(r, r->cout <= RF_PANEL / 2 ? &half_panel : &whole_panel, 1); }
static void head_panel(const rf_u8_rectangle *r) { rf_u8_by_tiles(r, r->cout <= RF_PANEL / 2 ? &half_head : &whole_head, 1); }

// The starts of packed panels have 128 times the sum of the output's weights in them.
static void pack(const rf_shape *s, const rf_constants *c, void *packed) {
  rf_u8_pack_panels(s, c, packed);
  for (int32_t o = c->first; o < c->first + c->count; o++) ((int32_t *)packed)[o] = signed_start(s, c, o);
}

static void conv(const rf_args *a) {
  const rf_u8_rectangle rectangle = rf_u8_rectangle_of(a);
  by_panels(&rectangle, conv_panel);
}

const rf_kernel rf_u8_conv__neondot = {
  .name = "rf_u8_conv__neondot",
  .op = RF_OP_CONV,
  .input_type = RF_U8,
  .output_type = RF_U8,
  .accumulators = RF_ACCUMULATOR_NARROW | RF_ACCUMULATOR_WIDE,
  .isa = RF_ISA_NEONDOT,
  .cycles_per_tap = 0.038f,
  .packed_bytes = rf_u8_panels_bytes,
  .pack = pack,
  .run = conv};

static void head(const rf_args *a) {
  const rf_u8_rectangle rectangle = rf_u8_rectangle_of(a);
  by_panels(&rectangle, head_panel);
}

const rf_kernel rf_u8f32_conv__neondot = {
  .name = "rf_u8f32_conv__neondot",
  .op = RF_OP_CONV,
  .input_type = RF_U8,
  .output_type = RF_F32,
  .accumulators = RF_ACCUMULATOR_NARROW | RF_ACCUMULATOR_WIDE,
  .isa = RF_ISA_NEONDOT,
  .cycles_per_tap = 0.028f,
  .packed_bytes = rf_u8_panels_bytes,
  .pack = pack,
  .run = head};
#pragma clang attribute pop
#endif
