// Float32 3x3 convolution by Winograd's filtering for SSE4.1.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("sse4.1"))), apply_to = function)
#include "halves.h"
#define RF_PRODUCT rf_f32_product__sse41
#include "../avx2/winograd3x3.h"

const rf_kernel rf_f32_conv__sse41_winograd = {
  .name = "rf_f32_conv__sse41_winograd",
  .op = RF_OP_CONV,
  .input_type = RF_F32,
  .output_type = RF_F32,
  .isa = RF_ISA_SSE41,
  .cycles_per_tap = 0.05f,
  .row_multiple = RF_WINOGRAD_PIXELS,
  .error = RF_ERROR_OF_WINOGRAD,
  .suits = rf_winograd_suits,
  .packed_bytes = rf_f32_winograd_bytes,
  .pack = rf_f32_pack_winograd,
  .scratch_bytes = rf_f32_winograd_scratch,
  .run = conv};
#pragma clang attribute pop
#endif
