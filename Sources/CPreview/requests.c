// Decides which requests may be answered. They are untrusted: a stranger may have made any foreign name resolve to this machine,
// so that the stranger's page in a viewer's browser could read ours (DNS rebinding); in a local network every machine can do
// that with a name under .local. And any page may refer to our streams, which occupies their places.
#include "requests.h"
#include "CPreview.h"
#include <CHost.h>
#include <string.h>
#include <strings.h>

// Returns true if a port or nothing follows a name.
static bool is_port(const char *text) {
  if (*text == '\0') return true;
  size_t digits = strspn(text + 1, "0123456789");
  return *text == ':' && digits <= 5 && text[1 + digits] == '\0';
}

// Copies the name of a Host header, without brackets and port; false if it is invalid.
static bool take_name(const char *host, char *name, size_t room) {
  bool has_brackets = *host == '[';
  if (has_brackets) host++;
  const char *end = host + strcspn(host, has_brackets ? "]" : ":");
  if (has_brackets && *end == '\0') return false;
  if (!is_port(end + has_brackets)) return false;
  size_t count = (size_t)(end - host);
  if (count == 0 || count >= room) return false;
  memcpy(name, host, count);
  name[count] = '\0';
  // Only IPv6 addresses may have brackets.
  return !has_brackets || strchr(name, ':');
}

bool rf_request_is_own_name(const char *host, const char *own) {
  char name[256];
  if (!take_name(host, name, sizeof name)) return false;
  if (rf_is_address(name) || strcasecmp(name, "localhost") == 0) return true;
  if (!*own) return false;
  size_t label = strcspn(own, ".");
  return strcasecmp(name, own) == 0 || (label > 0 && strncasecmp(name, own, label) == 0 && strcasecmp(name + label, ".local") == 0);
}

// Returns true if another site's page made the request. Browsers that do not send the header state the origin of most requests.
// Source: W3C, "Fetch Metadata Request Headers".
static bool is_cross_site(const rf_request *request) {
  const char *site = request->fetch_site, *origin = request->origin;
  if (site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0) {
    // A link to the page is an ordinary visit.
    bool is_visit = !request->is_stream && request->fetch_mode && strcmp(request->fetch_mode, "navigate") == 0;
    if (!is_visit) return true;
  }
  if (!origin) return false;
  static const char scheme[] = "http://";
  size_t count = sizeof scheme - 1;
  return strncmp(origin, scheme, count) != 0 || !request->host || strcasecmp(origin + count, request->host) != 0;
}

rf_request_problem rf_request_check(const rf_request *request, const char *own) {
  if (request->host_count > 1) return RF_REQUEST_BAD_HOST;
  // Only HTTP/1.0 has requests without Host; no browser sends one.
  if (!request->host && strcmp(request->version, "HTTP/1.0") != 0) return RF_REQUEST_BAD_HOST;
  if (request->host && !rf_request_is_own_name(request->host, own)) return RF_REQUEST_FOREIGN;
  return is_cross_site(request) ? RF_REQUEST_CROSS_SITE : RF_REQUEST_GOOD;
}
