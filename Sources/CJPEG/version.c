// Names the library: its header has the version (jconfig.h); no function returns it.
#include "CJPEG.h"
#include <stdio.h>
// After stdio.h, which it needs.
#include <jpeglib.h>

#define TEXT(macro) TEXT_OF(macro)
#define TEXT_OF(value) #value

const char *rf_jpeg_version(void) {
#ifdef LIBJPEG_TURBO_VERSION
  return "libjpeg-turbo " TEXT(LIBJPEG_TURBO_VERSION);
#else
  return "libjpeg " TEXT(JPEG_LIB_VERSION);
#endif
}
