// A heap in one bounded region that counts its allocations: first fit from a list of free blocks in the order of their
// addresses, neighbours joined when freed. The detector allocates only at its start, so that simple and compact matters most.
#ifndef RF_HEAP_H
#define RF_HEAP_H
#include <stddef.h>
#include <stdint.h>

typedef struct rf_free_block rf_free_block;
typedef struct {
  rf_free_block *_Nullable free;
  size_t bytes;      // of the region
  size_t used, peak; // bytes of allocated blocks with their headers: now and maximum
} rf_heap;

// Makes `bytes` at `region`, whose address is a multiple of 16, the heap.
void rf_heap_start(rf_heap *_Nonnull heap, void *_Nonnull region, size_t bytes);
// Allocates a block at a multiple of `alignment` (a power of two); NULL if no free block is large enough.
void *_Nullable rf_heap_take(rf_heap *_Nonnull heap, size_t alignment, size_t bytes);
// Frees a block. NULL is allowed.
void rf_heap_give(rf_heap *_Nonnull heap, void *_Nullable block);
#endif
