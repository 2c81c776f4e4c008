// What the processor can do, so that one binary holds every variant: cpuid and xgetbv on x86 (Intel SDM vol. 1, 13.3), on
// ARM the operating system or, without one, the identification registers.
#include "rfkernels.h"

#if defined(__x86_64__)
#include <cpuid.h>

static uint64_t enabled_state(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

uint32_t rf_cpu_isa(void) {
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE)) return RF_ISA_REFERENCE;
  int fma = (c & bit_FMA) != 0;
  uint64_t state = enabled_state();
  int ymm = (state & 0x06) == 0x06, zmm = (state & 0xe6) == 0xe6;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return RF_ISA_REFERENCE;
  uint32_t isa = RF_ISA_REFERENCE;
  if (ymm && fma && (b & bit_AVX2)) isa |= RF_ISA_AVX2;
  uint32_t wide = bit_AVX512F | bit_AVX512DQ | bit_AVX512BW | bit_AVX512VL;
  if (zmm && (isa & RF_ISA_AVX2) && (b & wide) == wide) {
    isa |= RF_ISA_AVX512;
    if (c & bit_AVX512VNNI) isa |= RF_ISA_AVX512VNNI;
  }
  return isa;
}
#elif defined(__aarch64__) && defined(__linux__)
// The kernel's word (Linux, asm/hwcap.h: HWCAP_ASIMDDP); every ARMv8.0 processor has NEON. Declared here, so that no header of
// an operating system is needed.
enum { HWCAP = 16, HWCAP_DOT_PRODUCT = 1 << 20 };
unsigned long getauxval(unsigned long type);

uint32_t rf_cpu_isa(void) { return RF_ISA_NEON | (getauxval(HWCAP) & HWCAP_DOT_PRODUCT ? RF_ISA_NEONDOT : 0); }
#elif defined(__aarch64__) && !defined(__APPLE__)
// Bare metal asks the processor: ID_AA64ISAR0_EL1.DP, bits 47 to 44 (Arm ARM, D19.2.61), readable from EL1 up.
uint32_t rf_cpu_isa(void) {
  uint64_t features;
  __asm__("mrs %0, ID_AA64ISAR0_EL1" : "=r"(features));
  return RF_ISA_NEON | (features >> 44 & 15 ? RF_ISA_NEONDOT : 0);
}
#elif defined(__aarch64__)
uint32_t rf_cpu_isa(void) { return RF_ISA_NEON; }
#else
uint32_t rf_cpu_isa(void) { return RF_ISA_REFERENCE; }
#endif
