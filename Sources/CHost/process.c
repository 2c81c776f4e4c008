// Signals become a flag that loops ask for; threads are started and joined.
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

struct rf_thread {
  pthread_t thread;
  void (*body)(void *context);
  void *context;
};

static void *run(void *argument) {
  rf_thread *thread = argument;
  thread->body(thread->context);
  return NULL;
}

rf_thread *rf_thread_start(void (*body)(void *context), void *context) {
  rf_thread *thread = malloc(sizeof *thread);
  if (!thread) return NULL;
  thread->body = body;
  thread->context = context;
  if (pthread_create(&thread->thread, NULL, run, thread)) {
    free(thread);
    return NULL;
  }
  return thread;
}

void rf_thread_join(rf_thread *thread) {
  pthread_join(thread->thread, NULL);
  free(thread);
}
