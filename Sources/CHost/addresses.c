#include "addresses.h"
#include <arpa/inet.h>

socklen_t rf_socket_address_parse(const char *text, int port, rf_socket_address *address) {
  *address = (rf_socket_address){0};
  if (inet_pton(AF_INET, text, &address->v4.sin_addr) == 1) {
    address->v4.sin_family = AF_INET;
    address->v4.sin_port = htons((uint16_t)port);
    return sizeof address->v4;
  }
  if (inet_pton(AF_INET6, text, &address->v6.sin6_addr) != 1) return 0;
  address->v6.sin6_family = AF_INET6;
  address->v6.sin6_port = htons((uint16_t)port);
  return sizeof address->v6;
}

int rf_is_address(const char *text) {
  rf_socket_address address;
  return rf_socket_address_parse(text, 1, &address) > 0;
}
