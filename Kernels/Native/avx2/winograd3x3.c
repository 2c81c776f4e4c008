// 3x3 convolution by F(4x4, 3x3) for AVX2 with FMA: 8 channels of a tile at once.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "vector.h"

enum { LANES = RF_AVX2_LANES };
typedef __m256 vector;

INLINED vector activated_by(vector value, float slope) { return activated(value, _mm256_set1_ps(slope)); }

#include "../winograd3x3_tiles.h"

void rf_f32_winograd3x3__avx2(const rf_f32_winograd3x3_args *a) { rf_winograd3x3_by_tiles(a, rf_f32_conv__avx2); }
#pragma clang attribute pop
#endif
