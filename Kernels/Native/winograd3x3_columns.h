// 3x3 convolution by F(4x4, 3x3) where registers hold the six positions of a column of four tiles for 16 channels: their
// products are taken together, and the column's way back to four sums follows at once. That saves a third of what would be
// stored and loaded in between, and what is left fits the first cache. For floats and for 16-bit integers alike.
// Include it after the transforms and inside the file's target attribute; the file brings
//   value, result           elements of the transformed inputs and weights; of the sums
//   sums                    a vector of RF_PANEL results
//   COLUMN                  results of a column, RF_WINOGRAD_PIXELS * RF_PANEL
//   STEP                    values that are multiplied and added at a time for a channel
//   plus_products           a vector of sums, plus STEP values, the same for all channels, times a vector of weights
//   input_tile              one tile's inputs, all channels; rows and columns of positions so many values apart
//   output_tile             one tile's panel from its columns[6][4][channel]
#ifndef RF_WINOGRAD3X3_COLUMNS_H
#define RF_WINOGRAD3X3_COLUMNS_H

enum { COLUMN_TILES = 4, TILE_SUMS = SIDE * COLUMN };

// Distances in values between neighbours: positions of a tile's inputs; panels of the weights, and positions of a panel.
typedef struct {
  ptrdiff_t input_position, weight_panel, weight_position;
  int32_t steps; // of a sum
  const value *weights;
} column_layout;

// One column of `tiles` tiles by one panel, to outputs[tile][column][4][channel].
INLINED void column_product(const column_layout *l, const value *inputs, const value *weights, result *outputs, int tiles) {
  sums sum[COLUMN_TILES][SIDE], weight[SIDE];
  const ptrdiff_t input_position = l->input_position, weight_row = SIDE * l->weight_position;
  UNROLLED for (int t = 0; t < tiles; t++) UNROLLED for (int y = 0; y < SIDE; y++) sum[t][y] = (sums){};
  for (int32_t k = l->steps; k > 0; k--, inputs += STEP, weights += STEP * RF_PANEL) {
    UNROLLED for (int y = 0; y < SIDE; y++) __builtin_memcpy(&weight[y], weights + y * weight_row, sizeof weight[y]);
    UNROLLED for (int t = 0; t < tiles; t++) UNROLLED for (int y = 0; y < SIDE; y++)
      sum[t][y] = plus_products(sum[t][y], inputs + (t * SIDE + y) * input_position, weight[y]);
  }
  UNROLLED for (int t = 0; t < tiles; t++) {
    transform_output_line(sum[t], 1);
    UNROLLED for (int y = 0; y < RF_WINOGRAD_PIXELS; y++)
      __builtin_memcpy(outputs + t * TILE_SUMS + y * RF_PANEL, &sum[t][y], sizeof sum[t][y]);
  }
}

#define COLUMN_PRODUCT(tiles) \
  static void column_product_##tiles(const column_layout *l, const value *inputs, const value *weights, result *outputs) { \
    column_product(l, inputs, weights, outputs, tiles); \
  }
UP_TO_4(COLUMN_PRODUCT)
#define COLUMN_PRODUCT_NAME(tiles) column_product_##tiles,
typedef void column_product_fn(const column_layout *l, const value *inputs, const value *weights, result *outputs);
static column_product_fn *const column_products[COLUMN_TILES] = {UP_TO_4(COLUMN_PRODUCT_NAME)};

// Up to RF_WINOGRAD_TILES tiles, all channels. In scratch lie inputs[column][tile][row][channel] and a panel's sums.
static void block_of_tiles(const rf_args *a, const column_layout *l, const tile_place *at, int32_t tiles) {
  const ptrdiff_t tile_values = SIDE * l->input_position, column_values = tiles * tile_values;
  value *inputs = a->scratch;
  result *outputs = (result *)(inputs + RF_WINOGRAD_TILES * SIDE * tile_values);
  const rf_tiling tiling = rf_tile_row(tiles, COLUMN_TILES);
  for (int32_t t = 0; t < tiles; t++) input_tile(a, at[t], inputs + t * tile_values, l->input_position, column_values);
  for (int32_t o = 0; o < a->shape.cout; o += RF_PANEL) {
    const value *weights = l->weights + o / RF_PANEL * l->weight_panel;
    for (int32_t x = 0; x < SIDE; x++, weights += l->weight_position) {
      const value *column = inputs + x * column_values;
      result *to = outputs + x * COLUMN;
      for (int32_t index = 0; index < tiling.count; index++) {
        const int32_t count = rf_tile_pixels(&tiling, index);
        column_products[count - 1](l, column, weights, to);
        column += count * tile_values;
        to += count * TILE_SUMS;
      }
    }
    for (int32_t t = 0; t < tiles; t++) output_tile(a, at[t], outputs + t * TILE_SUMS, o);
  }
}

// The whole rectangle.
INLINED void rf_winograd3x3_by_columns(const rf_args *a, const column_layout *l) {
  if (a->shape.width <= 0 || a->shape.height <= 0) return;
  const rf_tiling blocks = blocks_of_tiles(a->shape.width, a->shape.height);
  for (int32_t block = 0, first = 0; block < blocks.count; block++) {
    const int32_t tiles = rf_tile_pixels(&blocks, block);
    tile_place at[RF_WINOGRAD_TILES];
    for (int32_t t = 0; t < tiles; t++) at[t] = place(a->shape.width, a->shape.height, first + t);
    block_of_tiles(a, l, at, tiles);
    first += tiles;
  }
}
#endif
