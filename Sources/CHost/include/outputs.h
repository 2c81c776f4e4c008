// Ways out for results: files that survive a power cut, serial ports, datagrams. Everything answers 0 or more, or an errno
// made negative.
#ifndef RF_OUTPUTS_H
#define RF_OUTPUTS_H
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Opens a file of lines to write after its last whole line; makes it where it is missing. What a power cut left is cut off
// first: a last line without its end, and all from the first line on that holds control characters in the last 256 KiB, for
// a file system may have told of bytes before it wrote them. *cut: how many bytes that were.
int rf_lines_open(const char *path, int64_t *cut);

// Opens a terminal device, without waiting for a carrier or taking it as controlling terminal; writing never waits. Its
// settings stay as they are where `baud` is 0; else 8 bits, no parity, nothing translated, at that rate (-EINVAL: not one).
int rf_serial_open(const char *path, int baud);

// A socket whose datagrams go to a numeric IPv4 or IPv6 address. -EINVAL: not such an address.
int rf_datagram_open(const char *address, int port);

// 1 where the address is one. Asks no name server.
int rf_datagram_is_address(const char *address);

// Bytes written; writing to what cannot take any now is -EAGAIN.
ssize_t rf_output_write(int file, const void *bytes, size_t count);
#endif
