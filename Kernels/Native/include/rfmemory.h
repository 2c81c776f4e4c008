// Memory whose size comes from input, such as a picture's pixels. Swift's own allocation ends the program where the system
// refuses; these report it.
#ifndef RF_MEMORY_H
#define RF_MEMORY_H
#include <stddef.h>

// Memory that is not touched, aligned to 16 bytes; NULL where the system gives none.
void *rf_memory_take(size_t byte_count);
void rf_memory_give(void *memory);
#endif
