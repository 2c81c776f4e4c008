// Nearest upsampling and addition for AVX2: 8 channels at once. The memory sets the pace, so nothing wider is needed.
#if defined(__x86_64__)
#include "rfkernels.h"
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "vector.h"

INLINED void add_pixel(const float *coarse, float *output, int32_t channels) {
  int32_t c = 0;
  for (; c + RF_AVX2_LANES <= channels; c += RF_AVX2_LANES)
    _mm256_storeu_ps(output + c, _mm256_add_ps(_mm256_loadu_ps(output + c), _mm256_loadu_ps(coarse + c)));
  const int32_t rest = channels - c;
  if (rest > 0) store_first(output + c, _mm256_add_ps(load_first(output + c, rest), load_first(coarse + c, rest)), rest);
}

static void upsample_add(const rf_f32_upsample_add_args *a) {
  for (ptrdiff_t y = 0; y < a->height; y++) {
    const float *row = a->coarse + a->row_index[y] * a->coarse_row_stride;
    float *output = a->output + y * a->output_row_stride;
    for (ptrdiff_t x = 0; x < a->width; x++)
      add_pixel(row + (ptrdiff_t)a->column_index[x] * a->channels, output + x * a->channels, a->channels);
  }
}

const rf_kernel rf_f32_upsample_add__avx2 = {
  .name = "rf_f32_upsample_add__avx2", .op = RF_OP_f32_upsample_add, .isa = RF_ISA_AVX2, .cycles_per_output = 0.3f,
  .f32_upsample_add = upsample_add};
#pragma clang attribute pop
#endif
