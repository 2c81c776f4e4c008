// Compiles the AVX2 kernels for SSE4.1, for processors such as Atom and Celeron: gives the AVX2 intrinsics that they use other
// definitions, on vectors of 256 bits that the compiler keeps in two registers. Same bits, half the width.
// Include it after <immintrin.h>, inside the file's target attribute, and before the kernel's header.
#ifndef RF_SSE41_HALVES_H
#define RF_SSE41_HALVES_H
#include "../tiles.h"
#include "rfkernels.h"

// 16 registers of 128 bits hold half as many sums.
#define RF_HALF_WIDTH 1
// Vectors of 256 bits are passed to inlined functions only, so that their calling convention does not matter.
#pragma clang diagnostic ignored "-Wpsabi"

typedef int32_t rf_8_i32 __attribute__((vector_size(32)));
typedef uint32_t rf_8_u32 __attribute__((vector_size(32)));
typedef int64_t rf_4_i64 __attribute__((vector_size(32)));
typedef float rf_8_f32 __attribute__((vector_size(32)));

INLINED __m128i half_of(__m256i v, int half) {
  return half ? (__m128i)__builtin_shufflevector((rf_4_i64)v, (rf_4_i64)v, 2, 3)
              : (__m128i)__builtin_shufflevector((rf_4_i64)v, (rf_4_i64)v, 0, 1);
}
INLINED __m128 float_half_of(__m256 v, int half) { return (__m128)half_of((__m256i)v, half); }
INLINED __m256i joined(__m128i low, __m128i high) { return (__m256i)__builtin_shufflevector(low, high, 0, 1, 2, 3); }
INLINED __m256 joined_floats(__m128 low, __m128 high) { return (__m256)joined((__m128i)low, (__m128i)high); }

// Both halves by the intrinsic of 128 bits.
#define RF_BY_HALVES(name, half) \
  INLINED __m256i halves_##name(__m256i a, __m256i b) { \
    return joined(half(half_of(a, 0), half_of(b, 0)), half(half_of(a, 1), half_of(b, 1))); \
  }
RF_BY_HALVES(madd_epi16, _mm_madd_epi16)
RF_BY_HALVES(packs_epi32, _mm_packs_epi32)
RF_BY_HALVES(packus_epi16, _mm_packus_epi16)
RF_BY_HALVES(shuffle_epi8, _mm_shuffle_epi8)
RF_BY_HALVES(unpacklo_epi8, _mm_unpacklo_epi8)
RF_BY_HALVES(unpackhi_epi8, _mm_unpackhi_epi8)
RF_BY_HALVES(unpacklo_epi32, _mm_unpacklo_epi32)
RF_BY_HALVES(unpackhi_epi32, _mm_unpackhi_epi32)
RF_BY_HALVES(unpacklo_epi64, _mm_unpacklo_epi64)
RF_BY_HALVES(unpackhi_epi64, _mm_unpackhi_epi64)
RF_BY_HALVES(hadd_epi32, _mm_hadd_epi32)
RF_BY_HALVES(subs_epu8, _mm_subs_epu8)
RF_BY_HALVES(adds_epu8, _mm_adds_epu8)
RF_BY_HALVES(cmpgt_epi32, _mm_cmpgt_epi32)

INLINED __m256i halves_loadu(const void *from) { return joined(_mm_loadu_si128(from), _mm_loadu_si128((const __m128i *)from + 1)); }
INLINED void halves_storeu(void *to, __m256i v) {
  _mm_storeu_si128(to, half_of(v, 0));
  _mm_storeu_si128((__m128i *)to + 1, half_of(v, 1));
}
INLINED __m256 halves_loadu_ps(const float *from) { return joined_floats(_mm_loadu_ps(from), _mm_loadu_ps(from + 4)); }
INLINED void halves_storeu_ps(float *to, __m256 v) { halves_storeu(to, (__m256i)v); }

