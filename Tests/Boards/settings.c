// Prints the value that init takes from a configuration file: settings FILE NAME. Exits with 1 where it takes none.
#include "init.h"
#include <stdarg.h>
#include <stdio.h>

void report(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
}

int main(int count, char **words) {
  char value[64];
  if (count != 3 || !setting_in(words[1], words[2], value, sizeof value)) return 1;
  return puts(value) < 0;
}
