// A heap in one region, with a bound and a count of what it gives: first fit from a list of free blocks in the order of their
// addresses, neighbours joined when freed. All that the detector takes, it takes at start; so simple and tight beats fast.
#ifndef RF_HEAP_H
#define RF_HEAP_H
#include <stddef.h>
#include <stdint.h>

typedef struct rf_free_block rf_free_block;
typedef struct {
  rf_free_block *_Nullable free;
  size_t bytes;      // of the region
  size_t used, peak; // bytes in blocks that are given, with their headers; now and at most
} rf_heap;

// `bytes` at `region`, whose address is a multiple of 16, become the heap.
void rf_heap_start(rf_heap *_Nonnull heap, void *_Nonnull region, size_t bytes);
// A block at a multiple of `alignment` (a power of two); NULL where no free block holds it.
void *_Nullable rf_heap_take(rf_heap *_Nonnull heap, size_t alignment, size_t bytes);
// Gives a block back. NULL is allowed.
void rf_heap_give(rf_heap *_Nonnull heap, void *_Nullable block);
#endif
