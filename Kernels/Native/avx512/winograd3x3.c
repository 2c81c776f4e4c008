// 3x3 convolution by F(4x4, 3x3) for AVX-512: 16 channels of a tile at once.
#if defined(__x86_64__)
#include <immintrin.h>
#include "../tiles.h"
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)

enum { LANES = 16 };
typedef __m512 vector;

INLINED __mmask16 first_lanes(int32_t count) { return (__mmask16)(count >= LANES ? 0xffff : 0xffff >> (LANES - count)); }

INLINED vector load_first(const float *input, int32_t count) { return _mm512_maskz_loadu_ps(first_lanes(count), input); }

INLINED void store_first(float *output, vector value, int32_t count) {
  _mm512_mask_storeu_ps(output, first_lanes(count), value);
}

INLINED vector activated_by(vector value, float slope) { return _mm512_max_ps(value, value * slope); }

#include "../winograd3x3_tiles.h"

void rf_f32_winograd3x3__avx512(const rf_f32_winograd3x3_args *a) { rf_winograd3x3_by_tiles(a, rf_f32_conv__avx512); }
#pragma clang attribute pop
#endif
