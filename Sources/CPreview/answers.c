// Answers requests. Requests are untrusted: those for other than ten paths, by methods other than GET or HEAD, with a body, or
// rejected by requests.c, are refused.
#if __has_include(<microhttpd.h>) && !defined(RF_STATIC)
#include "pages.h"
#include "requests.h"
#include "server.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

// The page loads nothing from other sites, no other site may embed it or its pictures, and nothing is cached.
// Sources: W3C, "Content Security Policy Level 3"; Fetch Standard, "Cross-Origin-Resource-Policy header".
static const char *const HEADERS[][2] = {
  {"Content-Security-Policy", "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; "
                              "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
  {"Cross-Origin-Resource-Policy", "same-origin"},
  {"X-Content-Type-Options", "nosniff"},
  {"X-Frame-Options", "DENY"},
  {"Referrer-Policy", "no-referrer"},
  {"Permissions-Policy", "camera=(), geolocation=(), microphone=()"},
  {"Cache-Control", "no-store"},
};

static enum MHD_Result queue(rf_preview *preview, struct MHD_Connection *connection, unsigned status, struct MHD_Response *response) {
  const rf_mhd *mhd = preview->mhd;
  if (!response) return MHD_NO; // memory is exhausted: the connection ends
  for (size_t i = 0; i < sizeof HEADERS / sizeof *HEADERS; i++) mhd->MHD_add_response_header(response, HEADERS[i][0], HEADERS[i][1]);
  enum MHD_Result result = mhd->MHD_queue_response(connection, status, response);
  mhd->MHD_destroy_response(response);
  return result;
}

static struct MHD_Response *fixed(rf_preview *preview, const void *bytes, size_t count, const char *type) {
  // Persistent: the library reads the bytes without a copy.
  struct MHD_Response *response = preview->mhd->MHD_create_response_from_buffer(count, (void *)(uintptr_t)bytes, MHD_RESPMEM_PERSISTENT);
  if (response) preview->mhd->MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
  return response;
}

// Refuses a request with a text, and with a header if its name is given. Ends the connection.
static enum MHD_Result refuse(rf_preview *preview, struct MHD_Connection *connection, unsigned status, const char *text, const char *header,
                              const char *value) {
  struct MHD_Response *response = fixed(preview, text, strlen(text), "text/plain; charset=utf-8");
  if (response && header) preview->mhd->MHD_add_response_header(response, header, value);
  if (response) preview->mhd->MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
  return queue(preview, connection, status, response);
}

static const char *header(rf_preview *preview, struct MHD_Connection *connection, const char *name) {
  return preview->mhd->MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static bool has_body(rf_preview *preview, struct MHD_Connection *connection) {
  const char *count = header(preview, connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
  return (count && strcmp(count, "0") != 0) || header(preview, connection, MHD_HTTP_HEADER_TRANSFER_ENCODING);
}

static const char NO_FRAMES[] = "no frame for 10 seconds: check the camera\n";

static enum MHD_Result answer_stream(rf_preview *preview, struct MHD_Connection *connection, stream stream, bool is_head) {
  if (is_head) return queue(preview, connection, MHD_HTTP_OK, fixed(preview, "", 0, rf_preview_stream_type(stream)));
  // Programs that want one frame do not wait in vain.
  if (rf_preview_is_single(stream) && !rf_preview_is_healthy(preview))
    return refuse(preview, connection, MHD_HTTP_SERVICE_UNAVAILABLE, NO_FRAMES, MHD_HTTP_HEADER_RETRY_AFTER, "5");
  struct MHD_Response *response = rf_preview_stream(preview, connection, stream);
  if (response) return queue(preview, connection, MHD_HTTP_OK, response);
  return refuse(preview, connection, MHD_HTTP_SERVICE_UNAVAILABLE, "All places for viewers are taken: try again later.\n",
                MHD_HTTP_HEADER_RETRY_AFTER, "5");
}

static stream stream_of(const char *path) {
  static const char *const PATHS[STREAMS] = {
    [STREAM_VIDEO] = "/video", [STREAM_EVENTS] = "/events", [STREAM_SNAPSHOT] = "/snapshot.jpg", [STREAM_FACES] = "/faces.json"};
  stream found = 0;
  while (found < STREAMS && strcmp(path, PATHS[found]) != 0) found++;
  return found;
}

static enum MHD_Result answer_health(rf_preview *preview, struct MHD_Connection *connection) {
  static const char GOOD[] = "frames are processed\n";
  bool is_healthy = rf_preview_is_healthy(preview);
  const char *text = is_healthy ? GOOD : NO_FRAMES;
  return queue(preview, connection, is_healthy ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
               fixed(preview, text, strlen(text), "text/plain; charset=utf-8"));
}

static enum MHD_Result count_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value) {
  (void)kind, (void)value;
  if (strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0) ++*(size_t *)context;
  return MHD_YES;
}

static rf_request_problem problem_of(rf_preview *preview, struct MHD_Connection *connection, const char *version, bool is_stream) {
  rf_request request = {
    .version = version,
    .is_stream = is_stream,
    .host = header(preview, connection, MHD_HTTP_HEADER_HOST),
    .origin = header(preview, connection, MHD_HTTP_HEADER_ORIGIN),
    .fetch_site = header(preview, connection, "Sec-Fetch-Site"),
    .fetch_mode = header(preview, connection, "Sec-Fetch-Mode"),
  };
  preview->mhd->MHD_get_connection_values(connection, MHD_HEADER_KIND, count_header, &request.host_count);
  char own[256] = "";
  if (gethostname(own, sizeof own - 1)) own[0] = '\0';
  return rf_request_check(&request, own);
}

static enum MHD_Result answer(rf_preview *preview, struct MHD_Connection *connection, const char *path, const char *version, bool is_head) {
  stream stream = stream_of(path);
  switch (problem_of(preview, connection, version, stream < STREAMS)) {
  case RF_REQUEST_GOOD: break;
  case RF_REQUEST_BAD_HOST: return refuse(preview, connection, MHD_HTTP_BAD_REQUEST, "A request needs one Host header.\n", NULL, NULL);
  case RF_REQUEST_FOREIGN:
    return refuse(preview, connection, 421, "This name may not be used here: use the machine's address.\n", NULL, NULL);
  case RF_REQUEST_CROSS_SITE:
    return refuse(preview, connection, MHD_HTTP_FORBIDDEN, "Pages of other sites may not use this one.\n", NULL, NULL);
  }
  if (stream < STREAMS) return answer_stream(preview, connection, stream, is_head);
  if (strcmp(path, "/healthz") == 0) return answer_health(preview, connection);
  if (strcmp(path, "/metrics") == 0) return queue(preview, connection, MHD_HTTP_OK, rf_preview_metrics(preview));
  const rf_page *page = rf_page_at(path);
  if (page) return queue(preview, connection, MHD_HTTP_OK, fixed(preview, page->bytes, page->count, page->type));
  return refuse(preview, connection, MHD_HTTP_NOT_FOUND, "There is nothing here: the page is at /.\n", NULL, NULL);
}

enum MHD_Result rf_preview_answer(void *context, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *upload, size_t *upload_count, void **state) {
  (void)upload, (void)upload_count;
  rf_preview *preview = context;
  bool is_head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
  client *client = rf_preview_client(preview, connection);
  if (!client) return MHD_NO;
  if (!*state) {
    *state = preview; // headers only; the library calls again for a request without a body
    client->answers = true;
    client->since = rf_seconds();
    if (!is_head && strcmp(method, MHD_HTTP_METHOD_GET) != 0)
      return refuse(preview, connection, MHD_HTTP_METHOD_NOT_ALLOWED, "Only GET and HEAD are answered.\n", MHD_HTTP_HEADER_ALLOW,
                    "GET, HEAD");
    if (has_body(preview, connection)) return refuse(preview, connection, 413, "A request has no body here.\n", NULL, NULL);
    return MHD_YES;
  }
  return answer(preview, connection, path, version, is_head);
}
#endif
