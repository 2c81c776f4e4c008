// What the page consists of: files of this folder, inside the program.
#ifndef RF_PREVIEW_PAGES_H
#define RF_PREVIEW_PAGES_H
#include <stddef.h>

typedef struct {
  const char *path, *type;
  const unsigned char *bytes;
  size_t count;
} rf_page;

// NULL where there is none at that path. There are no others: no file of the machine can be reached.
const rf_page *rf_page_at(const char *path);
#endif
