// Replaces sscanf in static programs, which saves 75 kB of C library. libjpeg is the only caller: it reads its memory limit from
// the environment (JPEGMEM, jmemmgr.c). This version reads nothing, so that the default, no limit, stays; pictures are limited
// by their pixels. A dynamic program must not contain it: it would replace sscanf for all libraries.
#ifdef RF_STATIC
int __isoc99_sscanf(const char *text, const char *format, ...);
int __isoc99_sscanf(const char *text, const char *format, ...) {
  (void)text, (void)format;
  return 0;
}
#endif
