// What every 8-bit kernel asks of an activation's slope.
#ifndef RF_ROUNDING_H
#define RF_ROUNDING_H
#include "rfkernels.h"
#include "tiles.h"

INLINED int rf_is_leaky(float slope) { return slope > 0 && slope < 1; }
#endif
