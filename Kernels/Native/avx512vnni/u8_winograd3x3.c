// 8-bit 3x3 convolution by Winograd's filtering for AVX-512 VNNI: vpdpwssd multiplies pairs of 16-bit values and adds them to
// a sum, modulo 2^32. A tile of the product is 6 tiles x 64 channels, 8 x 48, 12 x 32 or 12 x 16.
#if defined(__x86_64__)
#include <immintrin.h>
#include "../u8_winograd3x3_output.h"
#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))), apply_to = function)
#include "requantise.h"

enum { WORDS = 32, SUMS = 16, PANELS = 4, MOST_SUMS = 24 };
typedef int16_t words __attribute__((vector_size(2 * WORDS)));
typedef uint32_t sums __attribute__((vector_size(4 * SUMS)));

INLINED words load_bytes(const uint8_t *bytes) {
  return (words)_mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)bytes));
}
INLINED void store_words(int16_t *to, words value) { _mm512_store_si512(to, (__m512i)value); }
INLINED sums load_sums(const int32_t *from) { return (sums)_mm512_load_si512(from); }
INLINED sums halved(sums value, int times) { return (sums)_mm512_srai_epi32((__m512i)value, (unsigned)times); }

// Hidden from the compiler, which would split vpdpwssd into a product and an addition.
INLINED __m512i plus_pairs(__m512i sum, __m512i pair, __m512i weight) {
  __asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(pair), "v"(weight));
  return sum;
}

INLINED void product(const int16_t *inputs, ptrdiff_t tile_words, const int16_t *weights, ptrdiff_t panel_words, int32_t groups,
                     int32_t *outputs, int tiles, int panels) {
  __m512i sum[MOST_SUMS], weight[PANELS];
  UNROLLED for (int i = 0; i < tiles * panels; i++) sum[i] = _mm512_setzero_si512();
  for (int32_t k = 0; k < groups; k++, inputs += 2, weights += 2 * RF_PANEL) {
    UNROLLED for (int n = 0; n < panels; n++) weight[n] = _mm512_loadu_si512(weights + n * panel_words);
    UNROLLED for (int t = 0; t < tiles; t++) {
      const __m512i pair = _mm512_set1_epi32(*(const int32_t *)(inputs + t * tile_words));
      UNROLLED for (int n = 0; n < panels; n++)
        sum[t * panels + n] = plus_pairs(sum[t * panels + n], pair, weight[n]);
    }
  }
  UNROLLED for (int i = 0; i < tiles * panels; i++) _mm512_store_si512(outputs + i * RF_PANEL, sum[i]);
}

#define PRODUCT(tiles, panels) \
  static void product_##tiles##x##panels(const int16_t *inputs, ptrdiff_t tile_words, const int16_t *weights, \
                                         ptrdiff_t panel_words, int32_t groups, int32_t *outputs) { \
    product(inputs, tile_words, weights, panel_words, groups, outputs, tiles, panels); \
  }
UP_TO_12(PRODUCT, 1)
UP_TO_12(PRODUCT, 2)
UP_TO_8(PRODUCT, 3)
UP_TO_6(PRODUCT, 4)
#define NAME(tiles, panels) product_##tiles##x##panels,
typedef void product_fn(const int16_t *inputs, ptrdiff_t tile_words, const int16_t *weights, ptrdiff_t panel_words,
                        int32_t groups, int32_t *outputs);
static const struct {
  int32_t most_tiles;
  product_fn *of[12];
} by_panels[PANELS] = {{12, {UP_TO_12(NAME, 1)}}, {12, {UP_TO_12(NAME, 2)}}, {8, {UP_TO_8(NAME, 3)}}, {6, {UP_TO_6(NAME, 4)}}};

INLINED void products(const int16_t *inputs, ptrdiff_t tile_words, const int16_t *weights, ptrdiff_t panel_words,
                      int32_t groups, int32_t *outputs, int32_t tiles, int32_t panels) {
  const rf_tiling tiling = rf_tile_row(tiles, by_panels[panels - 1].most_tiles);
  for (int32_t index = 0; index < tiling.count; index++) {
    const int32_t count = rf_tile_pixels(&tiling, index);
    by_panels[panels - 1].of[count - 1](inputs, tile_words, weights, panel_words, groups, outputs);
    inputs += count * tile_words;
    outputs += count * panels * RF_PANEL;
  }
}

INLINED void store_pixels(const rf_u8_winograd3x3_args *a, const sums sum[4], int32_t o, const rf_u8_destination *to,
                          uint8_t *output, int32_t columns) {
  const __m512i start = _mm512_add_epi32(_mm512_loadu_si512(a->bias + o), _mm512_set1_epi32(RF_MAGIC_BITS));
  const __m512 multiplier = _mm512_loadu_ps(a->multiplier + o), addend = _mm512_loadu_ps(a->addend + o);
  __m512i pixel[4];
  UNROLLED for (int x = 0; x < 4; x++)
    pixel[x] = requantised_by(_mm512_add_epi32((__m512i)sum[x], start), multiplier, addend, a->slope);
  const __m512i bytes = bytes_of(pixel[0], pixel[1], pixel[2], pixel[3]);
  const __mmask16 owned = (__mmask16)(to->count >= SUMS ? 0xffff : 0xffff >> (SUMS - to->count));
  const ptrdiff_t stride = to->pixel_stride;
  _mm_mask_storeu_epi8(output, owned, _mm512_castsi512_si128(bytes));
  if (columns > 1) _mm_mask_storeu_epi8(output + stride, owned, _mm512_extracti32x4_epi32(bytes, 1));
  if (columns > 2) _mm_mask_storeu_epi8(output + 2 * stride, owned, _mm512_extracti32x4_epi32(bytes, 2));
  if (columns > 3) _mm_mask_storeu_epi8(output + 3 * stride, owned, _mm512_extracti32x4_epi32(bytes, 3));
}

#include "../u8_winograd3x3_tiles.h"

void rf_u8_winograd3x3__avx512vnni(const rf_u8_winograd3x3_args *a) { rf_u8_winograd3x3_by_tiles(a); }
#pragma clang attribute pop
#endif
