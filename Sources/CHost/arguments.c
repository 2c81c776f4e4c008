// Keeps argc and argv, which glibc hands to constructors.
#include "CHost.h"

static int count;
static char **values;

__attribute__((constructor)) static void keep(int argc, char **argv) {
  count = argc;
  values = argv;
}

int rf_argument_count(void) { return count; }
const char *rf_argument(int index) { return index >= 0 && index < count ? values[index] : ""; }
