// Replaces parts of the C library in static programs, which saves 130 kB of code that never runs. A dynamic program must not contain
// them: they would act for all libraries.
#ifdef RF_STATIC
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Every thread keeps the state of the resolver of names and frees it at its end, so that pthread_create links the whole resolver.
// rf-cam reads numeric addresses only (addresses.h). The part that frees the thread's share of the allocator stays.
__attribute__((visibility("hidden"))) void __malloc_arena_thread_freeres(void);
__attribute__((visibility("hidden"))) __thread void *__libc_resp;

__attribute__((visibility("hidden"))) void __libc_thread_freeres(void);
void __libc_thread_freeres(void) { __malloc_arena_thread_freeres(); }

// The C library's own assertions: their message is translated and formatted for streams of wide characters.
_Noreturn void __assert_fail(const char *assertion, const char *file, unsigned line, const char *function);
_Noreturn void __assert_fail(const char *assertion, const char *file, unsigned line, const char *function) {
  (void)file, (void)line, (void)function;
  (void)!write(STDERR_FILENO, assertion, strlen(assertion));
  (void)!write(STDERR_FILENO, "\n", 1);
  abort();
}

// sscanf. libjpeg is the only caller: it reads its memory limit from the environment (JPEGMEM, jmemmgr.c). This version reads nothing,
// so that the default, no limit, stays; pictures are limited by their pixels.
int __isoc99_sscanf(const char *text, const char *format, ...);
int __isoc99_sscanf(const char *text, const char *format, ...) {
  (void)text, (void)format;
  return 0;
}
#endif
