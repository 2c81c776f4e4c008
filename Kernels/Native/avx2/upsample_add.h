// Nearest upsampling and addition for AVX2: 8 channels at once. The memory sets the pace, so nothing wider is needed.
// Include it after <immintrin.h> and inside the file's target attribute.
#ifndef RF_AVX2_UPSAMPLE_ADD_H
#define RF_AVX2_UPSAMPLE_ADD_H
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
#endif
