// The C library functions that Embedded Swift and the compiler require.
#if defined(__aarch64__) && !defined(__linux__)
#include "CBoard.h"

static void stop(const char *text, size_t count) {
  rf_console_write(text, count);
  rf_power_off();
}

int posix_memalign(void **block, size_t alignment, size_t bytes) {
  *block = rf_heap_take((rf_heap *)rf_board_heap(), alignment, bytes);
  if (*block) return 0;
  // Swift would trap without a message.
  static const char text[] = "fault: heap full: take a smaller picture, or raise __heap_bytes in link.ld\n";
  stop(text, sizeof text - 1);
  return 12;
}

void free(void *block) { rf_heap_give((rf_heap *)rf_board_heap(), block); }

int putchar(int c) {
  char byte = (char)c;
  rf_console_write(&byte, 1);
  return c;
}

// The empty statement keeps the compiler from replacing each loop by a call of the function itself.
#define KEEP_LOOP __asm__ volatile("")

void *memset(void *to, int value, size_t count) {
  unsigned char *d = to;
  uint64_t word = 0x0101010101010101u * (unsigned char)value;
  for (; count && (uintptr_t)d & 7; count--) *d++ = (unsigned char)value;
  for (; count >= 8; count -= 8, d += 8) {
    *(uint64_t *)d = word;
    KEEP_LOOP;
  }
  for (; count; count--) {
    *d++ = (unsigned char)value;
    KEEP_LOOP;
  }
  return to;
}

typedef struct {
  uint64_t word;
} __attribute__((packed)) unaligned;

void *memcpy(void *to, const void *from, size_t count) {
  unsigned char *d = to;
  const unsigned char *s = from;
  for (; count >= 8; count -= 8, d += 8, s += 8) {
    ((unaligned *)d)->word = ((const unaligned *)s)->word;
    KEEP_LOOP;
  }
  for (; count; count--) {
    *d++ = *s++;
    KEEP_LOOP;
  }
  return to;
}

void *memmove(void *to, const void *from, size_t count) {
  unsigned char *d = to;
  const unsigned char *s = from;
  if (d <= s || d >= s + count) return memcpy(to, from, count);
  while (count--) {
    d[count] = s[count];
    KEEP_LOOP;
  }
  return to;
}

int memcmp(const void *a, const void *b, size_t count) {
  const unsigned char *x = a, *y = b;
  for (; count; count--, x++, y++) {
    if (*x != *y) return *x < *y ? -1 : 1;
    KEEP_LOOP;
  }
  return 0;
}

size_t strlen(const char *text) {
  size_t count = 0;
  while (text[count]) {
    count++;
    KEEP_LOOP;
  }
  return count;
}
#endif
