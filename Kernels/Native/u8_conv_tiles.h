// The parts that the dense 8-bit convolutions share: the walk over panels, rows and tiles of pixels, as in conv_tiles.h.
// Taps come in groups of four bytes; a row's last group may reach over its end, where the weights are 0.
#ifndef RF_U8_CONV_TILES_H
#define RF_U8_CONV_TILES_H
#include "args.h"
#include "rounding.h"

#pragma clang assume_nonnull begin

// The parameters of all tiles of a block of panels. Strides in bytes, those of the output in its elements.
typedef struct {
  const int8_t *weights;                          // of the first panel; likewise:
  const int32_t *start;
  const float *multiplier;
  const float *_Nullable addend;                  // none: the output is float32
  ptrdiff_t panel_stride;                         // of the weights
  ptrdiff_t input_row_stride, input_pixel_stride; // between the inputs of two output pixels
  ptrdiff_t output_pixel_stride;
  int32_t kernel_height, groups_in_row;
  int32_t last_channels;                          // channels of the last panel that exist, 1 to RF_PANEL
  float slope, zero;                              // zero: rf_float_of_zero
} rf_u8_block;

INLINED int rf_is_wide(const rf_u8_block *b) { return __builtin_expect(b->zero == 0, 0); }

// Computes a fixed number of pixels and panels.
typedef void rf_u8_tile_fn(const rf_u8_block *block, const uint8_t *input, void *output);

// Tiles of one number of panels: tile[n - 1] computes n pixels.
enum { RF_U8_TILE_PIXELS = 12, RF_U8_TILE_PANELS = 4 };
typedef struct {
  int32_t most_pixels;
  rf_u8_tile_fn *_Nullable tile[RF_U8_TILE_PIXELS];
} rf_u8_tiles;

// A whole rectangle, whatever its output's elements are.
typedef struct {
  rf_u8_block block;                              // of all panels
  const uint8_t *input;
  uint8_t *output;
  ptrdiff_t input_step, output_step;              // bytes between the rows of output pixels
  ptrdiff_t output_element;                       // bytes
  int32_t width, height, cout;
} rf_u8_rectangle;

INLINED int32_t rf_u8_groups(int32_t taps) { return (taps + 3) / 4; }

// Four taps of one pixel, as a lane.
INLINED int32_t rf_u8_group(const uint8_t *taps) {
  int32_t group;
  __builtin_memcpy(&group, taps, sizeof group);
  return group;
}

// `most_panels` panels at a time; `by_panels[n - 1]` holds the tiles of n panels.
static inline void rf_u8_by_tiles(const rf_u8_rectangle *r, const rf_u8_tiles *by_panels, int32_t most_panels) {
  if (r->width <= 0) return;
  const int32_t panel_count = (r->cout + RF_PANEL - 1) / RF_PANEL;
  for (int32_t panel = 0; panel < panel_count; panel += most_panels) {
    const int32_t rest = panel_count - panel, panels = rest < most_panels ? rest : most_panels;
    const int32_t channels = r->cout - (panel + panels - 1) * RF_PANEL;
    rf_u8_block block = r->block;
    block.weights += panel * block.panel_stride;
    block.start += panel * RF_PANEL;
    block.multiplier += panel * RF_PANEL;
    if (block.addend) block.addend += panel * RF_PANEL;
    block.last_channels = channels < RF_PANEL ? channels : RF_PANEL;
    const rf_u8_tiles *tiles = &by_panels[panels - 1];
    const rf_tiling tiling = rf_tile_row(r->width, tiles->most_pixels);
    for (ptrdiff_t y = 0; y < r->height; y++) {
      const uint8_t *input = r->input + y * r->input_step;
      uint8_t *output = r->output + y * r->output_step + panel * RF_PANEL * r->output_element;
      for (int32_t t = 0; t < tiling.count; t++) {
        const int32_t pixels = rf_tile_pixels(&tiling, t);
        tiles->tile[pixels - 1](&block, input, output);
        input += pixels * block.input_pixel_stride;
        output += pixels * block.output_pixel_stride * r->output_element;
      }
    }
  }
}

// The network's first layer, 3x3 at stride 2 from 3 to at most 8 channels, which fills no tile: variants have routines for it.
enum { RF_U8_STEM_CHANNELS = 8 };
INLINED int rf_u8_is_stem(const rf_shape *s) {
  return s->kernel_width == 3 && s->kernel_height == 3 && s->stride == 2 && s->cin == 3 && s->cout <= RF_U8_STEM_CHANNELS;
}

// The constants of all panels; no addend where the output is float32.
typedef struct {
  const int32_t *start;
  const float *multiplier;
  const float *_Nullable addend;
  const void *weights;
} rf_u8_packed;

INLINED rf_u8_packed rf_u8_unpack(const rf_args *a) {
  const ptrdiff_t channels = (a->shape.cout + RF_PANEL - 1) / RF_PANEL * RF_PANEL;
  const int32_t *start = a->packed;
  const float *multiplier = (const float *)(start + channels), *addend = multiplier + channels;
  const int has_addend = a->shape.output_type == RF_U8;
  return (rf_u8_packed){start, multiplier, has_addend ? addend : 0, has_addend ? addend + channels : addend};
}

INLINED rf_u8_rectangle rf_u8_rectangle_of(const rf_args *a) {
  const rf_shape *s = &a->shape;
  const rf_output *output = &a->output[0];
  const int32_t groups = rf_u8_groups(s->kernel_width * s->cin);
  const ptrdiff_t element = s->output_type == RF_U8 ? 1 : sizeof(float);
  const rf_u8_packed packed = rf_u8_unpack(a);
  return (rf_u8_rectangle){
    .block =
      {.weights = packed.weights,
       .start = packed.start,
       .multiplier = packed.multiplier,
       .addend = packed.addend,
       .panel_stride = (ptrdiff_t)s->kernel_height * groups * RF_PANEL * 4,
       .input_row_stride = a->input[0].row_stride,
       .input_pixel_stride = (ptrdiff_t)s->stride * s->cin,
       .output_pixel_stride = output->pixel_stride,
       .kernel_height = s->kernel_height,
       .groups_in_row = groups,
       .slope = s->slope,
       .zero = rf_float_of_zero(s)},
    .input = a->input[0].pixels,
    .output = output->pixels,
    .input_step = s->stride * a->input[0].row_stride,
    .output_step = output->row_stride * element,
    .output_element = element,
    .width = s->width,
    .height = s->height,
    .cout = s->cout};
}

#pragma clang assume_nonnull end
#endif
