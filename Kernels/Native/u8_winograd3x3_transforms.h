// The transforms of the 8-bit 3x3 convolution by Winograd's filtering (rfkernels.h has the integers).
// Include it inside the file's target attribute; the file brings
//   words, sums             vectors of WORDS 16-bit integers and of SUMS unsigned 32-bit ones
//   load_bytes              WORDS bytes, widened
//   store_words
#ifndef RF_U8_WINOGRAD3X3_TRANSFORMS_H
#define RF_U8_WINOGRAD3X3_TRANSFORMS_H
#include "u8_winograd3x3_output.h"
#include "winograd3x3_place.h"

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

// One tile's inputs, all channels. A row or column that lies outside is taken for the last.
static void input_tile(const rf_args *a, tile_place at, int16_t *values, ptrdiff_t row_step, ptrdiff_t column_step) {
  const uint8_t *row[SIDE];
  ptrdiff_t column[SIDE];
  for (int i = 0; i < SIDE; i++) {
    row[i] = (const uint8_t *)a->input[0].pixels + (at.y + smaller(i, at.rows + 1)) * a->input[0].row_stride + at.x * a->shape.cin;
    column[i] = smaller(i, at.columns + 1) * (ptrdiff_t)a->shape.cin;
  }
  for (ptrdiff_t c = 0; c < a->shape.cin; c += WORDS) {
    words d[POSITIONS];
    UNROLLED for (int y = 0; y < SIDE; y++) {
      UNROLLED for (int x = 0; x < SIDE; x++) d[y * SIDE + x] = load_bytes(row[y] + column[x] + c);
      transform_input_line(d + y * SIDE, 1);
    }
    UNROLLED for (int x = 0; x < SIDE; x++) {
      transform_input_line(d + x, SIDE);
      UNROLLED for (int y = 0; y < SIDE; y++) store_words(values + y * row_step + x * column_step + c, d[y * SIDE + x]);
    }
  }
}
#endif
