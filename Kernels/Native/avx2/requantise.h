// The 8-bit rounding rule (rfkernels.h) for 8 sums. Include it after <immintrin.h>, inside the file's target attribute and
// with FP_CONTRACT off.
#ifndef RF_AVX2_REQUANTISE_H
#define RF_AVX2_REQUANTISE_H
#include "../rounding.h"

// `sum`: M + sum, of 8 channels whose constants follow. Results as 32-bit integers, not clamped.
INLINED __m256i requantised(__m256 sum, const float *multipliers, const float *addends, float slope) {
  const __m256 multiplier = _mm256_loadu_ps(multipliers), addend = _mm256_loadu_ps(addends);
  __m256 value;
  if (rf_is_leaky(slope)) {
    value = _mm256_mul_ps(_mm256_sub_ps(sum, _mm256_set1_ps(RF_MAGIC)), multiplier);
    value = _mm256_max_ps(value, _mm256_mul_ps(value, _mm256_set1_ps(slope)));
    value = _mm256_add_ps(value, addend);
  } else {
    value = _mm256_fmadd_ps(sum, multiplier, addend);
  }
  return _mm256_sub_epi32(_mm256_castps_si256(value), _mm256_set1_epi32(RF_MAGIC_BITS));
}
#endif
