// 8-bit 3x3 convolution by Winograd's filtering for NEON: smlal multiplies 16-bit values by one lane and adds to 32 bits. A
// tile of the product is 6 tiles x 8 channels.
#if defined(__aarch64__)
#pragma STDC FP_CONTRACT OFF
#include "bytes.h"

enum { TAPS = 1, WORDS = 8, SUMS = RF_LANES, PANELS = 1, MOST_TILES = 6 };
typedef int16x8_t words;
typedef uint32x4_t sums;

INLINED words load_bytes(const uint8_t *bytes) { return vreinterpretq_s16_u16(vmovl_u8(vld1_u8(bytes))); }
INLINED void store_words(int16_t *to, words value) { vst1q_s16(to, value); }
INLINED sums load_sums(const int32_t *from) { return vreinterpretq_u32_s32(vld1q_s32(from)); }

// One tap of all tiles, a lane of `taps`.
#define ADD_TAP(lane) \
  { \
    const int16x8_t weight = vld1q_s16(weights); \
    weights += RF_PANEL; \
    UNROLLED for (int t = 0; t < tiles; t++) { \
      sum[t][0] = vmlal_laneq_s16(sum[t][0], vget_low_s16(weight), taps[t], lane); \
      sum[t][1] = vmlal_high_laneq_s16(sum[t][1], weight, taps[t], lane); \
    } \
  }

// Eight channels of up to 6 tiles. Inputs are padded to whole vectors, weights are not.
INLINED void product(const int16_t *inputs, ptrdiff_t tile_words, const int16_t *weights, int32_t channels, int32_t *outputs, int tiles) {
  int32x4_t sum[MOST_TILES][2];
  int16x8_t taps[MOST_TILES];
  UNROLLED for (int t = 0; t < tiles; t++) sum[t][0] = sum[t][1] = vdupq_n_s32(0);
  for (; channels >= WORDS; channels -= WORDS, inputs += WORDS) {
    UNROLLED for (int t = 0; t < tiles; t++) taps[t] = vld1q_s16(inputs + t * tile_words);
    ADD_TAP(0)
    ADD_TAP(1)
    ADD_TAP(2)
    ADD_TAP(3)
    ADD_TAP(4)
    ADD_TAP(5)
    ADD_TAP(6)
    ADD_TAP(7)
  }
  for (; channels > 0; channels--, inputs++) {
    UNROLLED for (int t = 0; t < tiles; t++) taps[t] = vld1q_dup_s16(inputs + t * tile_words);
    ADD_TAP(0)
  }
  UNROLLED for (int t = 0; t < tiles; t++) UNROLLED for (int half = 0; half < 2; half++)
    vst1q_s32(outputs + t * RF_PANEL + half * RF_LANES, sum[t][half]);
}

typedef void product_fn(const int16_t *inputs, ptrdiff_t tile_words, const int16_t *weights, int32_t channels, int32_t *outputs);
#define PRODUCT(tiles) \
  static void product_##tiles(const int16_t *inputs, ptrdiff_t tile_words, const int16_t *weights, int32_t channels, int32_t *outputs) { \
    product(inputs, tile_words, weights, channels, outputs, tiles); \
  }
#define PRODUCT_NAME(tiles) product_##tiles,
UP_TO_6(PRODUCT)
static product_fn *const product_of[MOST_TILES] = {UP_TO_6(PRODUCT_NAME)};

INLINED void products(const int16_t *inputs, ptrdiff_t tile_words, const int16_t *weights, ptrdiff_t panel_words, int32_t channels,
                      int32_t *outputs, int32_t tiles, int32_t panels) {
  (void)panel_words, (void)panels;
  const rf_tiling tiling = rf_tile_row(tiles, MOST_TILES);
  for (int32_t index = 0; index < tiling.count; index++) {
    const int32_t count = rf_tile_pixels(&tiling, index);
    for (int half = 0; half < RF_PANEL; half += 2 * RF_LANES)
      product_of[count - 1](inputs, tile_words, weights + half, channels, outputs + half);
    inputs += count * tile_words;
    outputs += count * RF_PANEL;
  }
}

#include "../u8_winograd3x3_output.h"

// Two pixels become bytes together. What a product is added to comes from memory: a copy would take a multiplier's time.
INLINED void store_pixels(const rf_u8_packed *c, float slope, const sums sum[4], int32_t o, uint8_t *output, ptrdiff_t pixel_stride,
                          int leaky) {
  const float32x4_t multiplier = vld1q_f32(c->multiplier + o);
  const int32_t *start = c->start + o;
  const float *addend = c->addend + o;
  float32x4_t value[4];
  UNROLLED for (int x = 0; x < 4; x++) {
    __asm__("" : "+r"(addend), "+r"(start));
    const int32x4_t whole = vsraq_n_s32(vld1q_s32(start), vreinterpretq_s32_u32(sum[x]), 6);
    value[x] = requantised(whole, multiplier, vld1q_f32(addend), slope, RF_MAGIC, leaky);
  }
  UNROLLED for (int x = 0; x < 4; x += 2, output += 2 * pixel_stride) {
    const uint32x2_t bytes = vreinterpret_u32_u8(bytes_of(value[x], value[x + 1]));
    vst1_lane_u32((uint32_t *)(void *)output, bytes, 0);
    vst1_lane_u32((uint32_t *)(void *)(output + pixel_stride), bytes, 1);
  }
}

#include "../u8_winograd3x3_tiles.h"

static void conv(const rf_args *a) { rf_u8_winograd3x3_by_tiles(a); }

const rf_kernel rf_u8_conv__neon_winograd = {
  .name = "rf_u8_conv__neon_winograd",
  .op = RF_OP_CONV,
  .input_type = RF_U8,
  .output_type = RF_U8,
  .accumulators = RF_ACCUMULATOR_NARROW,
  .isa = RF_ISA_NEON,
  .cycles_per_tap = 0.078f,
  .row_multiple = RF_WINOGRAD_PIXELS,
  .outputs = 2,
  .suits = rf_winograd_suits,
  .packed_bytes = rf_u8_winograd_bytes,
  .pack = rf_u8_pack_winograd,
  .scratch_bytes = rf_u8_winograd_scratch,
  .run = conv};
#endif
