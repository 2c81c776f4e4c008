// Dense float32 convolution for NEON: tiles of 4 pixels x 16 channels and 8 x 8. Sixteen sums hide the latency of a product,
// and four taps of a pixel are loaded at once and multiplied lane by lane.
#if defined(__aarch64__)
#include "../winograd3x3_product.h"
#include "vector.h"

enum { WHOLE_PIXELS = 4, HALF_PIXELS = 8, MOST_QUARTERS = RF_PANEL / LANES };

// One tap of all pixels, a lane of `taps`.
#define ADD_TAP(lane) \
  { \
    UNROLLED for (int q = 0; q < quarters; q++) { \
      const vector weight = vld1q_f32(weights + q * LANES); \
      UNROLLED for (int p = 0; p < pixels; p++) sum[p][q] = vfmaq_laneq_f32(sum[p][q], weight, taps[p], lane); \
    } \
    weights += RF_PANEL; \
  }

// Pixels and quarters (of the panel) are constants at every call: the loops over them vanish and `sum` becomes registers.
INLINED void tile(const rf_conv_block *b, const float *input, float *output, int pixels, int quarters) {
  vector sum[HALF_PIXELS][MOST_QUARTERS], taps[HALF_PIXELS];
  UNROLLED for (int p = 0; p < pixels; p++) UNROLLED for (int q = 0; q < quarters; q++) sum[p][q] = vld1q_f32(b->bias + q * LANES);
  const float *weights = b->weights;
  const ptrdiff_t stride = b->input_pixel_stride;
  for (int32_t ky = b->kernel_height; ky > 0; ky--, input += b->input_row_stride) {
    const float *row = input;
    int32_t left = b->taps_in_row;
    for (; left >= LANES; left -= LANES, row += LANES) {
      UNROLLED for (int p = 0; p < pixels; p++) taps[p] = vld1q_f32(row + p * stride);
      ADD_TAP(0)
      ADD_TAP(1)
      ADD_TAP(2)
      ADD_TAP(3)
    }
    for (; left > 0; left--, row++) {
      UNROLLED for (int p = 0; p < pixels; p++) taps[p] = vld1q_dup_f32(row + p * stride);
      ADD_TAP(0)
    }
  }
  UNROLLED for (int p = 0; p < pixels; p++, output += b->output_pixel_stride) UNROLLED for (int q = 0; q < quarters; q++)
    store_first(output + q * LANES, activated_by(sum[p][q], b->slope), b->last_channels - q * LANES);
}

#define TILE(pixels, quarters) \
  static void tile_##pixels##x##quarters(const rf_conv_block *b, const float *input, float *output) { \
    tile(b, input, output, pixels, quarters); \
  }
UP_TO_8(TILE, 2)
UP_TO_4(TILE, 4)

#define NAME(pixels, quarters) tile_##pixels##x##quarters,
static const rf_conv_tiles half_panel = {HALF_PIXELS, {UP_TO_8(NAME, 2)}}, whole_panel = {WHOLE_PIXELS, {UP_TO_4(NAME, 4)}};

// At most 8 output channels take the narrow tiles: the empty half of their panel would cost as much as the other.
void rf_f32_product__neon(const rf_args *a, rf_conv_panels panels) {
  rf_conv_by_tiles(a, panels, a->shape.cout <= RF_PANEL / 2 ? &half_panel : &whole_panel, 1);
}

static void conv(const rf_args *a) { rf_f32_product__neon(a, rf_conv_packed(a)); }

const rf_kernel rf_f32_conv__neon = {
  .name = "rf_f32_conv__neon",
  .op = RF_OP_CONV,
  .input_type = RF_F32,
  .output_type = RF_F32,
  .isa = RF_ISA_NEON,
  .cycles_per_tap = 0.25f,
  .packed_bytes = rf_f32_panels_bytes,
  .pack = rf_f32_pack_panels,
  .run = conv};
#endif
