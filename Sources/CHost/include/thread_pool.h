// A pool of threads: runs one function on every part of a job, all parts at once, and waits for them.
#ifndef RF_THREAD_POOL_H
#define RF_THREAD_POOL_H
#include <pthread.h>

typedef void (*rf_work)(void *_Nullable context, long part);
typedef struct rf_thread_pool rf_thread_pool;

// Makes a pool for `count` parts: the caller's thread runs part 0, count - 1 threads are started. NULL: no memory or no more
// threads (errno).
rf_thread_pool *_Nullable rf_thread_pool_start(int count);

// Calls work(context, part) for part 0 ... count - 1, each on its own thread; returns when all have returned. Allocates nothing.
void rf_thread_pool_run(void *_Nullable pool, rf_work _Nonnull work, void *_Nullable context);

// Ends the threads and frees the pool.
void rf_thread_pool_stop(rf_thread_pool *_Nullable pool);

// Starts a thread that gets no signals, so that they interrupt the waits of the thread that reads the sources. Returns 0, or
// an errno made negative.
int rf_thread_start(pthread_t *_Nonnull thread, void *_Nullable (*_Nonnull run)(void *_Nullable), void *_Nullable context);
#endif
