// Twelve independent chains of a*m + m: enough for a latency of up to six cycles on two units.
#include "CPeak.h"
#include "rfkernels.h"

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
    for (int64_t r = 0; r < rounds; r++) \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++) a[i] = a[i] * m + m; \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++) sum += a[i]; \
    float result = 0; \
    for (int i = 0; i < lanes; i++) result += sum[i]; \
    return result; \
  }
#define ROW(name, isa, lanes) {#name, isa, 2.0 * CHAINS * lanes, name##_run}

#if defined(__x86_64__)
PEAK(reference, 4)
PEAK(avx2, 8, __attribute__((target("avx2,fma"))))
PEAK(avx512, 16, __attribute__((target("avx512f"))))
static const rf_peak peaks[] = {
  ROW(reference, RF_ISA_REFERENCE, 4), ROW(avx2, RF_ISA_AVX2, 8), ROW(avx512, RF_ISA_AVX512, 16)};
#else
PEAK(reference, 4)
static const rf_peak peaks[] = {ROW(reference, RF_ISA_REFERENCE, 4)};
#endif

const rf_peak *rf_peaks(size_t *count) {
  *count = sizeof peaks / sizeof *peaks;
  return peaks;
}
