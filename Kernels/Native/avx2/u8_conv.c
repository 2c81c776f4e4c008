// Dense 8-bit convolutions for AVX2, exact: bytes and weights are widened to 16 bits, whose pairs of products vpmaddwd sums
// in 32 (vpmaddubsw would saturate). A tile is 3 pixels x 16 channels; a sum's two halves meet at the end.
#if defined(__x86_64__)
#include "../u8_conv_tiles.h"
#include <immintrin.h>
#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "requantise.h"

enum { PIXELS = 3, QUARTERS = RF_PANEL / 4 };

// sum[p][q]: for each of channels 4q...4q+3 the sums of the even and the odd pairs of taps.
INLINED void add_products(const rf_u8_block *b, const uint8_t *input, __m256i sum[PIXELS][QUARTERS], int pixels) {
  const __m256i words = _mm256_setr_epi8(0, -1, 1, -1, 2, -1, 3, -1, 0, -1, 1, -1, 2, -1, 3, -1,
                                         0, -1, 1, -1, 2, -1, 3, -1, 0, -1, 1, -1, 2, -1, 3, -1);
  UNROLLED for (int p = 0; p < pixels; p++)
    UNROLLED for (int q = 0; q < QUARTERS; q++) sum[p][q] = _mm256_setzero_si256();
  const int8_t *weights = b->weights;
  const ptrdiff_t stride = b->input_pixel_stride, bytes = 4 * (ptrdiff_t)b->groups_in_row;
  for (int32_t ky = b->kernel_height; ky > 0; ky--, input += b->input_row_stride)
    for (ptrdiff_t k = 0; k < bytes; k += 4, weights += 4 * RF_PANEL) {
      __m256i taps[PIXELS];
      UNROLLED for (int p = 0; p < pixels; p++)
        taps[p] = _mm256_shuffle_epi8(_mm256_set1_epi32(rf_u8_group(input + p * stride + k)), words);
      UNROLLED for (int q = 0; q < QUARTERS; q++) {
        const __m256i weight = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(weights + 16 * q)));
        UNROLLED for (int p = 0; p < pixels; p++)
          sum[p][q] = _mm256_add_epi32(sum[p][q], _mm256_madd_epi16(taps[p], weight));
      }
    }
}

// Whole sums of 8 channels, bias and RF_MAGIC_BITS in them: as floats, M + sum.
INLINED __m256 magic_sum(const rf_u8_block *b, __m256i low, __m256i high, int half) {
  const __m256i whole = _mm256_permute4x64_epi64(_mm256_hadd_epi32(low, high), 0xd8);
  const __m256i bias = _mm256_loadu_si256((const __m256i *)(b->bias + 8 * half));
  return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_add_epi32(whole, bias), _mm256_set1_epi32(RF_MAGIC_BITS)));
}

INLINED void store_bytes(const rf_u8_block *b, const __m256i sum[QUARTERS], uint8_t *output) {
  const __m256i low = requantised(magic_sum(b, sum[0], sum[1], 0), b->multiplier, b->addend, b->slope);
  const __m256i high = requantised(magic_sum(b, sum[2], sum[3], 1), b->multiplier + 8, b->addend + 8, b->slope);
  const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xd8);
  const __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  if (b->last_channels == RF_PANEL) {
    _mm_storeu_si128((__m128i *)output, bytes);
  } else if (b->last_channels == RF_PANEL / 2) {
    _mm_storeu_si64(output, bytes);
  } else {
    uint8_t channels[RF_PANEL];
    _mm_storeu_si128((__m128i *)channels, bytes);
    for (int c = 0; c < b->last_channels; c++) output[c] = channels[c];
  }
}

INLINED void tile(const rf_u8_block *b, const uint8_t *input, uint8_t *output, int pixels) {
  __m256i sum[PIXELS][QUARTERS];
  add_products(b, input, sum, pixels);
  UNROLLED for (int p = 0; p < pixels; p++) store_bytes(b, sum[p], output + p * b->output_pixel_stride);
}

INLINED void head_tile(const rf_u8_block *b, const uint8_t *input, float *output, int pixels) {
  __m256i sum[PIXELS][QUARTERS];
  add_products(b, input, sum, pixels);
  UNROLLED for (int p = 0; p < pixels; p++) {
    UNROLLED for (int half = 0; half < 2; half++) {
      const __m256 value = _mm256_sub_ps(magic_sum(b, sum[p][2 * half], sum[p][2 * half + 1], half), _mm256_set1_ps(RF_MAGIC));
      const __m256i lane = _mm256_add_epi32(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), _mm256_set1_epi32(8 * half));
      const __m256i owned = _mm256_cmpgt_epi32(_mm256_set1_epi32(b->last_channels), lane);
      _mm256_maskstore_ps(output + p * b->output_pixel_stride + 8 * half, owned,
                          _mm256_mul_ps(value, _mm256_loadu_ps(b->multiplier + 8 * half)));
    }
  }
}

#define TILE(pixels) \
  static void tile_##pixels(const rf_u8_block *b, const uint8_t *input, void *output) { tile(b, input, output, pixels); } \
  static void head_##pixels(const rf_u8_block *b, const uint8_t *input, void *output) { head_tile(b, input, output, pixels); }
TILE(1)
TILE(2)
TILE(3)

static const rf_u8_tiles tiles = {PIXELS, {tile_1, tile_2, tile_3}};
static const rf_u8_tiles head_tiles = {PIXELS, {head_1, head_2, head_3}};

void rf_u8_conv__avx2(const rf_u8_conv_args *a) {
  const rf_u8_rectangle rectangle = rf_u8_conv_rectangle(a);
  rf_u8_by_tiles(&rectangle, &tiles, 1);
}

void rf_u8_head__avx2(const rf_u8_head_args *a) {
  const rf_u8_rectangle rectangle = rf_u8_head_rectangle(a);
  rf_u8_by_tiles(&rectangle, &head_tiles, 1);
}
#pragma clang attribute pop
#endif
