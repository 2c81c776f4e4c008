#include "twins.h"
#if defined(__x86_64__)
#include <immintrin.h>
#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512vl,avx512vnni"))), apply_to = function)
#define RF_DPBUSD _mm256_dpbusd_epi32
#include "../../../Kernels/Native/avxvnni/u8_conv.h"

static const rf_kernel u8_conv = {
  .name = "rf_u8_conv__avx512vnni_twin",
  .op = RF_OP_CONV,
  .input_type = RF_U8,
  .output_type = RF_U8,
  .accumulators = RF_ACCUMULATOR_NARROW | RF_ACCUMULATOR_WIDE,
  .isa = RF_ISA_AVX512VNNI,
  .cycles_per_tap = 0.019f,
  .cycles_per_output = 0.4f,
  .packed_bytes = rf_u8_panels_bytes,
  .pack = rf_u8_pack_panels,
  .run = conv};

static const rf_kernel u8f32_conv = {
  .name = "rf_u8f32_conv__avx512vnni_twin",
  .op = RF_OP_CONV,
  .input_type = RF_U8,
  .output_type = RF_F32,
  .accumulators = RF_ACCUMULATOR_NARROW | RF_ACCUMULATOR_WIDE,
  .isa = RF_ISA_AVX512VNNI,
  .cycles_per_tap = 0.02f,
  .packed_bytes = rf_u8_panels_bytes,
  .pack = rf_u8_pack_panels,
  .run = conv};
#pragma clang attribute pop
static const rf_kernel *const twins[] = {&u8_conv, &u8f32_conv};
#else
static const rf_kernel *const twins[] = {};
#endif

const rf_kernel *const *rf_kernel_twins(size_t *count) {
  *count = sizeof twins / sizeof(const rf_kernel *);
  return twins;
}
