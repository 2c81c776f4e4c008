// Start of a process, and the signals by which a user stops it.
#ifndef RF_PROCESS_H
#define RF_PROCESS_H

// Call it first in main. Opens /dev/null on those of the descriptors 0, 1 and 2 that are closed, so that no file gets their
// numbers; reading from or writing to them stays an error (EBADF). Makes the file-size limit an error too (EFBIG).
void rf_process_begin(void);

// From now on SIGINT, SIGTERM and SIGHUP (unless it is ignored, as under nohup) only set a flag, and end waits; writing to a
// closed pipe is an error (EPIPE), not a death. A second SIGINT or SIGTERM kills, as if nothing were caught.
void rf_catch_stop_signals(void);

// 1 from the first of these signals on.
int rf_stop_requested(void);

// 1 once a stop was requested so long ago that a wait for somebody else's reading must end: less than a second.
int rf_stop_is_due(void);
#endif
