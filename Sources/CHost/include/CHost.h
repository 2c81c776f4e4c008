// The C library that we use, as a clang module: in place of `import Glibc`, which Embedded Swift does not have.
#ifndef RF_CHOST_H
#define RF_CHOST_H
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "addresses.h"
#include "exchange.h"
#include "files.h"
#include "lines.h"
#include "outputs.h"
#include "process.h"
#include "sequence.h"
#include "service.h"
#include "thread_pool.h"
#include "worker.h"
#include "writing.h"

// Command line of the process: Embedded Swift has no CommandLine, so glibc's constructor arguments are kept.
int rf_argument_count(void);
const char *rf_argument(int index); // "" where there is none

static inline int rf_errno(void) { return errno; }

// Streams as values: Swift 6 refuses libc's global variables.
static inline FILE *rf_standard_output(void) { return stdout; }
static inline FILE *rf_standard_error(void) { return stderr; }

// Seconds on the monotonic clock.
static inline double rf_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// Seconds since 1970-01-01 in UTC: the time of day.
static inline double rf_time_of_day(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
#endif
