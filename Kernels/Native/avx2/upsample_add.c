// Nearest upsampling and addition for AVX2: 8 channels at once. The memory sets the pace, so nothing wider is needed.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "vector.h"

typedef float element;

INLINED void add_pixel(const float *coarse, float *output, int32_t channels, int32_t zero) {
  (void)zero;
  int32_t c = 0;
  for (; c + LANES <= channels; c += LANES)
    _mm256_storeu_ps(output + c, _mm256_add_ps(_mm256_loadu_ps(output + c), _mm256_loadu_ps(coarse + c)));
  const int32_t rest = channels - c;
  if (rest > 0) store_first(output + c, _mm256_add_ps(load_first(output + c, rest), load_first(coarse + c, rest)), rest);
}

#include "../upsample_add.h"

const rf_kernel rf_f32_upsample_add__avx2 = {
  .name = "rf_f32_upsample_add__avx2",
  .op = RF_OP_UPSAMPLE_ADD,
  .input_type = RF_F32,
  .output_type = RF_F32,
  .isa = RF_ISA_AVX2,
  .cycles_per_output = 0.3f,
  .run = upsample_add};
#pragma clang attribute pop
#endif
