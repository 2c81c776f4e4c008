// Counts the calls of the C allocator, for tests that say "this allocates nothing". Linking this target replaces malloc,
// calloc, realloc, aligned_alloc, posix_memalign and memalign of the whole test program with versions that count, so it is a
// dependency of test targets only.
//
//   import CAllocationCount
//   let before = rf_allocation_count()
//   detector.detect(frame)
//   #expect(rf_allocation_count() == before)
//
// The count is of the calling thread, so tests may run side by side; Swift's own allocations (arrays, closures, classes) go
// through malloc and are counted. Run the code once before counting: first uses initialise globals. Code in between must not
// suspend (no `await`). Under AddressSanitizer, which has its own malloc, nothing is counted: rf_allocation_counting() is 0.
#ifndef RF_ALLOCATION_COUNT_H
#define RF_ALLOCATION_COUNT_H
#include <stdint.h>

// Allocations by the calling thread since it started.
uint64_t rf_allocation_count(void);

// Bytes asked for by the calling thread since it started (a realloc counts its whole new size).
uint64_t rf_allocated_bytes(void);

// 1 where the counting is in effect.
int rf_allocation_counting(void);
#endif
