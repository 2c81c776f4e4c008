// Ending in order: Ctrl-C and SIGTERM become a question that the program asks between frames.
#ifndef RF_STOP_H
#define RF_STOP_H

// From here on the first SIGINT or SIGTERM only sets a flag (a second one kills, should something hang), and writing
// to a closed pipe is an error and not a signal.
void rf_catch_stop(void);

int rf_stop_requested(void);

// Waits until `descriptor` can be read or has ended: 1. 0: a stop was requested, before or meanwhile. -1: errno.
int rf_wait_readable(int descriptor);
#endif
