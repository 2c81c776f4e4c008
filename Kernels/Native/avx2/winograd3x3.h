// 3x3 convolution by F(4x4, 3x3) for AVX2 with FMA: 8 channels of a tile at once.
// Include it after <immintrin.h> and inside the file's target attribute.
#ifndef RF_AVX2_WINOGRAD3X3_H
#define RF_AVX2_WINOGRAD3X3_H
#include "vector.h"
#include "../winograd3x3_tiles.h"

static void conv(const rf_args *a) { rf_winograd3x3_by_tiles(a, RF_PRODUCT); }
#endif
