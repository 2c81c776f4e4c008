// The crew sleeps on a condition variable between jobs: a job is a whole frame, so a wake-up's microseconds do not
// count; inside a frame the engine has its own barrier.
#include "crew.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

typedef struct {
  rf_crew *crew;
  long part;
  pthread_t thread;
} member;

struct rf_crew {
  pthread_mutex_t lock;
  pthread_cond_t start, done;
  rf_work work; // NULL: the crew is to end
  void *context;
  unsigned long job;
  int busy, threads;
  member members[];
};

static void *serve(void *argument) {
  member *self = argument;
  rf_crew *crew = self->crew;
  unsigned long seen = 0;
  pthread_mutex_lock(&crew->lock);
  for (;;) {
    while (crew->job == seen) pthread_cond_wait(&crew->start, &crew->lock);
    seen = crew->job;
    if (!crew->work) break;
    pthread_mutex_unlock(&crew->lock);
    crew->work(crew->context, self->part);
    pthread_mutex_lock(&crew->lock);
    if (--crew->busy == 0) pthread_cond_signal(&crew->done);
  }
  pthread_mutex_unlock(&crew->lock);
  return NULL;
}

static void begin(rf_crew *crew, rf_work work, void *context) {
  pthread_mutex_lock(&crew->lock);
  crew->work = work;
  crew->context = context;
  crew->busy = crew->threads;
  crew->job++;
  pthread_cond_broadcast(&crew->start);
  pthread_mutex_unlock(&crew->lock);
}

// Signals are for the thread that reads the sources, so that they interrupt its waiting.
static int start_members(rf_crew *crew, int threads) {
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  for (; crew->threads < threads; crew->threads++) {
    member *next = &crew->members[crew->threads];
    *next = (member){.crew = crew, .part = crew->threads + 1};
    if (pthread_create(&next->thread, NULL, serve, next) != 0) break;
  }
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  return crew->threads == threads;
}

rf_crew *rf_crew_start(int count) {
  rf_crew *crew = calloc(1, sizeof(rf_crew) + sizeof(member) * (size_t)count);
  if (!crew) return NULL;
  pthread_mutex_init(&crew->lock, NULL);
  pthread_cond_init(&crew->start, NULL);
  pthread_cond_init(&crew->done, NULL);
  if (start_members(crew, count - 1)) return crew;
  rf_crew_stop(crew);
  return NULL;
}

void rf_crew_run(void *opaque, rf_work work, void *context) {
  rf_crew *crew = opaque;
  begin(crew, work, context);
  work(context, 0);
  pthread_mutex_lock(&crew->lock);
  while (crew->busy > 0) pthread_cond_wait(&crew->done, &crew->lock);
  pthread_mutex_unlock(&crew->lock);
}

void rf_crew_stop(rf_crew *crew) {
  if (!crew) return;
  begin(crew, NULL, NULL);
  for (int i = 0; i < crew->threads; i++) pthread_join(crew->members[i].thread, NULL);
  pthread_cond_destroy(&crew->start);
  pthread_cond_destroy(&crew->done);
  pthread_mutex_destroy(&crew->lock);
  free(crew);
}
