// The bytes of pixels in reverse for NEON: 16 pixels at once, whose channels its loads and stores take apart.
#if defined(__aarch64__)
#include "../tiles.h"
#include "rfkernels.h"
#include <arm_neon.h>

enum { RF_PIXELS = 16 };

static void reverse3(const rf_reverse3_args *a) {
  ptrdiff_t x = 0;
  for (; x + RF_PIXELS <= a->width; x += RF_PIXELS) {
    const uint8x16x3_t pixels = vld3q_u8(a->input + 3 * x);
    const uint8x16x3_t reversed = {{pixels.val[2], pixels.val[1], pixels.val[0]}};
    vst3q_u8(a->output + 3 * x, reversed);
  }
  for (; x < a->width; x++)
    for (ptrdiff_t c = 0; c < 3; c++) a->output[3 * x + c] = a->input[3 * x + 2 - c];
}

const rf_kernel rf_u8_reverse3__neon = {
  .name = "rf_u8_reverse3__neon",
  .op = RF_OP_REVERSE3,
  .input_type = RF_U8,
  .output_type = RF_U8,
  .isa = RF_ISA_NEON,
  .cycles_per_output = 0.5f,
  .reverse3 = reverse3};
#endif
