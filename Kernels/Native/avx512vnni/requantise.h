// The 8-bit rounding rule (rfkernels.h) for 16 sums, and the way from four such vectors to bytes. Include it after
// <immintrin.h>, inside the file's target attribute and with FP_CONTRACT off.
#ifndef RF_AVX512VNNI_REQUANTISE_H
#define RF_AVX512VNNI_REQUANTISE_H
#include "../rounding.h"

// `sum`: the bits of the sum as a float, more by `zero` (rounding.h). The low 16 bits of each lane hold the result.
INLINED __m512i requantised_by(__m512i sum, __m512 multiplier, __m512 addend, float slope, float zero) {
  __m512 value = _mm512_castsi512_ps(sum);
  if (!rf_is_leaky(slope)) return _mm512_castps_si512(_mm512_fmadd_ps(value, multiplier, addend));
  value = _mm512_mul_ps(_mm512_sub_ps(value, _mm512_set1_ps(zero)), multiplier);
  value = _mm512_max_ps(value, _mm512_mul_ps(value, _mm512_set1_ps(slope)));
  return _mm512_castps_si512(_mm512_add_ps(value, addend));
}

// Hidden from the compiler, which would emit two instructions for a masked shuffle with a constant mask.
INLINED __mmask64 hidden(uint64_t mask) {
  __mmask64 result = mask;
  __asm__("" : "+k"(result));
  return result;
}

// Four vectors of 16 results as 64 saturated bytes, in order.
INLINED __m512i bytes_of(__m512i a, __m512i b, __m512i c, __m512i d) {
  const __m512i up = _mm512_set4_epi32(0x0d0c8080, 0x09088080, 0x05048080, 0x01008080);
  const __m512i ab = _mm512_mask_shuffle_epi8(a, hidden(0xcccccccccccccccc), b, up);
  const __m512i cd = _mm512_mask_shuffle_epi8(c, hidden(0xcccccccccccccccc), d, up);
  const __m512i by_vector = _mm512_set4_epi32(0x0f0d0b09, 0x0e0c0a08, 0x07050301, 0x06040200);
  const __m512i in_lanes = _mm512_shuffle_epi8(_mm512_packus_epi16(ab, cd), by_vector);
  return _mm512_permutexvar_epi32(_mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), in_lanes);
}

INLINED __mmask64 first_bytes(int count) { return ~0ull >> (64 - count); }
#endif
