// Checks the headers of a request. Uses no library and no memory of its own, so that a fuzzer can run it directly.
#ifndef RF_PREVIEW_REQUESTS_H
#define RF_PREVIEW_REQUESTS_H
#include <stdbool.h>
#include <stddef.h>

// The relevant headers, each NULL if it is missing.
typedef struct {
  const char *version;        // such as "HTTP/1.1"
  const char *host, *origin, *fetch_site, *fetch_mode;
  size_t host_count;          // number of Host headers
  bool is_stream;             // for /video or /events, which have few places
} rf_request;

// Why a request is refused, or RF_REQUEST_GOOD.
typedef enum {
  RF_REQUEST_GOOD,
  RF_REQUEST_BAD_HOST,    // no Host header where HTTP/1.1 demands one, or several (RFC 9112, 3.2)
  RF_REQUEST_FOREIGN,     // the name is not this machine's
  RF_REQUEST_CROSS_SITE,  // another site's page made it
} rf_request_problem;

// `own`: the machine's host name; empty if it has none.
rf_request_problem rf_request_check(const rf_request *request, const char *own);

// Returns true if a Host header's name can only be this machine's: a numeric address, localhost, `own`, or the first label of
// `own` with .local, which is its name in the local network (RFC 6762). A port may follow.
bool rf_request_is_own_name(const char *host, const char *own);
#endif
