// The files of the page, embedded in the program.
#ifndef RF_PREVIEW_PAGES_H
#define RF_PREVIEW_PAGES_H
#include <stddef.h>

typedef struct {
  const char *path, *type;
  const unsigned char *bytes;
  size_t count;
} rf_page;

// Returns NULL for other paths. No file of the machine is accessible.
const rf_page *rf_page_at(const char *path);
#endif
