// A thread beside the main one that does one thing at a time, when it is told to and if it is free: whoever tells it never
// waits.
#ifndef RF_WORKER_H
#define RF_WORKER_H

typedef struct rf_worker rf_worker;

// Starts the thread, which calls work(context) once for every rf_worker_run. `niceness` 0...19 is added to the program's:
// more gives way to others. NULL where it cannot be had (errno).
rf_worker *_Nullable rf_worker_start(void (*_Nonnull work)(void *_Nullable context), void *_Nullable context, int niceness);

// Returns true while the thread waits: the data that `work` uses may then be changed until rf_worker_run.
int rf_worker_is_free(rf_worker *_Nonnull worker);

void rf_worker_run(rf_worker *_Nonnull worker);

// Waits for the work in hand, ends the thread, frees the worker.
void rf_worker_stop(rf_worker *_Nullable worker);
#endif
