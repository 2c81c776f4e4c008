// The const table of all C kernels, made from kernels.inc.
#include "rfkernels.h"

static const rf_kernel *const kernels[] = {
#define RF_KERNEL(name) &rf_##name,
#include "kernels.inc"
#undef RF_KERNEL
  0};

const rf_kernel *const *rf_kernels(size_t *count) {
  *count = sizeof kernels / sizeof *kernels - 1;
  return kernels;
}
