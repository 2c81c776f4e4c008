// Signals are open only while ppoll waits, so that none slips in between the question and the waiting.
#define _GNU_SOURCE
#include "stop.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t requested;

static void request(int signal) {
  (void)signal;
  requested = 1;
}

void rf_catch_stop(void) {
  struct sigaction action = {.sa_handler = request, .sa_flags = (int)SA_RESETHAND};
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  sigaction(SIGPIPE, &ignore, NULL);
}

int rf_stop_requested(void) { return requested; }

int rf_wait_readable(int descriptor) {
  sigset_t stops, before;
  sigemptyset(&stops);
  sigaddset(&stops, SIGINT);
  sigaddset(&stops, SIGTERM);
  sigprocmask(SIG_BLOCK, &stops, &before);
  int result = -1;
  struct pollfd wanted = {.fd = descriptor, .events = POLLIN};
  while (result < 0) {
    if (requested) {
      result = 0;
    } else if (ppoll(&wanted, 1, NULL, &before) > 0) {
      result = 1;
    } else if (errno != EINTR) {
      break;
    }
  }
  int error = errno;
  sigprocmask(SIG_SETMASK, &before, NULL);
  errno = error;
  return result;
}
