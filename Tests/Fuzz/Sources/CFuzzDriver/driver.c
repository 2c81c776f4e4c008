// The command line reaches us through glibc's constructor arguments; the driver may rewrite its copy.
#include "CFuzzDriver.h"
#include <stdlib.h>

static int count;
static char **values;
static int (*test_one)(const uint8_t *, size_t);

__attribute__((constructor)) static void keep(int argc, char **argv) {
  count = argc;
  values = argv;
}

// Referenced by the library's own main, which is linked but never called.
int LLVMFuzzerTestOneInput(const uint8_t *start, size_t size) { return test_one(start, size); }

void rf_fuzz(int (*test)(const uint8_t *, size_t)) {
  test_one = test;
  exit(LLVMFuzzerRunDriver(&count, &values, test));
}
