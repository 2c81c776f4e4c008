/* The function by which Swift seeds its hashing; glibc has it from 2.36 on only. Hidden: other libraries keep glibc's. */
#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

__attribute__((visibility("hidden"))) void arc4random_buf(void *bytes, size_t count);

/* Leaves the bytes as they are if the system gives none: seeds of hashing need not be secret. */
void arc4random_buf(void *bytes, size_t count) {
  char *next = bytes;
  while (count > 0) {
    long got = syscall(SYS_getrandom, next, count, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    next += got;
    count -= (size_t)got;
  }
}
