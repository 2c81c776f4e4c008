// Signals become a flag that loops ask for.
#include "CHost.h"

static volatile sig_atomic_t stop;

static void request_stop(int number) {
  (void)number;
  stop = 1;
}

void rf_catch_stop_signals(void) {
  // Without SA_RESTART waits for input end; with SA_RESETHAND the second signal does what it does by default.
  struct sigaction action = {.sa_handler = request_stop, .sa_flags = (int)SA_RESETHAND};
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  signal(SIGPIPE, SIG_IGN);
  // A parent with threads may have left them blocked.
  sigset_t stops;
  sigemptyset(&stops);
  sigaddset(&stops, SIGINT);
  sigaddset(&stops, SIGTERM);
  sigprocmask(SIG_UNBLOCK, &stops, NULL);
}

int rf_stop_requested(void) { return stop != 0; }
