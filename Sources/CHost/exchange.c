// One slot under one lock.
#include "exchange.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

struct rf_exchange {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int newest;
  bool is_fresh, is_closed;
  long long dropped;
};

static const long WAIT_NANOSECONDS = 100 * 1000 * 1000;

rf_exchange *rf_exchange_new(void) {
  rf_exchange *exchange = calloc(1, sizeof *exchange);
  if (!exchange) return NULL;
  exchange->newest = 1;
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&exchange->changed, &monotonic);
  pthread_condattr_destroy(&monotonic);
  pthread_mutex_init(&exchange->lock, NULL);
  return exchange;
}

void rf_exchange_free(rf_exchange *exchange) {
  if (!exchange) return;
  pthread_cond_destroy(&exchange->changed);
  pthread_mutex_destroy(&exchange->lock);
  free(exchange);
}

int rf_exchange_put(rf_exchange *exchange, int fresh) {
  pthread_mutex_lock(&exchange->lock);
  int other = exchange->newest;
  exchange->dropped += exchange->is_fresh;
  exchange->newest = fresh;
  exchange->is_fresh = true;
  pthread_cond_broadcast(&exchange->changed);
  pthread_mutex_unlock(&exchange->lock);
  return other;
}

void rf_exchange_wait_taken(rf_exchange *exchange) {
  pthread_mutex_lock(&exchange->lock);
  while (exchange->is_fresh && !exchange->is_closed) pthread_cond_wait(&exchange->changed, &exchange->lock);
  pthread_mutex_unlock(&exchange->lock);
}

int rf_exchange_take(rf_exchange *exchange, int used) {
  struct timespec end;
  clock_gettime(CLOCK_MONOTONIC, &end);
  end.tv_nsec += WAIT_NANOSECONDS;
  if (end.tv_nsec >= 1000000000) {
    end.tv_nsec -= 1000000000;
    end.tv_sec++;
  }
  pthread_mutex_lock(&exchange->lock);
  int late = 0;
  while (!exchange->is_fresh && !late) late = pthread_cond_timedwait(&exchange->changed, &exchange->lock, &end);
  int taken = -1;
  if (exchange->is_fresh) {
    taken = exchange->newest;
    exchange->newest = used;
    exchange->is_fresh = false;
    pthread_cond_broadcast(&exchange->changed);
  }
  pthread_mutex_unlock(&exchange->lock);
  return taken;
}

void rf_exchange_close(rf_exchange *exchange) {
  pthread_mutex_lock(&exchange->lock);
  exchange->is_closed = true;
  pthread_cond_broadcast(&exchange->changed);
  pthread_mutex_unlock(&exchange->lock);
}

int rf_exchange_is_closed(rf_exchange *exchange) {
  pthread_mutex_lock(&exchange->lock);
  bool is_closed = exchange->is_closed;
  pthread_mutex_unlock(&exchange->lock);
  return is_closed;
}

long long rf_exchange_dropped(rf_exchange *exchange) {
  pthread_mutex_lock(&exchange->lock);
  long long dropped = exchange->dropped;
  pthread_mutex_unlock(&exchange->lock);
  return dropped;
}
