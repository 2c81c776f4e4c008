// Float32 upsampling and addition for SSE4.1.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("sse4.1"))), apply_to = function)
#include "halves.h"
#include "../avx2/upsample_add.h"

const rf_kernel rf_f32_upsample_add__sse41 = {
  .name = "rf_f32_upsample_add__sse41",
  .op = RF_OP_UPSAMPLE_ADD,
  .input_type = RF_F32,
  .output_type = RF_F32,
  .isa = RF_ISA_SSE41,
  .cycles_per_output = 0.66f,
  .run = upsample_add};
#pragma clang attribute pop
#endif
