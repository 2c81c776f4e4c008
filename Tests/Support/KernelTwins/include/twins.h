// Kernels of the product for an instruction set that few machines have, compiled from the same source for another: here those of
// AVX-VNNI with the encoding of AVX-512 VNNI, so that they are checked and timed on processors with the latter only.
#ifndef RF_KERNEL_TWINS_H
#define RF_KERNEL_TWINS_H
#include "rfkernels.h"

const rf_kernel *_Nonnull const *_Nonnull rf_kernel_twins(size_t *_Nonnull count);
#endif
