// Turns signals into a flag that loops read.
#include "CHost.h"
#include <stdatomic.h>

// Between a signal and the end of the last wait, seconds: long enough for a reader that is only busy.
static const double grace = 0.4;

// Read by all threads. A signal handler may set it, because it is lock-free (C11, 7.14.1.1).
static atomic_int stop;
static_assert(ATOMIC_INT_LOCK_FREE == 2, "the signal handler needs a lock-free flag");

static void request_stop(int number) {
  (void)number;
  stop = 1;
}

void rf_process_begin(void) {
  for (int file = 0; file <= 2; file++) {
    // The lowest free number is taken, so the order of the loop puts each where it belongs. The access is the wrong one on
    // purpose: results that go nowhere must be reported.
    if (fcntl(file, F_GETFD) < 0 && errno == EBADF) (void)open("/dev/null", file == 0 ? O_WRONLY : O_RDONLY);
  }
  signal(SIGXFSZ, SIG_IGN);
}

void rf_catch_stop_signals(void) {
  // Without SA_RESTART waits for input end; with SA_RESETHAND the second signal does what it does by default.
  struct sigaction action = {.sa_handler = request_stop, .sa_flags = (int)SA_RESETHAND}, hangup;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  if (!sigaction(SIGHUP, NULL, &hangup) && hangup.sa_handler == SIG_DFL) sigaction(SIGHUP, &action, NULL);
  signal(SIGPIPE, SIG_IGN);
  // A parent with threads may have left them blocked.
  sigset_t stops;
  sigemptyset(&stops);
  sigaddset(&stops, SIGINT);
  sigaddset(&stops, SIGTERM);
  sigaddset(&stops, SIGHUP);
  sigprocmask(SIG_UNBLOCK, &stops, NULL);
}

int rf_stop_requested(void) { return stop != 0; }

int rf_stop_is_due(void) {
  static _Atomic double end;
  if (!stop) return 0;
  double first = 0;
  // Only the first caller sets the end; the others get it in `first`.
  if (atomic_compare_exchange_strong(&end, &first, rf_seconds() + grace)) return 0;
  return rf_seconds() >= first;
}