INLINED __m256i halves_cvtepu8_epi16(__m128i bytes) {
  return joined(_mm_cvtepu8_epi16(bytes), _mm_cvtepu8_epi16(_mm_srli_si128(bytes, 8)));
}
INLINED __m256i halves_cvtepi8_epi16(__m128i bytes) {
  return joined(_mm_cvtepi8_epi16(bytes), _mm_cvtepi8_epi16(_mm_srli_si128(bytes, 8)));
}
INLINED __m256i halves_cvtepu8_epi32(__m128i bytes) {
  return joined(_mm_cvtepu8_epi32(bytes), _mm_cvtepu8_epi32(_mm_srli_si128(bytes, 4)));
}
INLINED __m256i halves_cvtepu16_epi32(__m128i words) {
  return joined(_mm_cvtepu16_epi32(words), _mm_cvtepu16_epi32(_mm_srli_si128(words, 8)));
}
INLINED __m256i halves_cvtepu32_epi64(__m128i v) { return joined(_mm_cvtepu32_epi64(v), _mm_cvtepu32_epi64(_mm_srli_si128(v, 8))); }
INLINED __m256 halves_cvtepi32_ps(__m256i v) { return joined_floats(_mm_cvtepi32_ps(half_of(v, 0)), _mm_cvtepi32_ps(half_of(v, 1))); }
INLINED __m256i halves_cvtps_epi32(__m256 v) { return joined(_mm_cvtps_epi32(float_half_of(v, 0)), _mm_cvtps_epi32(float_half_of(v, 1))); }
INLINED __m256 halves_max_ps(__m256 a, __m256 b) {
  return joined_floats(_mm_max_ps(float_half_of(a, 0), float_half_of(b, 0)), _mm_max_ps(float_half_of(a, 1), float_half_of(b, 1)));
}
INLINED __m256i halves_broadcast(__m128i v) { return joined(v, v); }

// Elements whose mask has the sign bit; others are neither read nor written. Not inlined: a branch per element, at the end of a
// row only.
static inline __attribute__((noinline)) void copy_masked(const float *from, const int32_t mask[8], float *to) {
  for (int i = 0; i < 8; i++)
    if (mask[i] < 0) to[i] = from[i];
}
INLINED __m256 halves_maskload_ps(const float *from, __m256i mask) {
  float lanes[8] = {0};
  int32_t masks[8];
  halves_storeu(masks, mask);
  copy_masked(from, masks, lanes);
  return halves_loadu_ps(lanes);
}
INLINED void halves_maskstore_ps(float *to, __m256i mask, __m256 value) {
  float lanes[8];
  int32_t masks[8];
  halves_storeu(masks, mask);
  halves_storeu_ps(lanes, value);
  copy_masked(lanes, masks, to);
}

#undef _mm256_permute4x64_epi64
#undef _mm256_extracti128_si256
#undef _mm256_extractf128_ps
#undef _mm256_blend_epi16
#define _mm256_permute4x64_epi64(v, order) \
  ((__m256i)__builtin_shufflevector((rf_4_i64)(v), (rf_4_i64)(v), (order) & 3, (order) >> 2 & 3, (order) >> 4 & 3, (order) >> 6 & 3))
#define _mm256_extracti128_si256(v, half) half_of(v, half)
#define _mm256_extractf128_ps(v, half) float_half_of(v, half)
#define _mm256_blend_epi16(a, b, mask) \
  joined(_mm_blend_epi16(half_of(a, 0), half_of(b, 0), mask), _mm_blend_epi16(half_of(a, 1), half_of(b, 1), mask))

