// Twelve independent chains of a*m + m: enough for a latency of up to six cycles on two units.
#include "CPeak.h"
#include "rfkernels.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// a*m + m becomes one fused instruction where the instruction set has it.
#pragma STDC FP_CONTRACT ON

enum { CHAINS = 12 };

// A function that runs the chains on vectors of `lanes` floats. The factor comes from memory, so nothing is folded.
#define PEAK(name, lanes, ...) \
  typedef float name##_vector __attribute__((vector_size(4 * lanes))); \
  __VA_ARGS__ static float name##_run(int64_t rounds) { \
    static volatile float factor = 0.5f; \
    const name##_vector m = (name##_vector){} + factor; \
    name##_vector a[CHAINS], sum = {}; \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++) a[i] = m * (float)i; \
    for (int64_t r = 0; r < rounds; r++) _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++) a[i] = a[i] * m + m; \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++) sum += a[i]; \
    float result = 0; \
    for (int i = 0; i < lanes; i++) result += sum[i]; \
    return result; \
  }
#define ROW(name, isa, lanes) {#name, isa, 0, 2.0 * CHAINS * lanes, name##_run}

// The same on s32 lanes, with `step(a, m)` as one multiply-add of `products` bytes.
#define PEAK_INT8(name, type, splat, step, ...) \
  __VA_ARGS__ static float name##_int8_run(int64_t rounds) { \
    static volatile int factor = 0x01010101; \
    const type m = splat(factor); \
    type a[CHAINS]; \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++) a[i] = splat(factor + i); \
    for (int64_t r = 0; r < rounds; r++) _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++) a[i] = step(a[i], m); \
    union { \
      type vector; \
      int lane; \
    } result = {a[0]}; \
    _Pragma("clang loop unroll(full)") for (int i = 1; i < CHAINS; i++) result.vector ^= a[i]; \
    return (float)result.lane; \
  }
#define ROW_INT8(name, isa, products) {#name, isa, 1, 2.0 * CHAINS * products, name##_int8_run}

typedef int32_t reference_lanes __attribute__((vector_size(16)));
#define REFERENCE_SPLAT(v) ((reference_lanes){} + (v))
#define REFERENCE_STEP(a, m) ((a) * (m) + (m))
PEAK_INT8(reference, reference_lanes, REFERENCE_SPLAT, REFERENCE_STEP)

#if defined(__x86_64__)
PEAK(reference, 4)
PEAK(avx2, 8, __attribute__((target("avx2,fma"))))
PEAK(avx512, 16, __attribute__((target("avx512f"))))
// Without dot products of bytes: pairs of s16, which no product of bytes overflows.
#define SSE41_STEP(a, m) _mm_add_epi32(a, _mm_madd_epi16(a, m))
PEAK_INT8(sse41, __m128i, _mm_set1_epi32, SSE41_STEP, __attribute__((target("sse4.1"))))
#define AVX2_STEP(a, m) _mm256_add_epi32(a, _mm256_madd_epi16(a, m))
PEAK_INT8(avx2, __m256i, _mm256_set1_epi32, AVX2_STEP, __attribute__((target("avx2"))))
#define AVX512_STEP(a, m) _mm512_add_epi32(a, _mm512_madd_epi16(a, m))
PEAK_INT8(avx512, __m512i, _mm512_set1_epi32, AVX512_STEP, __attribute__((target("avx512bw"))))
#define AVX512VNNI_STEP(a, m) _mm512_dpbusd_epi32(a, m, m)
PEAK_INT8(avx512vnni, __m512i, _mm512_set1_epi32, AVX512VNNI_STEP, __attribute__((target("avx512vnni"))))
static const rf_peak peaks[] = {ROW(reference, RF_ISA_REFERENCE, 4), ROW(avx2, RF_ISA_AVX2, 8),
                                ROW(avx512, RF_ISA_AVX512, 16),      ROW_INT8(reference, RF_ISA_REFERENCE, 4),
                                ROW_INT8(sse41, RF_ISA_SSE41, 8),    ROW_INT8(avx2, RF_ISA_AVX2, 16),
                                ROW_INT8(avx512, RF_ISA_AVX512, 32), ROW_INT8(avx512vnni, RF_ISA_AVX512VNNI, 64)};
#else
PEAK(reference, 4)
static const rf_peak peaks[] = {ROW(reference, RF_ISA_REFERENCE, 4), ROW_INT8(reference, RF_ISA_REFERENCE, 4)};
#endif

const rf_peak *rf_peaks(size_t *count) {
  *count = sizeof peaks / sizeof *peaks;
  return peaks;
}
