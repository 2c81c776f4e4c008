// Y'CbCr to R'G'B' for AVX2: 16 pixels at once, the first and the second of each pair in vectors of their own, so that both
// take the same products of Cb and Cr. The shuffles that interleave the channels bring them back into order for nothing.
// Include it after <immintrin.h> and inside the file's target attribute, with FP_CONTRACT off.
#ifndef RF_AVX2_U8_YCBCR_H
#define RF_AVX2_U8_YCBCR_H
#include "../ycbcr.h"

// Samples of eight pairs in 32-bit lanes.
typedef struct {
  __m256i first, second, cb, cr;
} pairs;

INLINED __m256i low_bytes(__m256i lanes) { return _mm256_and_si256(lanes, _mm256_set1_epi32(255)); }

INLINED __m256i two_bytes_a_lane(const uint8_t *bytes) { return _mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)bytes)); }

INLINED __m256i byte_a_lane(const uint8_t *bytes) { return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)bytes)); }

INLINED pairs load_pairs(const rf_ycbcr_args *a, rf_ycbcr_layout layout, ptrdiff_t x) {
  if (layout == RF_YUYV || layout == RF_UYVY) {
    const __m256i groups = _mm256_loadu_si256((const void *)(a->luma + 2 * x));
    const __m256i bytes[4] = {
      low_bytes(groups), low_bytes(_mm256_srli_epi32(groups, 8)), low_bytes(_mm256_srli_epi32(groups, 16)), _mm256_srli_epi32(groups, 24)};
    if (layout == RF_YUYV) return (pairs){bytes[0], bytes[2], bytes[1], bytes[3]};
    return (pairs){bytes[1], bytes[3], bytes[0], bytes[2]};
  }
  const __m256i luma = two_bytes_a_lane(a->luma + x);
  const __m256i first = low_bytes(luma), second = _mm256_srli_epi32(luma, 8);
  if (layout == RF_I420) return (pairs){first, second, byte_a_lane(a->cb + x / 2), byte_a_lane(a->cr + x / 2)};
  const __m256i chroma = two_bytes_a_lane(a->cb + x);
  const __m256i even = low_bytes(chroma), odd = _mm256_srli_epi32(chroma, 8);
  return layout == RF_NV21 ? (pairs){first, second, odd, even} : (pairs){first, second, even, odd};
}

INLINED __m256 floats_less(__m256i bytes, float offset) { return _mm256_sub_ps(_mm256_cvtepi32_ps(bytes), _mm256_set1_ps(offset)); }

INLINED __m256 times(__m256 values, float factor) { return _mm256_mul_ps(values, _mm256_set1_ps(factor)); }

// Rounded to words: pixels 0, 2, 4, 6 and 1, 3, 5, 7 of each half.
INLINED __m256i words(__m256 first, __m256 second) { return _mm256_packs_epi32(_mm256_cvtps_epi32(first), _mm256_cvtps_epi32(second)); }

// Sources of each of a half's 24 bytes: red and green, or blue. Pixel i is byte i / 2, or i / 2 + 4 where it is odd.
enum { NONE = 128 };
static const uint8_t rgb_order[4][16] = {
  {0, 8, NONE, 4, 12, NONE, 1, 9, NONE, 5, 13, NONE, 2, 10, NONE, 6},
  {14, NONE, 3, 11, NONE, 7, 15, NONE},
  {NONE, NONE, 0, NONE, NONE, 4, NONE, NONE, 1, NONE, NONE, 5, NONE, NONE, 2, NONE},
  {NONE, 6, NONE, NONE, 3, NONE, NONE, 7}};
static const uint8_t bgr_order[4][16] = {
  {NONE, 8, 0, NONE, 12, 4, NONE, 9, 1, NONE, 13, 5, NONE, 10, 2, NONE},
  {14, 6, NONE, 11, 3, NONE, 15, 7},
  {0, NONE, NONE, 4, NONE, NONE, 1, NONE, NONE, 5, NONE, NONE, 2, NONE, NONE, 6},
  {NONE, NONE, 3, NONE, NONE, 7, NONE, NONE}};

INLINED __m256i ordered(__m256i red_green, __m256i blue, const uint8_t order[4][16], int part) {
  const __m256i a = _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)order[part]));
  const __m256i b = _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)order[part + 2]));
  return _mm256_or_si256(_mm256_shuffle_epi8(red_green, a), _mm256_shuffle_epi8(blue, b));
}

INLINED void store_pixels(__m256i red, __m256i green, __m256i blue, const uint8_t order[4][16], uint8_t *output) {
  // The packs saturate: this is where values are held within 0...255.
  const __m256i red_green = _mm256_packus_epi16(red, green), blues = _mm256_packus_epi16(blue, blue);
  const __m256i start = ordered(red_green, blues, order, 0), end = ordered(red_green, blues, order, 1);
  _mm_storeu_si128((void *)output, _mm256_castsi256_si128(start));
  _mm_storel_epi64((void *)(output + 16), _mm256_castsi256_si128(end));
  _mm_storeu_si128((void *)(output + 24), _mm256_extracti128_si256(start, 1));
  _mm_storel_epi64((void *)(output + 40), _mm256_extracti128_si256(end, 1));
}

INLINED void sixteen(const rf_ycbcr_args *a, rf_ycbcr_layout layout, const uint8_t order[4][16], ptrdiff_t x) {
  const pairs p = load_pairs(a, layout, x);
  const __m256 blueness = floats_less(p.cb, 128), redness = floats_less(p.cr, 128);
  const __m256 first = times(floats_less(p.first, a->black), a->luma_scale);
  const __m256 second = times(floats_less(p.second, a->black), a->luma_scale);
  const __m256 red = times(redness, a->red_from_cr), blue = times(blueness, a->blue_from_cb);
  const __m256 from_cb = times(blueness, a->green_from_cb), from_cr = times(redness, a->green_from_cr);
  const __m256 first_green = _mm256_add_ps(_mm256_add_ps(first, from_cb), from_cr);
  const __m256 second_green = _mm256_add_ps(_mm256_add_ps(second, from_cb), from_cr);
  store_pixels(words(_mm256_add_ps(first, red), _mm256_add_ps(second, red)), words(first_green, second_green),
               words(_mm256_add_ps(first, blue), _mm256_add_ps(second, blue)), order, a->output + 3 * x);
}

INLINED void convert_row(const rf_ycbcr_args *given, rf_ycbcr_layout layout) {
  // A copy of its own, which no store of bytes can change: the factors stay in registers.
  const rf_ycbcr_args a = *given;
  const uint8_t (*order)[16] = a.reversed ? bgr_order : rgb_order;
#define SIXTEEN(x) sixteen(&a, layout, order, x)
  RF_YCBCR_ROW(&a, SIXTEEN);
#undef SIXTEEN
}

static void ycbcr(const rf_ycbcr_args *a) {
  switch (a->layout) {
  case RF_YUYV: convert_row(a, RF_YUYV); break;
  case RF_UYVY: convert_row(a, RF_UYVY); break;
  case RF_NV12: convert_row(a, RF_NV12); break;
  case RF_I420: convert_row(a, RF_I420); break;
  case RF_NV21: convert_row(a, RF_NV21); break;
  }
}
#endif
