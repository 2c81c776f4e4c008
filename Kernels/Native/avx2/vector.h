// The parts that the float32 AVX2 kernels share: 8 floats, their activation, and loads and stores of fewer than 8 that touch no
// further byte.
// Include it after <immintrin.h> and inside the file's target attribute.
#ifndef RF_AVX2_VECTOR_H
#define RF_AVX2_VECTOR_H
#include "../tiles.h"
#include <stdint.h>

// Name of the direct convolution's product, which Winograd's filtering uses as well.
#ifndef RF_PRODUCT
#define RF_PRODUCT rf_f32_product__avx2
#endif

enum { LANES = 8 };
typedef __m256 vector;

INLINED vector activated_by(vector value, float slope) { return _mm256_max_ps(value, _mm256_mul_ps(value, _mm256_set1_ps(slope))); }

INLINED vector plus_product(vector sum, vector a, vector b) { return _mm256_fmadd_ps(a, b, sum); }

// The first `count` of 8, the others 0.
INLINED __m256 load_first(const float *input, int32_t count) {
  if (count >= LANES) return _mm256_loadu_ps(input);
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_maskload_ps(input, _mm256_cmpgt_epi32(_mm256_set1_epi32(count), lane));
}

// Stores the first `count` of 8; none where it is not positive. In pieces, because masked stores are slow on AMD's
// processors.
INLINED void store_first(float *output, __m256 value, int32_t count) {
  if (count >= LANES) {
    _mm256_storeu_ps(output, value);
    return;
  }
  if (count <= 0) return;
  __m128 rest = _mm256_castps256_ps128(value);
  if (count & 4) {
    _mm_storeu_ps(output, rest);
    output += 4;
    rest = _mm256_extractf128_ps(value, 1);
  }
  if (count & 2) {
    _mm_storel_pi((__m64 *)output, rest);
    output += 2;
    rest = _mm_movehl_ps(rest, rest);
  }
  if (count & 1) _mm_store_ss(output, rest);
}
#endif
