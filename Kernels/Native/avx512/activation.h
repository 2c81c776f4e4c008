// The activation of 16 sums. Include it after <immintrin.h> and inside the file's target attribute.
#ifndef RF_AVX512_ACTIVATION_H
#define RF_AVX512_ACTIVATION_H
#include "../tiles.h"

// A slope that is 0 at compile time costs no multiplication, which matters with few taps.
INLINED __m512 activated(__m512 value, float slope) {
  return _mm512_max_ps(value, slope == 0 ? _mm512_setzero_ps() : _mm512_mul_ps(value, _mm512_set1_ps(slope)));
}
#endif
