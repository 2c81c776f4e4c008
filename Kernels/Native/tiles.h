// Makes tiles and cuts a row into them. Pixels and panels are constants at every call of an INLINED function,
// so UNROLLED loops over them vanish and small arrays of vectors are registers.
#ifndef RF_TILES_H
#define RF_TILES_H
#include <stdint.h>

#define INLINED static inline __attribute__((always_inline))
#define UNROLLED _Pragma("clang loop unroll(full)")

// Lists of X(1, ...) up to X(n, ...), from which a kernel makes its tiles of every width and the tables of them.
#define UP_TO_2(X, ...) X(1, ##__VA_ARGS__) X(2, ##__VA_ARGS__)
#define UP_TO_3(X, ...) UP_TO_2(X, ##__VA_ARGS__) X(3, ##__VA_ARGS__)
#define UP_TO_4(X, ...) UP_TO_3(X, ##__VA_ARGS__) X(4, ##__VA_ARGS__)
#define UP_TO_6(X, ...) UP_TO_4(X, ##__VA_ARGS__) X(5, ##__VA_ARGS__) X(6, ##__VA_ARGS__)
#define UP_TO_8(X, ...) UP_TO_6(X, ##__VA_ARGS__) X(7, ##__VA_ARGS__) X(8, ##__VA_ARGS__)
#define UP_TO_12(X, ...) UP_TO_8(X, ##__VA_ARGS__) X(9, ##__VA_ARGS__) X(10, ##__VA_ARGS__) X(11, ##__VA_ARGS__) X(12, ##__VA_ARGS__)

// A row of pixels in tiles of nearly equal width, at most `most` each: no narrow rest, which would wait for its own sums.
typedef struct {
  int32_t count;   // tiles
  int32_t pixels;  // of a tile
  int32_t wider;   // so many first tiles have one more
} rf_tiling;

// Precondition: width >= 1.
INLINED rf_tiling rf_tile_row(int32_t width, int32_t most) {
  const int32_t count = (width + most - 1) / most;
  return (rf_tiling){count, width / count, width % count};
}

INLINED int32_t rf_tile_pixels(const rf_tiling *tiling, int32_t index) { return tiling->pixels + (index < tiling->wider); }
#endif
