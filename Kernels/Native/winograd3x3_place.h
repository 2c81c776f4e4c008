// The parts that all 3x3 convolutions by F(4x4, 3x3) share: the sizes and the place of a tile, and the number of tiles that are
// computed at a time.
#ifndef RF_WINOGRAD3X3_PLACE_H
#define RF_WINOGRAD3X3_PLACE_H
#include "rfkernels.h"
#include "tiles.h"

enum { SIDE = RF_WINOGRAD_PIXELS + 2, POSITIONS = RF_WINOGRAD_POSITIONS };

// In output pixels.
typedef struct {
  ptrdiff_t x, y;
  int32_t rows, columns; // that are left from there
} tile_place;

INLINED int32_t tiles_along(int32_t pixels) { return (pixels + RF_WINOGRAD_PIXELS - 1) / RF_WINOGRAD_PIXELS; }

INLINED tile_place place(int32_t width, int32_t height, int32_t tile) {
  const int32_t across = tiles_along(width);
  const int32_t x = tile % across * RF_WINOGRAD_PIXELS, y = tile / across * RF_WINOGRAD_PIXELS;
  return (tile_place){x, y, height - y, width - x};
}

// All tiles of a rectangle in blocks of nearly equal size.
INLINED rf_tiling blocks_of_tiles(int32_t width, int32_t height) {
  return rf_tile_row(tiles_along(width) * tiles_along(height), RF_WINOGRAD_TILES);
}
#endif
