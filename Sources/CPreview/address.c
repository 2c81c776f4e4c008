// Addresses are taken in numbers only: looking names up may hang, and names of strangers are none of ours to listen at.
#include "CPreview.h"
#include <arpa/inet.h>

int rf_preview_is_address(const char *text) {
  struct in6_addr address;
  return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}
