// 3x3 convolution by F(4x4, 3x3) for NEON: 4 channels of a tile at once.
#if defined(__aarch64__)
#include "vector.h"
#include "../winograd3x3_tiles.h"

void rf_f32_winograd3x3__neon(const rf_f32_winograd3x3_args *a) { rf_winograd3x3_by_tiles(a, rf_f32_conv__neon); }
#endif
