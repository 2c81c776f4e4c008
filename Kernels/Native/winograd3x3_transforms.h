// Winograd's minimal filtering F(4x4, 3x3), Lavin and Gray, arXiv 1509.09308: the transforms at the points 0, 1, -1, 2, -2
// and infinity. In between lies a 1x1 convolution for each of the 36 positions of a tile.
// Include it inside the file's target attribute; the file brings `vector`, LANES, activated_by, and load_first and
// store_first of up to LANES channels.
#ifndef RF_WINOGRAD3X3_TRANSFORMS_H
#define RF_WINOGRAD3X3_TRANSFORMS_H
#include "winograd3x3_place.h"

// B^T d for the 6 values that are `step` apart.
INLINED void transform_input_line(vector *d, int step) {
  const vector even = d[4 * step] - 4.0f * d[2 * step], odd = d[3 * step] - 4.0f * d[step];
  const vector far_even = d[4 * step] - d[2 * step], far_odd = 2.0f * (d[3 * step] - d[step]);
  d[0] = 4.0f * d[0] + (d[4 * step] - 5.0f * d[2 * step]);
  d[5 * step] = 4.0f * d[step] + (d[5 * step] - 5.0f * d[3 * step]);
  d[step] = even + odd;
  d[2 * step] = even - odd;
  d[3 * step] = far_even + far_odd;
  d[4 * step] = far_even - far_odd;
}

// A^T m for 6 values that are `step` apart: the result is the first 4.
INLINED void transform_output_line(vector *m, int step) {
  const vector near = m[step] + m[2 * step], near_odd = m[step] - m[2 * step];
  const vector far = m[3 * step] + m[4 * step], far_odd = m[3 * step] - m[4 * step];
  m[0] = m[0] + near + far;
  m[step] = 2.0f * far_odd + near_odd;
  m[2 * step] = 4.0f * far + near;
  m[3 * step] = 8.0f * far_odd + (near_odd + m[5 * step]);
}

// Up to LANES channels of a tile of which `rows` x `columns` input pixels exist.
INLINED void transform_input(const float *input, ptrdiff_t row_stride, ptrdiff_t cin, int32_t rows, int32_t columns, int32_t count,
                             float *values, ptrdiff_t row_step, ptrdiff_t column_step) {
  vector d[POSITIONS];
  UNROLLED for (int y = 0; y < SIDE; y++) {
    // Prefetches the columns that the next tile adds; maps are larger than the nearer caches.
    if (columns == SIDE)
      UNROLLED for (int x = 2; x < SIDE; x++) __builtin_prefetch(input + y * row_stride + (x + RF_WINOGRAD_PIXELS) * cin);
    UNROLLED for (int x = 0; x < SIDE; x++) d[y * SIDE + x] = y < rows && x < columns ? load_first(input + y * row_stride + x * cin, count)
                                                                                      : (vector){};
    transform_input_line(d + y * SIDE, 1);
  }
  UNROLLED for (int x = 0; x < SIDE; x++) {
    transform_input_line(d + x, SIDE);
    UNROLLED for (int y = 0; y < SIDE; y++) store_first(values + y * row_step + x * column_step, d[y * SIDE + x], count);
  }
}

// All channels of a tile: values[y][x] are `row_step` and `column_step` apart.
static void input_tile(const rf_args *a, tile_place at, float *values, ptrdiff_t row_step, ptrdiff_t column_step) {
  const ptrdiff_t stride = a->input[0].row_stride;
  const float *input = rf_f32_input(a, at.y) + at.x * a->shape.cin;
  int32_t c = 0;
  if (at.rows >= RF_WINOGRAD_PIXELS && at.columns >= RF_WINOGRAD_PIXELS)
    for (; c + LANES <= a->shape.cin; c += LANES)
      transform_input(input + c, stride, a->shape.cin, SIDE, SIDE, LANES, values + c, row_step, column_step);
  for (; c < a->shape.cin; c += LANES)
    transform_input(input + c, stride, a->shape.cin, at.rows + 2, at.columns + 2, a->shape.cin - c, values + c, row_step, column_step);
}
#endif
