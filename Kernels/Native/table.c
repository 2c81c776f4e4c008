// The const table of all C kernels, made from kernels.inc.
#include "rfkernels.h"

#define RF_KERNEL(operation, variant, needs) \
  {.name = "rf_" #operation "__" #variant, .op = RF_OP_##operation, .isa = needs, .operation = rf_##operation##__##variant},
static const rf_row rows[] = {
#include "kernels.inc"
  {0}};
#undef RF_KERNEL

const rf_row *rf_rows(size_t *count) {
  *count = sizeof rows / sizeof *rows - 1;
  return rows;
}
