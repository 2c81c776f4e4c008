// The parts that the float32 NEON kernels share: 4 floats, their activation, and loads and stores of fewer than 4 that touch no
// further byte.
#ifndef RF_NEON_VECTOR_H
#define RF_NEON_VECTOR_H
#include "../tiles.h"
#include <arm_neon.h>
#include <stdint.h>

enum { LANES = 4 };
typedef float32x4_t vector;

INLINED vector activated_by(vector value, float slope) { return vmaxq_f32(value, vmulq_n_f32(value, slope)); }

INLINED vector plus_product(vector sum, vector a, vector b) { return vfmaq_f32(sum, a, b); }

// The first `count` of 4, the others 0.
INLINED vector load_first(const float *input, int32_t count) {
  if (count >= LANES) return vld1q_f32(input);
  float lanes[LANES] = {};
  for (int32_t i = 0; i < count; i++) lanes[i] = input[i];
  return vld1q_f32(lanes);
}

// Stores the first `count` of 4; none where it is not positive.
INLINED void store_first(float *output, vector value, int32_t count) {
  if (count >= LANES) {
    vst1q_f32(output, value);
    return;
  }
  float lanes[LANES];
  vst1q_f32(lanes, value);
  for (int32_t i = 0; i < count; i++) output[i] = lanes[i];
}
#endif
