// The 8-bit rounding rule (rfkernels.h) for 8 sums. Include it after <immintrin.h>, inside the file's target attribute and
// with FP_CONTRACT off.
#ifndef RF_AVX2_REQUANTISE_H
#define RF_AVX2_REQUANTISE_H
#include "../rounding.h"

// sum * multiplier + addend, rounded once.
#ifndef RF_FUSED
#define RF_FUSED _mm256_fmadd_ps
#endif

// `sum`: the sum as a float, more by `zero` (rounding.h). The low 16 bits of each lane hold the result.
INLINED __m256 scaled(__m256 sum, __m256 multiplier, __m256 addend, float slope, float zero) {
  if (!rf_is_leaky(slope)) return RF_FUSED(sum, multiplier, addend);
  const __m256 value = _mm256_mul_ps(_mm256_sub_ps(sum, _mm256_set1_ps(zero)), multiplier);
  return _mm256_add_ps(_mm256_max_ps(value, _mm256_mul_ps(value, _mm256_set1_ps(slope))), addend);
}

// The same of 8 channels whose constants follow. Results as 32-bit integers, not clamped.
INLINED __m256i requantised(__m256 sum, const float *multipliers, const float *addends, float slope, float zero) {
  const __m256 value = scaled(sum, _mm256_loadu_ps(multipliers), _mm256_loadu_ps(addends), slope, zero);
  return _mm256_sub_epi32(_mm256_castps_si256(value), _mm256_set1_epi32(RF_MAGIC_BITS));
}

// Stores the first `channels` of 8 bytes of each of the first `pixels` of 4 neighbours.
INLINED void store_eights(__m128i first, __m128i last, uint8_t *output, ptrdiff_t pixel_stride, int32_t pixels, int32_t channels) {
  if (channels >= 8) {
    _mm_storel_epi64((__m128i *)output, first);
    if (pixels > 1) _mm_storel_epi64((__m128i *)(output + pixel_stride), _mm_unpackhi_epi64(first, first));
    if (pixels > 2) _mm_storel_epi64((__m128i *)(output + 2 * pixel_stride), last);
    if (pixels > 3) _mm_storel_epi64((__m128i *)(output + 3 * pixel_stride), _mm_unpackhi_epi64(last, last));
    return;
  }
  uint8_t eights[32];
  _mm_storeu_si128((__m128i *)eights, first);
  _mm_storeu_si128((__m128i *)(eights + 16), last);
  for (int32_t p = 0; p < 4 && p < pixels; p++)
    for (int32_t c = 0; c < channels; c++) output[p * pixel_stride + c] = eights[8 * p + c];
}

// The same of 8 results each, clamped to bytes.
INLINED void store_four(const __m256i values[4], uint8_t *output, ptrdiff_t pixel_stride, int32_t pixels, int32_t channels) {
  // Four bytes of each pixel in either half.
  const __m256i bytes = _mm256_packus_epi16(_mm256_packs_epi32(values[0], values[1]), _mm256_packs_epi32(values[2], values[3]));
  const __m128i low = _mm256_castsi256_si128(bytes), high = _mm256_extracti128_si256(bytes, 1);
  store_eights(_mm_unpacklo_epi32(low, high), _mm_unpackhi_epi32(low, high), output, pixel_stride, pixels, channels);
}
#endif
