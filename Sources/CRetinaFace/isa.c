/* The names of the processor's instruction sets. */
#include "retinaface.h"
#include "rfkernels.h"
#include <string.h>

/* Appends a name to a text of `length` bytes, as far as there is room. Returns the new length. */
static size_t append(const char *name, char *text, size_t size, size_t length) {
  for (; *name; name++, length++) {
    if (length + 1 < size) text[length] = *name;
  }
  return length;
}

size_t retinaface_isa(char *text, size_t size) {
  if (!text) size = 0;
  size_t count, length = 0;
  const rf_isa_set *sets = rf_isa_sets(&count);
  const uint32_t available = rf_cpu_isa();
  for (size_t i = 0; i < count; i++) {
    if (!(available & sets[i].bit)) continue;
    if (length > 0) length = append(",", text, size, length);
    length = append(sets[i].name, text, size, length);
  }
  if (length == 0) length = append("reference", text, size, length);
  if (size > 0) text[length < size ? length : size - 1] = 0;
  return length;
}
