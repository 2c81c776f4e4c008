// The C library's allocator, by declarations of our own: firmware has the functions, but not the headers.
#include "rfmemory.h"

int posix_memalign(void **memory, size_t alignment, size_t byte_count);
void free(void *memory);

void *rf_memory_take(size_t byte_count) {
  void *memory = NULL;
  return posix_memalign(&memory, 16, byte_count ? byte_count : 1) ? NULL : memory;
}

void rf_memory_give(void *memory) { free(memory); }
