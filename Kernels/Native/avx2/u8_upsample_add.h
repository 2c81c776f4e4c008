// Nearest upsampling and addition in 8 bits for AVX2: 32 channels at once.
// Include it after <immintrin.h> and inside the file's target attribute.
#ifndef RF_AVX2_U8_UPSAMPLE_ADD_H
#define RF_AVX2_U8_UPSAMPLE_ADD_H
#include "../tiles.h"
#include <stdint.h>

typedef uint8_t element;
enum { RF_BYTES = 32 };

// clamp(a + b - zero): of b - zero and zero - b one saturates to 0, so a moves one way only and is clamped once.
INLINED __m256i added(__m256i a, __m256i b, __m256i zero) {
  return _mm256_subs_epu8(_mm256_adds_epu8(a, _mm256_subs_epu8(b, zero)), _mm256_subs_epu8(zero, b));
}

INLINED uint8_t added_byte(int a, int b, int zero) {
  const int sum = a + b - zero;
  return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

INLINED void add_pixel(const uint8_t *coarse, uint8_t *output, int32_t channels, int32_t zero) {
  const __m256i zeros = _mm256_set1_epi8((char)zero);
  int32_t c = 0;
  for (; c + RF_BYTES <= channels; c += RF_BYTES) {
    const __m256i a = _mm256_loadu_si256((const void *)(output + c)), b = _mm256_loadu_si256((const void *)(coarse + c));
    _mm256_storeu_si256((void *)(output + c), added(a, b, zeros));
  }
  for (; c < channels; c++) output[c] = added_byte(output[c], coarse[c], zero);
}

#include "../upsample_add.h"
#endif
