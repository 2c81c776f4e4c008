// The 8-bit 3x3 convolution by Winograd's filtering: the walk over tiles where products go through memory, each position by
// itself. Include it inside the file's target attribute; besides what the transforms need (u8_winograd3x3_transforms.h) the
// file brings
//   load_sums
//   PANELS                  panels whose products are computed together, so that a position's inputs are read once for them
//   products                of one position: all tiles of a block by `panels` panels
//   store_pixels            the rounding rule on SUMS channels of 4 neighbours; it gets 64 times the sums
#ifndef RF_U8_WINOGRAD3X3_TILES_H
#define RF_U8_WINOGRAD3X3_TILES_H
#include "rounding.h"
#include "u8_winograd3x3_transforms.h"

// The bytes of a tile that is cut off, of which all 16 pixels were computed.
static __attribute__((noinline)) void store_part(const uint8_t *bytes, const rf_u8_destination *to, uint8_t *output, tile_place at) {
  const int32_t rows = smaller(at.rows, RF_WINOGRAD_PIXELS), columns = smaller(at.columns, RF_WINOGRAD_PIXELS);
  for (int32_t y = 0; y < rows; y++, output += to->row_stride, bytes += RF_WINOGRAD_PIXELS * SUMS) {
    for (int32_t x = 0; x < columns; x++) {
      uint8_t *pixel = output + x * to->pixel_stride;
      if (to->count >= SUMS) __builtin_memcpy(pixel, bytes + x * SUMS, SUMS);
      else
        for (int32_t c = 0; c < to->count; c++) pixel[c] = bytes[x * SUMS + c];
    }
  }
}

// SUMS channels from `o` on of one tile: products[position][tile][channel]. A tile is always computed whole, without a branch;
// one that is cut off goes elsewhere first.
INLINED void transform_output(const rf_args *a, tile_place at, const int32_t *products, ptrdiff_t position_step, int32_t o, int leaky) {
  sums m[POSITIONS];
  UNROLLED for (int x = 0; x < SIDE; x++) {
    UNROLLED for (int y = 0; y < SIDE; y++) m[y * SIDE + x] = load_sums(products + (y * SIDE + x) * position_step);
    transform_output_line(m + x, SIDE);
  }
  uint8_t spare[RF_WINOGRAD_PIXELS * RF_WINOGRAD_PIXELS * SUMS];
  const rf_u8_packed packed = rf_u8_unpack(a);
  const rf_u8_destination to = rf_u8_destination_of(a, o);
  uint8_t *output = to.bytes + at.y * to.row_stride + at.x * to.pixel_stride;
  const int is_whole = (at.rows >= RF_WINOGRAD_PIXELS) & (at.columns >= RF_WINOGRAD_PIXELS) & (to.count >= SUMS);
  const ptrdiff_t row_stride = is_whole ? to.row_stride : RF_WINOGRAD_PIXELS * SUMS;
  const ptrdiff_t pixel_stride = is_whole ? to.pixel_stride : SUMS;
  uint8_t *row = is_whole ? output : spare;
  UNROLLED for (int y = 0; y < RF_WINOGRAD_PIXELS; y++, row += row_stride) {
    transform_output_line(m + y * SIDE, 1);
    UNROLLED for (int x = 0; x < RF_WINOGRAD_PIXELS; x++) m[y * SIDE + x] *= INVERSE_OF_9;
    store_pixels(&packed, a->shape.slope, m + y * SIDE, o, row, pixel_stride, leaky);
  }
  if (__builtin_expect(!is_whole, 0)) store_part(spare, &to, output, at);
}

// Channels `first` to `last` - 1 of one tile.
#define OUTPUT_OF_TILE(name, leaky) \
  static void name(const rf_args *a, tile_place at, const int32_t *products, ptrdiff_t position_step, int32_t first, int32_t last) { \
    for (int32_t o = first; o < last; o += SUMS, products += SUMS) transform_output(a, at, products, position_step, o, leaky); \
  }
OUTPUT_OF_TILE(plain_output_of_tile, 0)
OUTPUT_OF_TILE(leaky_output_of_tile, 1)

// The whole rectangle in blocks of tiles. In scratch lie the transformed inputs and the products of PANELS panels.
INLINED void rf_u8_winograd3x3_by_tiles(const rf_args *a) {
  if (a->shape.width <= 0 || a->shape.height <= 0) return;
  const int leaky = rf_is_leaky(a->shape.slope);
  const int32_t panel_count = (a->shape.cout + RF_PANEL - 1) / RF_PANEL;
  const int32_t groups = (a->shape.cin + TAPS - 1) / TAPS;
  const ptrdiff_t tile_words = (a->shape.cin + 31) / 32 * 32, panel_words = POSITIONS * groups * RF_PANEL * TAPS;
  const int16_t *weights = rf_u8_unpack(a).weights;
  int16_t *inputs = a->scratch;
  int32_t *outputs = (int32_t *)(inputs + RF_WINOGRAD_TILES * POSITIONS * tile_words);
  const rf_tiling blocks = blocks_of_tiles(a->shape.width, a->shape.height);
  for (int32_t block = 0, first = 0, tiles; block < blocks.count; block++, first += tiles) {
    tiles = rf_tile_pixels(&blocks, block);
    for (int32_t t = 0; t < tiles; t++)
      input_tile(a, place(a->shape.width, a->shape.height, first + t), inputs + t * tile_words, SIDE * tiles * tile_words,
                 tiles * tile_words);
    for (int32_t panel = 0, panels; panel < panel_count; panel += panels) {
      panels = smaller(panel_count - panel, PANELS);
      const ptrdiff_t position_step = tiles * panels * RF_PANEL;
      for (int32_t p = 0; p < POSITIONS; p++)
        products(inputs + p * tiles * tile_words, tile_words, weights + panel * panel_words + p * (panel_words / POSITIONS), panel_words,
                 groups, outputs + p * position_step, tiles, panels);
      const int32_t first_channel = panel * RF_PANEL, last_channel = smaller(a->shape.cout, first_channel + panels * RF_PANEL);
      for (int32_t t = 0; t < tiles; t++)
        (leaky ? leaky_output_of_tile : plain_output_of_tile)(a, place(a->shape.width, a->shape.height, first + t),
                                                              outputs + t * panels * RF_PANEL, position_step, first_channel, last_channel);
    }
  }
}
#endif
