// Typed access to the arguments of layer kernels (rfkernels.h).
#ifndef RF_ARGS_H
#define RF_ARGS_H
#include "rfkernels.h"
#include "tiles.h"

// The first tap of the first pixel of output row `y`.
INLINED const float *rf_f32_input(const rf_args *a, ptrdiff_t y) {
  return (const float *)a->input[0].pixels + y * a->shape.stride * a->input[0].row_stride;
}
INLINED const uint8_t *rf_u8_input(const rf_args *a, ptrdiff_t y) {
  return (const uint8_t *)a->input[0].pixels + y * a->shape.stride * a->input[0].row_stride;
}

// The first pixel of output row `y`.
INLINED float *rf_f32_output(const rf_args *a, ptrdiff_t y) { return (float *)a->output[0].pixels + y * a->output[0].row_stride; }
INLINED uint8_t *rf_u8_output(const rf_args *a, ptrdiff_t y) { return (uint8_t *)a->output[0].pixels + y * a->output[0].row_stride; }
#endif
