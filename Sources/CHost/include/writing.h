// Writing to whatever a descriptor is: a file, a pipe, a terminal, a socket.
#ifndef RF_WRITING_H
#define RF_WRITING_H
#include <stddef.h>

// Writes all bytes: 0, or an errno made negative (errno has it too). Waits where a pipe or terminal takes nothing for the
// moment, whether or not it was opened as non-blocking; meanwhile the watchdog is served. A
// regular file gets all bytes or none: what went in before its disk was full is taken back. -EINTR only where
// rf_stop_is_due() ended a wait.
int rf_file_write_all(int file, const void *bytes, size_t count);
#endif
