// The products of Winograd's transformed tiles where they go through memory: what the direct convolution of the same
// instruction set does, with weights of one position.
#ifndef RF_WINOGRAD3X3_PRODUCT_H
#define RF_WINOGRAD3X3_PRODUCT_H
#include "conv_tiles.h"

rf_conv_product_fn rf_f32_product__sse41, rf_f32_product__avx2, rf_f32_product__neon;
#endif
