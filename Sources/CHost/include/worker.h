// A second thread for one task at a time. A request starts the task if the thread is free, and never waits.
#ifndef RF_WORKER_H
#define RF_WORKER_H

typedef struct rf_worker rf_worker;

// Starts the thread, which calls work(context) once for every rf_worker_run. `niceness` 0...19 is added to the program's:
// a higher value gives other threads precedence. Returns NULL and sets errno on failure.
rf_worker *_Nullable rf_worker_start(void (*_Nonnull work)(void *_Nullable context), void *_Nullable context, int niceness);

// Returns true while the thread waits: the data that `work` uses may then be changed until rf_worker_run.
int rf_worker_is_free(rf_worker *_Nonnull worker);

void rf_worker_run(rf_worker *_Nonnull worker);

// Waits for the work in hand, ends the thread, frees the worker.
void rf_worker_stop(rf_worker *_Nullable worker);
#endif
