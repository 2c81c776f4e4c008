// Loads the library by the name that its interface has had since 0.9.39 (2015).
#if __has_include(<microhttpd.h>) && !defined(RF_STATIC)
#include "library.h"
#include <dlfcn.h>
#include <stddef.h>

const rf_mhd *rf_mhd_load(void) {
  static rf_mhd functions;
  if (functions.MHD_run) return &functions;
  void *library = dlopen("libmicrohttpd.so.12", RTLD_NOW | RTLD_LOCAL);
  if (!library) return NULL;
#define f(name) \
  functions.name = (typeof(name) *)dlsym(library, #name); \
  if (!functions.name) return NULL;
  RF_MHD_FUNCTIONS(f)
#undef f
  return &functions;
}
#endif
