// Depthwise 3x3 convolution for NEON: 4 channels at once.
#if defined(__aarch64__)
#include "vector.h"
#include "../dwconv3x3_channels.h"

const rf_kernel rf_f32_dwconv3x3__neon = {
  .name = "rf_f32_dwconv3x3__neon",
  .op = RF_OP_DEPTHWISE_CONV3X3,
  .input_type = RF_F32,
  .output_type = RF_F32,
  .isa = RF_ISA_NEON,
  .cycles_per_output = 4.0f,
  .packed_bytes = rf_f32_depthwise_bytes,
  .pack = rf_f32_pack_depthwise,
  .run = dwconv3x3};
#endif
