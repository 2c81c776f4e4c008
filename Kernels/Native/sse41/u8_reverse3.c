// The bytes of pixels in reverse for SSSE3 (part of SSE4.1): five pixels a load, whose sixteenth byte the next one puts right.
#if defined(__x86_64__)
#include "../tiles.h"
#include "rfkernels.h"
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("sse4.1"))), apply_to = function)

enum { RF_BYTES = 16, RF_STEP = 15 };

static void reverse3(const rf_reverse3_args *a) {
  const __m128i order = _mm_setr_epi8(2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9, 14, 13, 12, 15);
  const ptrdiff_t count = 3 * (ptrdiff_t)a->width;
  ptrdiff_t i = 0;
  for (; i + RF_BYTES <= count; i += RF_STEP)
    _mm_storeu_si128((void *)(a->output + i), _mm_shuffle_epi8(_mm_loadu_si128((const void *)(a->input + i)), order));
  for (; i < count; i += 3)
    for (ptrdiff_t c = 0; c < 3; c++) a->output[i + c] = a->input[i + 2 - c];
}

const rf_kernel rf_u8_reverse3__sse41 = {
  .name = "rf_u8_reverse3__sse41",
  .op = RF_OP_REVERSE3,
  .input_type = RF_U8,
  .output_type = RF_U8,
  .isa = RF_ISA_SSE41,
  .cycles_per_output = 0.2f,
  .reverse3 = reverse3};
#pragma clang attribute pop
#endif
