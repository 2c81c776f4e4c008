// The 8-bit 3x3 convolution by Winograd's filtering (rfkernels.h has the integers): the walk over tiles and the transforms.
// Include it inside the file's target attribute; the file brings
//   words, sums             vectors of WORDS 16-bit integers and of SUMS unsigned 32-bit ones
//   load_bytes              WORDS bytes, widened
//   store_words, load_sums
//   halved                  sums as signed numbers, shifted right
//   PANELS                  panels whose products are computed together, so that a position's inputs are read once for them
//   products                of one position: all tiles of a block by `panels` panels
//   store_pixels            the rounding rule on SUMS channels of up to 4 neighbours, of which the first `columns` exist
#ifndef RF_U8_WINOGRAD3X3_TILES_H
#define RF_U8_WINOGRAD3X3_TILES_H
#include "u8_winograd3x3_output.h"

enum { SIDE = RF_WINOGRAD_PIXELS + 2, POSITIONS = RF_WINOGRAD_POSITIONS };
enum { INVERSE_OF_9 = 0x38e38e39 }; // modulo 2^32

// B^T d for the 6 values that are `step` apart.
INLINED void transform_input_line(words *d, int step) {
  const words even = 4 * d[2 * step] - d[4 * step], odd = 4 * d[step] - d[3 * step];
  const words far_even = d[4 * step] - d[2 * step], far_odd = 2 * (d[3 * step] - d[step]);
  d[0] = 4 * (d[0] - d[2 * step]) + far_even;
  d[5 * step] = d[5 * step] - d[3 * step] - 2 * far_odd;
  d[step] = even + odd;
  d[2 * step] = even - odd;
  d[3 * step] = far_even + far_odd;
  d[4 * step] = far_even - far_odd;
}

// A^T m for 6 values that are `step` apart: the result is the first 4.
INLINED void transform_output_line(sums *m, int step) {
  const sums near = m[step] + m[2 * step], near_odd = m[step] - m[2 * step];
  const sums far = m[3 * step] + m[4 * step], far_odd = m[3 * step] - m[4 * step];
  m[0] = m[0] + near + far;
  m[step] = 2 * far_odd + near_odd;
  m[2 * step] = 4 * far + near;
  m[3 * step] = 2 * (4 * far_odd + m[5 * step]) + near_odd;
}

// Where a tile lies, in output pixels.
typedef struct {
  ptrdiff_t x, y;
  int32_t rows, columns; // that are left from there
} tile_place;

INLINED tile_place place(const rf_u8_winograd3x3_args *a, int32_t tile) {
  const int32_t across = (a->width + RF_WINOGRAD_PIXELS - 1) / RF_WINOGRAD_PIXELS;
  const int32_t x = tile % across * RF_WINOGRAD_PIXELS, y = tile / across * RF_WINOGRAD_PIXELS;
  return (tile_place){x, y, a->height - y, a->width - x};
}

// One tile's inputs, all channels: values[position][tile][channel]. A row or column that lies outside is taken for the last.
static void transform_input(const rf_u8_winograd3x3_args *a, tile_place at, int16_t *values, ptrdiff_t position_step) {
  const uint8_t *row[SIDE];
  ptrdiff_t column[SIDE];
  for (int i = 0; i < SIDE; i++) {
    row[i] = a->input + (at.y + smaller(i, at.rows + 1)) * a->input_row_stride + at.x * a->cin;
    column[i] = smaller(i, at.columns + 1) * (ptrdiff_t)a->cin;
  }
  for (ptrdiff_t c = 0; c < a->cin; c += WORDS) {
    words d[POSITIONS];
    UNROLLED for (int y = 0; y < SIDE; y++) {
      UNROLLED for (int x = 0; x < SIDE; x++) d[y * SIDE + x] = load_bytes(row[y] + column[x] + c);
      transform_input_line(d + y * SIDE, 1);
    }
    UNROLLED for (int x = 0; x < SIDE; x++) {
      transform_input_line(d + x, SIDE);
      UNROLLED for (int y = 0; y < SIDE; y++) store_words(values + (y * SIDE + x) * position_step + c, d[y * SIDE + x]);
    }
  }
}

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
    for (int32_t t = 0; t < tiles; t++) transform_input(a, place(a, first + t), inputs + t * tile_words, tiles * tile_words);
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
