// Destinations of results besides standard output: files that survive a power cut, pipes, serial ports, datagrams. Everything
// answers 0 or more, or an errno made negative.
#ifndef RF_OUTPUTS_H
#define RF_OUTPUTS_H
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// The kind of a destination, by fstat(2).
typedef enum : int32_t {
  RF_RESULTS_FILE,   // regular file
  RF_RESULTS_STREAM, // pipe, fifo, socket, or a device that takes all, as /dev/null does
  RF_RESULTS_PORT,   // terminal device
} rf_results_kind;

typedef struct {
  rf_results_kind kind;
  int64_t cut; // bytes of a torn last line that were cut off a file
  int is_new;  // the file was made
  int is_empty; // the file has no results yet
} rf_results_info;

// Opens what `path` leads to for writing, without waiting. A file is opened at its end and made where it is missing, but
// not among devices; a torn last line is cut off first (lines.h). `baud` 0: a terminal device keeps its settings; else the
// path must lead to one, which gets 8 bits, no parity, nothing translated, at that rate; writing to it never waits.
// -EISDIR: a folder. -EBADMSG: a file that holds something other than results. -ENODEV: a device that is none of these.
// -ENOTTY: no terminal device, but baud is given. -ENXIO: a fifo without a reader.
int rf_results_open(const char *path, int baud, rf_results_info *info);

// The valid rates in ascending order, 0 behind the last.
int rf_serial_rate(int index);

// A socket whose datagrams go to a numeric IPv4 or IPv6 address. -EINVAL: not such an address.
int rf_datagram_open(const char *address, int port);

// Bytes written; writing to what cannot take any now is -EAGAIN.
ssize_t rf_output_write(int file, const void *bytes, size_t count);
#endif
