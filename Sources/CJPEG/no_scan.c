// libjpeg takes the most memory that it may use from the environment (JPEGMEM, jmemmgr.c) by sscanf, and sscanf is 75 kB of C
// library in a static program. Nobody else asks for it there, so nobody is answered: the default, no limit, stays, and pictures
// are limited by their pixels. In a dynamic program this would take the place of everybody's sscanf.
#ifdef RF_STATIC
int __isoc99_sscanf(const char *text, const char *format, ...);
int __isoc99_sscanf(const char *text, const char *format, ...) {
  (void)text, (void)format;
  return 0;
}
#endif
