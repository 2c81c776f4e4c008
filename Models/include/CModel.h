// The model inside the program.
#ifndef RF_CMODEL_H
#define RF_CMODEL_H
#include <stddef.h>

// Bytes of the embedded model file, 64-byte aligned; *count is 0 where this build has none.
const unsigned char *rf_default_model(size_t *count);
#endif
