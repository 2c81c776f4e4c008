// The threads sleep on a condition variable between jobs. A job is a whole frame, so the microseconds of a wake-up do not
// matter; within a frame the engine uses its own barrier.
#include "thread_pool.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

typedef struct {
  rf_thread_pool *pool;
  long part;
  pthread_t thread;
} member;

struct rf_thread_pool {
  pthread_mutex_t lock;
  pthread_cond_t start, done;
  rf_work work; // NULL: the threads must end
  void *context;
  unsigned long job;
  int busy, threads;
  member members[];
};

static void *serve(void *argument) {
  member *self = argument;
  rf_thread_pool *pool = self->pool;
  unsigned long seen = 0;
  pthread_mutex_lock(&pool->lock);
  for (;;) {
    while (pool->job == seen) pthread_cond_wait(&pool->start, &pool->lock);
    seen = pool->job;
    if (!pool->work) break;
    pthread_mutex_unlock(&pool->lock);
    pool->work(pool->context, self->part);
    pthread_mutex_lock(&pool->lock);
    if (--pool->busy == 0) pthread_cond_signal(&pool->done);
  }
  pthread_mutex_unlock(&pool->lock);
  return NULL;
}

static void begin(rf_thread_pool *pool, rf_work work, void *context) {
  pthread_mutex_lock(&pool->lock);
  pool->work = work;
  pool->context = context;
  pool->busy = pool->threads;
  pool->job++;
  pthread_cond_broadcast(&pool->start);
  pthread_mutex_unlock(&pool->lock);
}

int rf_thread_start(pthread_t *thread, void *(*run)(void *), void *context) {
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  int result = pthread_create(thread, NULL, run, context);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  return -result;
}

// Returns 0, or an errno made negative.
static int start_members(rf_thread_pool *pool, int threads) {
  for (; pool->threads < threads; pool->threads++) {
    member *next = &pool->members[pool->threads];
    *next = (member){.pool = pool, .part = pool->threads + 1};
    int result = rf_thread_start(&next->thread, serve, next);
    if (result) return result;
  }
  return 0;
}

rf_thread_pool *rf_thread_pool_start(int count) {
  rf_thread_pool *pool = calloc(1, sizeof(rf_thread_pool) + sizeof(member) * (size_t)count);
  if (!pool) return NULL;
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->start, NULL);
  pthread_cond_init(&pool->done, NULL);
  int result = start_members(pool, count - 1);
  if (!result) return pool;
  rf_thread_pool_stop(pool);
  errno = -result;
  return NULL;
}

void rf_thread_pool_run(void *opaque, rf_work work, void *context) {
  rf_thread_pool *pool = opaque;
  begin(pool, work, context);
  work(context, 0);
  pthread_mutex_lock(&pool->lock);
  while (pool->busy > 0) pthread_cond_wait(&pool->done, &pool->lock);
  pthread_mutex_unlock(&pool->lock);
}

void rf_thread_pool_stop(rf_thread_pool *pool) {
  if (!pool) return;
  begin(pool, NULL, NULL);
  for (int i = 0; i < pool->threads; i++) pthread_join(pool->members[i].thread, NULL);
  pthread_cond_destroy(&pool->start);
  pthread_cond_destroy(&pool->done);
  pthread_mutex_destroy(&pool->lock);
  free(pool);
}
