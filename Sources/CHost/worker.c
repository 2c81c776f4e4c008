// One flag under one lock: the caller sets it, the thread clears it when its work is done.
#include "worker.h"
#include "thread_pool.h"
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>

struct rf_worker {
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t start;
  void (*work)(void *context);
  void *context;
  int niceness;
  bool is_busy, is_to_end;
};

static void *serve(void *argument) {
  rf_worker *worker = argument;
  // Linux has a niceness per thread (setpriority(2), "C library/kernel differences").
  setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + worker->niceness);
  pthread_mutex_lock(&worker->lock);
  for (;;) {
    while (!worker->is_busy && !worker->is_to_end) pthread_cond_wait(&worker->start, &worker->lock);
    if (!worker->is_busy) break;
    pthread_mutex_unlock(&worker->lock);
    worker->work(worker->context);
    pthread_mutex_lock(&worker->lock);
    worker->is_busy = false;
  }
  pthread_mutex_unlock(&worker->lock);
  return NULL;
}

rf_worker *rf_worker_start(void (*work)(void *context), void *context, int niceness) {
  rf_worker *worker = calloc(1, sizeof *worker);
  if (!worker) return NULL;
  worker->work = work;
  worker->context = context;
  worker->niceness = niceness;
  pthread_mutex_init(&worker->lock, NULL);
  pthread_cond_init(&worker->start, NULL);
  if (rf_thread_start(&worker->thread, serve, worker) == 0) return worker;
  free(worker);
  return NULL;
}

int rf_worker_is_free(rf_worker *worker) {
  pthread_mutex_lock(&worker->lock);
  bool is_free = !worker->is_busy;
  pthread_mutex_unlock(&worker->lock);
  return is_free;
}

void rf_worker_run(rf_worker *worker) {
  pthread_mutex_lock(&worker->lock);
  worker->is_busy = true;
  pthread_cond_signal(&worker->start);
  pthread_mutex_unlock(&worker->lock);
}

void rf_worker_stop(rf_worker *worker) {
  if (!worker) return;
  pthread_mutex_lock(&worker->lock);
  worker->is_to_end = true;
  pthread_cond_signal(&worker->start);
  pthread_mutex_unlock(&worker->lock);
  pthread_join(worker->thread, NULL);
  pthread_cond_destroy(&worker->start);
  pthread_mutex_destroy(&worker->lock);
  free(worker);
}
