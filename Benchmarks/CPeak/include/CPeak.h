// The highest rate of multiply-adds, of floats or of bytes, that a core reaches, measured with nothing but registers: what a
// kernel's time is compared with. In C, because only C can name the instruction set of one function.
#ifndef RF_CPEAK_H
#define RF_CPEAK_H
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

// One way to add and multiply. `isa` holds rf_isa bits of rfkernels.h, all needed.
typedef struct {
  const char *_Null_unspecified name;
  uint32_t isa;
  int is_int8;                   // s32 sums of products of bytes; else float32
  double operations_per_round;   // a product and its addition counted as two
  float (*_Null_unspecified run)(int64_t rounds); // what it returns means nothing: it keeps the work alive
} rf_peak;

// All of them, weakest instruction set first; *count is set.
const rf_peak *rf_peaks(size_t *count);

#pragma clang assume_nonnull end
#endif
