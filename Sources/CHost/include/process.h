// How a user stops the program.
#ifndef RF_PROCESS_H
#define RF_PROCESS_H

// From now on SIGINT and SIGTERM only set a flag, and end waits for input; writing to a closed pipe is an error (EPIPE),
// not a death. A second SIGINT or SIGTERM kills, as if nothing were caught.
void rf_catch_stop_signals(void);

// 1 from the first SIGINT or SIGTERM on.
int rf_stop_requested(void);
#endif
