// Depthwise 3x3 convolution for AVX2 with FMA: 8 channels at once.
// Include it after <immintrin.h> and inside the file's target attribute.
#ifndef RF_AVX2_DWCONV3X3_H
#define RF_AVX2_DWCONV3X3_H
#include "vector.h"
#include "../dwconv3x3_channels.h"
#endif
