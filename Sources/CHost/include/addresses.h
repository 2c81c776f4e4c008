// Numeric IPv4 and IPv6 addresses. Names are never resolved: a name server may hang.
#ifndef RF_ADDRESSES_H
#define RF_ADDRESSES_H
#include <netinet/in.h>
#include <sys/socket.h>

typedef union {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
} rf_socket_address;

// Reads a numeric address. Returns the length of *address in bytes; 0 if the text is anything else.
socklen_t rf_socket_address_parse(const char *_Nonnull text, int port, rf_socket_address *_Nonnull address);

// Returns 1 if the text is a numeric address, otherwise 0.
int rf_is_address(const char *_Nonnull text);
#endif
