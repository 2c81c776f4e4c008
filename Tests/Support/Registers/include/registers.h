// Calls a kernel and reports which register it has not left as the calling convention demands.
#ifndef RF_REGISTERS_H
#define RF_REGISTERS_H
#include <stddef.h>

// Calls kernel(args) with a pattern in every register that a function has to keep. Returns what differs afterwards, NULL where
// nothing does: "rbx", "the upper half of ymm3", "MXCSR", "v8". A processor other than x86-64 or AArch64: only calls.
//   x86-64   System V ABI: rbx, rbp, r12 to r15, the direction flag, the control bits of MXCSR and of the x87 unit. And the upper
//            halves of ymm0 to ymm15 have to be 0, or every SSE instruction that follows waits for them.
//   AArch64  AAPCS64: x19 to x29, the lower halves of v8 to v15, FPCR.
const char *_Nullable rf_registers_broken(void (*_Nonnull kernel)(const void *_Nonnull args), const void *_Nonnull args);

// Functions that break a rule each, with what has to be reported: the check of the check.
typedef struct {
  const char *_Nonnull name;
  void (*_Nonnull function)(const void *_Nonnull args);
} rf_register_breaker;
const rf_register_breaker *_Nonnull rf_register_breakers(size_t *_Nonnull count);
#endif
