/* The allocator of the library: the linker resolves malloc and others of its Swift and C code to the __wrap functions here, and
 * __real functions to those of the C library (ld(1), "--wrap"; Toolchains/lib.sh). In other builds it is not used. */
#include "rf_memory.h"
#include "retinaface.h"
#include <errno.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A link of a ring of blocks. A block outside a creation is a ring of its own. */
typedef struct link {
  struct link *previous, *next;
  void *start; /* what the C library allocated */
} link;

typedef struct {
  link ring;
  jmp_buf exhausted;
} guard;

/* A fixed place per thread: others are allocated at their first use, which ends the program if that fails. */
static _Thread_local __attribute__((tls_model("initial-exec"))) guard *current;

int __real_posix_memalign(void **memory, size_t alignment, size_t size);
void __real_free(void *memory);

static void unlink(link *link) {
  link->previous->next = link->next;
  link->next->previous = link->previous;
  link->previous = link->next = link;
}

/* The link lies directly before the memory. */
static void *take(size_t alignment, size_t size) {
  if (alignment < 16) alignment = 16;
  size_t offset = (sizeof(link) + alignment - 1) & ~(alignment - 1);
  void *start = NULL;
  if (size <= PTRDIFF_MAX - offset && __real_posix_memalign(&start, alignment, offset + size)) start = NULL;
  if (!start) {
    if (current) longjmp(current->exhausted, 1);
    errno = ENOMEM;
    return NULL;
  }
  link *block = (link *)((char *)start + offset) - 1;
  *block = (link){block, block, start};
  if (current) {
    block->previous = current->ring.previous;
    block->next = &current->ring;
    block->previous->next = block->next->previous = block;
  }
  return block + 1;
}

int __wrap_posix_memalign(void **memory, size_t alignment, size_t size) {
  *memory = take(alignment, size);
  return *memory ? 0 : ENOMEM;
}

void *__wrap_malloc(size_t size) { return take(0, size); }

void *__wrap_calloc(size_t count, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) bytes = SIZE_MAX;
  void *memory = take(0, bytes);
  return memory ? memset(memory, 0, bytes) : NULL;
}

void __wrap_free(void *memory) {
  if (!memory) return;
  link *block = (link *)memory - 1;
  unlink(block);
  __real_free(block->start);
}

/* A function of its own: after a longjmp only variables of its caller have their values for certain. */
static int32_t run(guard *guard, int32_t (*create)(void *), void *context) {
  if (setjmp(guard->exhausted)) return RETINAFACE_NO_MEMORY;
  return create(context);
}

int32_t rf_create_guarded(int32_t (*create)(void *), void *context, int keeps) {
  guard guard = {.ring = {&guard.ring, &guard.ring, NULL}};
  current = &guard;
  int32_t status = run(&guard, create, context);
  current = NULL;
  bool frees = status < 0 || !keeps;
  while (frees && guard.ring.next != &guard.ring) __wrap_free((link *)guard.ring.next + 1);
  unlink(&guard.ring);
  return status;
}
