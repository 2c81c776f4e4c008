/* Definitions for builds whose linker wraps nothing (memory.c), such as tests. */
#include <stdlib.h>

int __real_posix_memalign(void **memory, size_t alignment, size_t size);
void __real_free(void *memory);

int __real_posix_memalign(void **memory, size_t alignment, size_t size) { return posix_memalign(memory, alignment, size); }
void __real_free(void *memory) { free(memory); }
