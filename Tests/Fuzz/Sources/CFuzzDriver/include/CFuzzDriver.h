// libFuzzer's driver (llvm.org/docs/LibFuzzer.html, "Using libFuzzer as a library"): SwiftPM gives every program an entry of
// its own, so the fuzzer's main is called from there.
#ifndef RF_FUZZ_DRIVER_H
#define RF_FUZZ_DRIVER_H
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(int *_Nonnull count, char *_Nullable *_Nonnull *_Nonnull values,
                        int (*_Nonnull test)(const uint8_t *_Nullable start, size_t count));

// Runs the driver on this process's command line. Does not return.
_Noreturn void rf_fuzz(int (*_Nonnull test)(const uint8_t *_Nullable start, size_t count));
#endif
