// Nearest upsampling and addition: the loop over pixels. Include it inside the file's target attribute; the file brings
//   element                 of both maps
//   add_pixel               adds the channels of a coarse pixel to those of an output pixel
#ifndef RF_UPSAMPLE_ADD_H
#define RF_UPSAMPLE_ADD_H
#include "args.h"

static void upsample_add(const rf_args *a) {
  const ptrdiff_t channels = a->shape.cout;
  for (ptrdiff_t y = 0; y < a->shape.height; y++) {
    const element *row = (const element *)a->input[0].pixels + a->row_index[y] * a->input[0].row_stride;
    element *output = (element *)a->output[0].pixels + y * a->output[0].row_stride;
    for (ptrdiff_t x = 0; x < a->shape.width; x++)
      add_pixel(row + a->column_index[x] * channels, output + x * channels, a->shape.cout, a->zero);
  }
}
#endif