#define _mm256_madd_epi16 halves_madd_epi16
#define _mm256_packs_epi32 halves_packs_epi32
#define _mm256_packus_epi16 halves_packus_epi16
#define _mm256_shuffle_epi8 halves_shuffle_epi8
#define _mm256_unpacklo_epi8 halves_unpacklo_epi8
#define _mm256_unpackhi_epi8 halves_unpackhi_epi8
#define _mm256_unpacklo_epi32 halves_unpacklo_epi32
#define _mm256_unpackhi_epi32 halves_unpackhi_epi32
#define _mm256_unpacklo_epi64 halves_unpacklo_epi64
#define _mm256_unpackhi_epi64 halves_unpackhi_epi64
#define _mm256_hadd_epi32 halves_hadd_epi32
#define _mm256_subs_epu8 halves_subs_epu8
#define _mm256_adds_epu8 halves_adds_epu8
#define _mm256_cmpgt_epi32 halves_cmpgt_epi32
#define _mm256_loadu_si256(from) halves_loadu(from)
#define _mm256_load_si256(from) halves_loadu(from)
#define _mm256_storeu_si256(to, v) halves_storeu(to, v)
#define _mm256_store_si256(to, v) halves_storeu(to, v)
#define _mm256_loadu_ps halves_loadu_ps
#define _mm256_load_ps halves_loadu_ps
#define _mm256_storeu_ps halves_storeu_ps
#define _mm256_maskload_ps halves_maskload_ps
#define _mm256_maskstore_ps halves_maskstore_ps
#define _mm256_cvtepu8_epi16 halves_cvtepu8_epi16
#define _mm256_cvtepi8_epi16 halves_cvtepi8_epi16
#define _mm256_cvtepu8_epi32 halves_cvtepu8_epi32
#define _mm256_cvtepu16_epi32 halves_cvtepu16_epi32
#define _mm256_cvtepu32_epi64 halves_cvtepu32_epi64
#define _mm256_cvtepi32_ps halves_cvtepi32_ps
#define _mm256_cvtps_epi32 halves_cvtps_epi32
#define _mm256_max_ps halves_max_ps
#define _mm256_broadcastsi128_si256 halves_broadcast
#define _mm256_set_m128i(high, low) joined(low, high)
#define _mm256_castsi256_si128(v) half_of(v, 0)
#define _mm256_castps256_ps128(v) float_half_of(v, 0)
#define _mm256_castsi256_ps(v) ((__m256)(v))
#define _mm256_castps_si256(v) ((__m256i)(v))
#define _mm256_add_epi32(a, b) ((__m256i)((rf_8_u32)(a) + (rf_8_u32)(b)))
#define _mm256_sub_epi32(a, b) ((__m256i)((rf_8_u32)(a) - (rf_8_u32)(b)))
#define _mm256_srli_epi32(a, n) ((__m256i)((rf_8_u32)(a) >> (n)))
#define _mm256_slli_epi32(a, n) ((__m256i)((rf_8_u32)(a) << (n)))
#define _mm256_srai_epi32(a, n) ((__m256i)((rf_8_i32)(a) >> (n)))
#define _mm256_or_si256(a, b) ((__m256i)((rf_4_i64)(a) | (rf_4_i64)(b)))
#define _mm256_and_si256(a, b) ((__m256i)((rf_4_i64)(a) & (rf_4_i64)(b)))
#define _mm256_add_ps(a, b) ((__m256)((rf_8_f32)(a) + (rf_8_f32)(b)))
#define _mm256_sub_ps(a, b) ((__m256)((rf_8_f32)(a) - (rf_8_f32)(b)))
#define _mm256_mul_ps(a, b) ((__m256)((rf_8_f32)(a) * (rf_8_f32)(b)))
// Rounds twice: only float32 kernels use it, whose bound covers it.
#define _mm256_fmadd_ps(a, b, c) _mm256_add_ps(_mm256_mul_ps(a, b), c)
#define _mm256_set1_ps(v) joined_floats(_mm_set1_ps(v), _mm_set1_ps(v))
#define _mm256_set1_epi8(v) halves_broadcast(_mm_set1_epi8(v))
#define _mm256_set1_epi32(v) halves_broadcast(_mm_set1_epi32(v))
#define _mm256_set1_epi64x(v) halves_broadcast(_mm_set1_epi64x(v))
#define _mm256_setzero_si256() ((__m256i)(rf_4_i64){0})
#define _mm256_setr_epi32(a, b, c, d, e, f, g, h) joined(_mm_setr_epi32(a, b, c, d), _mm_setr_epi32(e, f, g, h))
#define _mm256_setr_epi8(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ...) \
  joined(_mm_setr_epi8(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p), _mm_setr_epi8(__VA_ARGS__))

// sum * multiplier + addend, rounded once to a whole number, as the rounding rule's fma is where its result v lies within
// 2^15 of M = RF_MAGIC. In double precision the product of two floats is exact. An addend of 2^23 or more is whole: 1.5 * 2^52
// plus the addend is exact, and adding the product to that rounds once, to a whole number, halves to even. A smaller addend
// belongs to a multiplier m > 1/3. Product and addend are then multiples of 2^-25 m and below 2^25 m, so that their sum is exact.
// The low 32 bits of the double hold the whole number, here as the float v has it.
INLINED __m128i fused_two(__m128d sum, __m128d multiplier, __m128d addend) {
  const __m128d magic = _mm_set1_pd(0x1.8p52 - 0x1.8p23 + RF_MAGIC_BITS);
  const __m128d is_small = _mm_cmplt_pd(addend, _mm_set1_pd(0x1p23));
  const __m128d small = _mm_and_pd(is_small, addend), whole = _mm_andnot_pd(is_small, addend);
  return _mm_castpd_si128(_mm_add_pd(_mm_add_pd(_mm_mul_pd(sum, multiplier), small), _mm_add_pd(whole, magic)));
}

INLINED __m128 fused_four(__m128 sum, __m128 multiplier, __m128 addend) {
  const __m128i low = fused_two(_mm_cvtps_pd(sum), _mm_cvtps_pd(multiplier), _mm_cvtps_pd(addend));
  const __m128i high = fused_two(_mm_cvtps_pd(_mm_movehl_ps(sum, sum)), _mm_cvtps_pd(_mm_movehl_ps(multiplier, multiplier)),
                                 _mm_cvtps_pd(_mm_movehl_ps(addend, addend)));
  return _mm_shuffle_ps(_mm_castsi128_ps(low), _mm_castsi128_ps(high), 0x88);
}

INLINED __m256 halves_fused(__m256 sum, __m256 multiplier, __m256 addend) {
  return joined_floats(fused_four(float_half_of(sum, 0), float_half_of(multiplier, 0), float_half_of(addend, 0)),
                       fused_four(float_half_of(sum, 1), float_half_of(multiplier, 1), float_half_of(addend, 1)));
}
#define RF_FUSED halves_fused
#endif
