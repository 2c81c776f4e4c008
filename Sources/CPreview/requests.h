// What is read of a request before it is answered. No library and no memory of its own: a fuzzer runs it as it is.
#ifndef RF_PREVIEW_REQUESTS_H
#define RF_PREVIEW_REQUESTS_H
#include <stdbool.h>
#include <stddef.h>

// The headers that count, each NULL where it is missing.
typedef struct {
  const char *version;        // such as "HTTP/1.1"
  const char *host, *origin, *fetch_site, *fetch_mode;
  size_t host_count;          // how many Host headers there are
  bool is_stream;             // of /video or /events: it takes one of few places
} rf_request;

// Why a request is refused; RF_REQUEST_GOOD where it is not.
typedef enum {
  RF_REQUEST_GOOD,
  RF_REQUEST_BAD_HOST,    // no Host header where HTTP/1.1 demands one, or several (RFC 9112, 3.2)
  RF_REQUEST_FOREIGN,     // for a name that is not this machine's
  RF_REQUEST_CROSS_SITE,  // from another site's page
} rf_request_problem;

// `own`: the machine's host name; empty where it has none.
rf_request_problem rf_request_check(const rf_request *request, const char *own);

// Whether a Host header's name can only be this machine's: an address in numbers, localhost, `own`, or the first label of `own`
// with .local, which is its name in the local network (RFC 6762). A port may follow.
bool rf_request_is_own_name(const char *host, const char *own);
#endif
