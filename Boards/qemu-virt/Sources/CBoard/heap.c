#include "heap.h"

enum { UNIT = 16 };

struct rf_free_block {
  rf_free_block *next;
  size_t bytes;
};

// Precedes an allocated block: the span that returns to the list.
typedef struct {
  void *start;
  size_t bytes;
} header;

static uintptr_t round_up(uintptr_t value, uintptr_t unit) { return (value + unit - 1) & ~(unit - 1); }

void rf_heap_start(rf_heap *heap, void *region, size_t bytes) {
  rf_free_block *all = region;
  *all = (rf_free_block){.bytes = bytes & ~(size_t)(UNIT - 1)};
  *heap = (rf_heap){.free = all, .bytes = all->bytes};
}

// Cuts [start, end) out of a free block; the rest on both sides stays free. `link` points to the block.
static void *carve(rf_heap *heap, rf_free_block **link, uintptr_t payload, uintptr_t end) {
  rf_free_block *block = *link;
  uintptr_t start = payload - sizeof(header), block_start = (uintptr_t)block, block_end = block_start + block->bytes;
  rf_free_block *next = block->next;
  if (block_end > end) {
    rf_free_block *rest = (rf_free_block *)end;
    *rest = (rf_free_block){next, block_end - end};
    next = rest;
  }
  if (start > block_start) {
    *block = (rf_free_block){next, start - block_start};
  } else {
    *link = next;
  }
  *(header *)start = (header){(void *)start, end - start};
  heap->used += end - start;
  if (heap->used > heap->peak) heap->peak = heap->used;
  return (void *)payload;
}

void *rf_heap_take(rf_heap *heap, size_t alignment, size_t bytes) {
  if (alignment < UNIT) alignment = UNIT;
  if (bytes > heap->bytes) return NULL; // prevents overflow of the sums below
  for (rf_free_block **link = &heap->free; *link; link = &(*link)->next) {
    uintptr_t start = (uintptr_t)*link;
    uintptr_t payload = round_up(start + sizeof(header), alignment);
    uintptr_t end = payload + round_up(bytes ? bytes : 1, UNIT);
    if (end <= start + (*link)->bytes) return carve(heap, link, payload, end);
  }
  return NULL;
}

static void join_with_next(rf_free_block *block) {
  rf_free_block *next = block->next;
  if (!next || (uintptr_t)block + block->bytes != (uintptr_t)next) return;
  block->bytes += next->bytes;
  block->next = next->next;
}

void rf_heap_give(rf_heap *heap, void *payload) {
  if (!payload) return;
  header given = ((header *)payload)[-1];
  heap->used -= given.bytes;
  rf_free_block *before = NULL, *after = heap->free, *block = given.start;
  while (after && after < block) {
    before = after;
    after = after->next;
  }
  *block = (rf_free_block){after, given.bytes};
  if (before) before->next = block;
  else heap->free = block;
  join_with_next(block);
  if (before) join_with_next(before);
}
