// Random use of the firmware's allocator: blocks are aligned, hold what was put into them until they are given back, stay
// inside the region, and come together again.
#include "heap.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REGION = 1 << 16, BLOCKS = 64 };

#define DEMAND(condition) \
  do { \
    if (!(condition)) { \
      fprintf(stderr, "heap.c:%d: %s\n", __LINE__, #condition); \
      exit(1); \
    } \
  } while (0)

static _Alignas(64) unsigned char region[REGION + 64];
static unsigned char *blocks[BLOCKS];
static size_t sizes[BLOCKS];

static uint64_t state = 1;
static size_t draw(size_t below) { // SplitMix64
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return (z ^ z >> 31) % below;
}

static void take(rf_heap *heap, int i) {
  size_t alignment = (size_t)1 << draw(8);
  sizes[i] = draw(draw(8) ? 600 : 30000);
  blocks[i] = rf_heap_take(heap, alignment, sizes[i]);
  if (!blocks[i]) return;
  DEMAND((uintptr_t)blocks[i] % (alignment < 16 ? 16 : alignment) == 0);
  DEMAND(blocks[i] >= region + 16 && blocks[i] + sizes[i] <= region + REGION);
  memset(blocks[i], i, sizes[i]);
}

static void give(rf_heap *heap, int i) {
  for (size_t k = 0; k < sizes[i]; k++) DEMAND(blocks[i][k] == i);
  rf_heap_give(heap, blocks[i]);
  blocks[i] = NULL;
}

int main(void) {
  rf_heap heap;
  memset(region, 0xee, sizeof region);
  rf_heap_start(&heap, region, REGION);
  int refused = 0;
  for (int step = 0; step < 300000; step++) {
    int i = (int)draw(BLOCKS);
    if (blocks[i]) {
      give(&heap, i);
    } else {
      take(&heap, i);
      refused += !blocks[i];
    }
    DEMAND(heap.used <= heap.peak && heap.peak <= heap.bytes);
  }
  DEMAND(refused > 500);
  for (int i = 0; i < BLOCKS; i++) {
    if (blocks[i]) give(&heap, i);
  }
  rf_heap_give(&heap, NULL);
  DEMAND(heap.used == 0);
  // One block again: it can be allocated as a whole, but not one byte more.
  DEMAND(!rf_heap_take(&heap, 16, REGION - 15) && !rf_heap_take(&heap, 16, SIZE_MAX));
  DEMAND(rf_heap_take(&heap, 16, REGION - 16));
  for (int i = 0; i < 64; i++) DEMAND(region[REGION + i] == 0xee);
  return 0;
}
