// The cases of the 8-bit rounding rule.
#ifndef RF_ROUNDING_H
#define RF_ROUNDING_H
#include "rfkernels.h"
#include "tiles.h"

INLINED int rf_is_leaky(float slope) { return slope > 0 && slope < 1; }

// The float that stands for 0 among sums: narrow ones are read as M + sum, wide ones are converted.
INLINED float rf_float_of_zero(const rf_shape *s) { return s->accumulator == RF_ACCUMULATOR_WIDE ? 0 : RF_MAGIC; }
#endif
