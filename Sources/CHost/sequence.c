// One lock for the numbers, and one that is held while a piece is read from a list, which may take long.
#include "sequence.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

struct rf_sequence {
  pthread_mutex_t claiming, lock;
  pthread_cond_t freed, finished;
  int64_t claimed, taken; // pieces so far
  int slots;
  bool has_ended, is_closed;
  bool is_finished[]; // per slot
};

// Uses a clock that changes of the system time do not affect.
static void prepare(pthread_cond_t *condition) {
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(condition, &attributes);
  pthread_condattr_destroy(&attributes);
}

rf_sequence *rf_sequence_new(int slots) {
  rf_sequence *sequence = calloc(1, sizeof *sequence + (size_t)slots * sizeof sequence->is_finished[0]);
  if (!sequence) return NULL;
  sequence->slots = slots;
  pthread_mutex_init(&sequence->claiming, NULL);
  pthread_mutex_init(&sequence->lock, NULL);
  prepare(&sequence->freed);
  prepare(&sequence->finished);
  return sequence;
}

void rf_sequence_free(rf_sequence *sequence) {
  if (!sequence) return;
  pthread_cond_destroy(&sequence->finished);
  pthread_cond_destroy(&sequence->freed);
  pthread_mutex_destroy(&sequence->lock);
  pthread_mutex_destroy(&sequence->claiming);
  free(sequence);
}

int64_t rf_sequence_claim(rf_sequence *sequence) {
  pthread_mutex_lock(&sequence->claiming);
  pthread_mutex_lock(&sequence->lock);
  while (!sequence->is_closed && !sequence->has_ended && sequence->claimed - sequence->taken >= sequence->slots) {
    pthread_cond_wait(&sequence->freed, &sequence->lock);
  }
  int64_t number = sequence->is_closed || sequence->has_ended ? -1 : sequence->claimed;
  pthread_mutex_unlock(&sequence->lock);
  if (number < 0) pthread_mutex_unlock(&sequence->claiming);
  return number;
}

void rf_sequence_claimed(rf_sequence *sequence, int has_work) {
  pthread_mutex_lock(&sequence->lock);
  if (has_work) {
    sequence->claimed++;
  } else {
    sequence->has_ended = true;
    pthread_cond_signal(&sequence->finished);
  }
  pthread_mutex_unlock(&sequence->lock);
  pthread_mutex_unlock(&sequence->claiming);
}

void rf_sequence_finish(rf_sequence *sequence, int64_t number) {
  pthread_mutex_lock(&sequence->lock);
  sequence->is_finished[number % sequence->slots] = true;
  if (number == sequence->taken) pthread_cond_signal(&sequence->finished);
  pthread_mutex_unlock(&sequence->lock);
}

// 0.1 s from now.
static struct timespec limit(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  time.tv_nsec += 100000000;
  if (time.tv_nsec >= 1000000000) {
    time.tv_nsec -= 1000000000;
    time.tv_sec++;
  }
  return time;
}

int64_t rf_sequence_take(rf_sequence *sequence) {
  struct timespec end = limit();
  int64_t number = RF_SEQUENCE_WAITING;
  pthread_mutex_lock(&sequence->lock);
  for (int result = 0; !result;) {
    if (sequence->is_finished[sequence->taken % sequence->slots]) {
      number = sequence->taken;
      break;
    }
    if (sequence->has_ended && sequence->taken == sequence->claimed) {
      number = RF_SEQUENCE_ENDED;
      break;
    }
    result = pthread_cond_timedwait(&sequence->finished, &sequence->lock, &end);
  }
  pthread_mutex_unlock(&sequence->lock);
  return number;
}

void rf_sequence_release(rf_sequence *sequence) {
  pthread_mutex_lock(&sequence->lock);
  sequence->is_finished[sequence->taken % sequence->slots] = false;
  sequence->taken++;
  pthread_cond_signal(&sequence->freed);
  pthread_mutex_unlock(&sequence->lock);
}

void rf_sequence_close(rf_sequence *sequence) {
  pthread_mutex_lock(&sequence->lock);
  sequence->is_closed = true;
  pthread_cond_broadcast(&sequence->freed);
  pthread_mutex_unlock(&sequence->lock);
}

int rf_sequence_is_closed(rf_sequence *sequence) {
  pthread_mutex_lock(&sequence->lock);
  int is_closed = sequence->is_closed;
  pthread_mutex_unlock(&sequence->lock);
  return is_closed;
}
