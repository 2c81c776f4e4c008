// Stores 8 channels of the pixels of a tile. Include it after <immintrin.h>, inside the file's target attribute and with
// FP_CONTRACT off.
#ifndef RF_AVX2_STORE_H
#define RF_AVX2_STORE_H
#include "../u8_conv_tiles.h"
#include "requantise.h"

// Stores the `count` channels that exist of the 8 from `channel` of the block on. `sum`: of each pixel as floats, more by b->zero.
INLINED void store_bytes(const rf_u8_block *b, const __m256 *sum, int32_t channel, int32_t count, uint8_t *output, int pixels) {
  UNROLLED for (int first = 0; first < pixels; first += 4) {
    __m256i values[4];
    UNROLLED for (int p = 0; p < 4; p++)
      values[p] = first + p < pixels ? requantised(sum[first + p], b->multiplier + channel, b->addend + channel, b->slope, b->zero)
                                     : _mm256_setzero_si256();
    store_four(values, output + first * b->output_pixel_stride, b->output_pixel_stride, pixels - first < 4 ? pixels - first : 4, count);
  }
}

INLINED void store_floats(const rf_u8_block *b, const __m256 *sum, int32_t channel, int32_t count, float *output, int pixels) {
  const __m256i owned = _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  const __m256 multiplier = _mm256_loadu_ps(b->multiplier + channel);
  UNROLLED for (int p = 0; p < pixels; p++) {
    const __m256 value = _mm256_mul_ps(_mm256_sub_ps(sum[p], _mm256_set1_ps(b->zero)), multiplier);
    _mm256_maskstore_ps(output + p * b->output_pixel_stride, owned, value);
  }
}
#endif
