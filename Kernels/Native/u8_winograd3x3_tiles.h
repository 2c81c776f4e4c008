// The 8-bit 3x3 convolution by Winograd's filtering: the walk over tiles where products go through memory, each position by
// itself. Include it inside the file's target attribute; besides what the transforms need (u8_winograd3x3_transforms.h) the
// file brings
//   load_sums
//   halved                  sums as signed numbers, shifted right
//   PANELS                  panels whose products are computed together, so that a position's inputs are read once for them
//   products                of one position: all tiles of a block by `panels` panels
//   store_pixels            the rounding rule on SUMS channels of up to 4 neighbours, of which the first `columns` exist
#ifndef RF_U8_WINOGRAD3X3_TILES_H
#define RF_U8_WINOGRAD3X3_TILES_H
#include "u8_winograd3x3_transforms.h"

// SUMS channels from `o` on of one tile: products[position][tile][channel].
static void transform_output(const rf_u8_winograd3x3_args *a, tile_place at, const int32_t *products, ptrdiff_t position_step,
                             int32_t o) {
  sums m[POSITIONS];
  UNROLLED for (int x = 0; x < SIDE; x++) {
    UNROLLED for (int y = 0; y < SIDE; y++) m[y * SIDE + x] = load_sums(products + (y * SIDE + x) * position_step);
    transform_output_line(m + x, SIDE);
  }
  const int32_t columns = smaller(at.columns, RF_WINOGRAD_PIXELS);
  const rf_u8_destination to = rf_u8_destination_of(a, o);
  uint8_t *output = to.bytes + at.y * to.row_stride + at.x * to.pixel_stride;
  UNROLLED for (int y = 0; y < RF_WINOGRAD_PIXELS; y++) {
    transform_output_line(m + y * SIDE, 1);
    UNROLLED for (int x = 0; x < RF_WINOGRAD_PIXELS; x++) m[y * SIDE + x] = halved(m[y * SIDE + x] * INVERSE_OF_9, 6);
    if (y < at.rows) store_pixels(a, m + y * SIDE, o, &to, output + y * to.row_stride, columns);
  }
}

// The whole rectangle in blocks of tiles. In scratch lie the transformed inputs and the products of PANELS panels.
INLINED void rf_u8_winograd3x3_by_tiles(const rf_u8_winograd3x3_args *a) {
  if (a->width <= 0 || a->height <= 0) return;
  const int32_t panel_count = (a->cout + RF_PANEL - 1) / RF_PANEL;
  const int32_t groups = (a->cin + RF_U8_WINOGRAD_TAPS - 1) / RF_U8_WINOGRAD_TAPS;
  const ptrdiff_t tile_words = (a->cin + 31) / 32 * 32, panel_words = POSITIONS * groups * RF_PANEL * RF_U8_WINOGRAD_TAPS;
  int16_t *inputs = a->scratch;
  int32_t *outputs = (int32_t *)(inputs + RF_WINOGRAD_TILES * POSITIONS * tile_words);
  const int32_t across = (a->width + RF_WINOGRAD_PIXELS - 1) / RF_WINOGRAD_PIXELS;
  const rf_tiling blocks = rf_tile_row(across * ((a->height + RF_WINOGRAD_PIXELS - 1) / RF_WINOGRAD_PIXELS), RF_WINOGRAD_TILES);
  for (int32_t block = 0, first = 0, tiles; block < blocks.count; block++, first += tiles) {
    tiles = rf_tile_pixels(&blocks, block);
    for (int32_t t = 0; t < tiles; t++)
      transform_input(a, place(a, first + t), inputs + t * tile_words, SIDE * tiles * tile_words, tiles * tile_words);
    for (int32_t panel = 0, panels; panel < panel_count; panel += panels) {
      panels = smaller(panel_count - panel, PANELS);
      const ptrdiff_t position_step = tiles * panels * RF_PANEL;
      for (int32_t p = 0; p < POSITIONS; p++)
        products(inputs + p * tiles * tile_words, tile_words,
                 a->weights + panel * panel_words + p * (panel_words / POSITIONS), panel_words, groups,
                 outputs + p * position_step, tiles, panels);
      for (int32_t t = 0; t < tiles; t++)
        for (int32_t o = 0; o < panels * RF_PANEL && panel * RF_PANEL + o < a->cout; o += SUMS)
          transform_output(a, place(a, first + t), outputs + t * panels * RF_PANEL + o, position_step, panel * RF_PANEL + o);
    }
  }
}
#endif
