// A crew of threads: runs one function on every part of a job, all parts at once, and waits for them.
#ifndef RF_CREW_H
#define RF_CREW_H

typedef void (*rf_work)(void *_Nullable context, long part);
typedef struct rf_crew rf_crew;

// `count` parts: the caller's thread is part 0, count - 1 threads are started. NULL where that cannot be had (errno).
rf_crew *_Nullable rf_crew_start(int count);

// Calls work(context, part) for part 0 ... count - 1, each on its own thread; returns when all have. No allocation.
void rf_crew_run(void *_Nullable crew, rf_work _Nonnull work, void *_Nullable context);

// Ends the threads and frees the crew.
void rf_crew_stop(rf_crew *_Nullable crew);
#endif
