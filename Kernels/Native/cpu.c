// Detects the instruction sets of the processor, so that one binary holds every kernel: cpuid and xgetbv on x86 (Intel SDM vol. 1, 13.3),
// on ARM the operating system or, without one, the identification registers.
#include "rfkernels.h"

// Facts that the probes of isa.inc read; ymm and zmm: the operating system saves these registers.
typedef struct {
  int sse41, ymm, zmm, fma, avx2, avxvnni, avx512, avx512vnni, neon, dot_product;
} facts;

#if defined(__x86_64__)
#include <cpuid.h>

static uint64_t enabled_state(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

static facts processor(void) {
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return (facts){0};
  facts cpu = {.sse41 = (c & bit_SSE4_1) != 0, .fma = (c & bit_FMA) != 0};
  if (!(c & bit_OSXSAVE)) return cpu;
  const uint64_t state = enabled_state();
  cpu.ymm = (state & 0x06) == 0x06, cpu.zmm = (state & 0xe6) == 0xe6;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return cpu;
  const uint32_t wide = bit_AVX512F | bit_AVX512DQ | bit_AVX512BW | bit_AVX512VL;
  cpu.avx2 = (b & bit_AVX2) != 0;
  cpu.avx512 = (b & wide) == wide;
  cpu.avx512vnni = (c & bit_AVX512VNNI) != 0;
  // Leaf 7's subleaf 0 has the number of subleaves in eax; subleaf 1 has AVX-VNNI in bit 4 of eax.
  cpu.avxvnni = a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1) != 0;
  return cpu;
}
#elif defined(__aarch64__)
#if defined(__linux__)
// Linux reports dot products in the auxiliary vector (asm/hwcap.h: HWCAP_ASIMDDP). Declared here, so that no header of an
// operating system is needed.
enum { HWCAP = 16, HWCAP_DOT_PRODUCT = 1 << 20 };
unsigned long getauxval(unsigned long type);
static int has_dot_product(void) { return (getauxval(HWCAP) & HWCAP_DOT_PRODUCT) != 0; }
#elif defined(__APPLE__)
static int has_dot_product(void) { return 0; }
#else
// Bare metal reads a register: ID_AA64ISAR0_EL1.DP, bits 47 to 44 (Arm ARM, D19.2.61), readable from EL1 up.
static int has_dot_product(void) {
  uint64_t features;
  __asm__("mrs %0, ID_AA64ISAR0_EL1" : "=r"(features));
  return (features >> 44 & 15) != 0;
}
#endif

// Every ARMv8.0 processor has NEON.
static facts processor(void) { return (facts){.neon = 1, .dot_product = has_dot_product()}; }
#else
static facts processor(void) { return (facts){0}; }
#endif

uint32_t rf_cpu_isa(void) {
  const facts cpu = processor();
  uint32_t isa = RF_ISA_REFERENCE;
#define RF_ISA_SET(NAME, name, bit, implied, probe) \
  if ((isa & (implied)) == (implied) && (probe)) isa |= RF_ISA_##NAME;
#include "isa.inc"
#undef RF_ISA_SET
  return isa;
}

static const rf_isa_set sets[] = {
#define RF_ISA_SET(NAME, name, bit, implied, probe) {#name, RF_ISA_##NAME, implied},
#include "isa.inc"
#undef RF_ISA_SET
};

const rf_isa_set *rf_isa_sets(size_t *count) {
  *count = sizeof sets / sizeof *sets;
  return sets;
}
