// A datagram to the socket that the environment names. By hand, for libsystemd is not worth linking for one line.
// Source: sd_notify(3), "Notes" (the protocol is stable), and sd_watchdog_enabled(3).
#include "CHost.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct {
  bool is_known, is_ready;
  int socket;            // connected; -1: no service manager
  double period, next;   // seconds; period 0: no watchdog
} service = {.socket = -1};

static int connect_to(const char *path) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  size_t count = strlen(path);
  // '@' stands for the zero that begins an abstract name; other kinds of address are none of ours.
  if ((path[0] != '/' && path[0] != '@') || count < 2 || count >= sizeof name.sun_path) return -1;
  memcpy(name.sun_path, path, count);
  if (path[0] == '@') name.sun_path[0] = '\0';
  int file = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (file < 0) return -1;
  if (connect(file, (struct sockaddr *)&name, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + count)) == 0) return file;
  close(file);
  return -1;
}

// Seconds between two signs of life; 0 without a watchdog, or with one of another process.
static double watchdog_period(void) {
  const char *microseconds = getenv("WATCHDOG_USEC"), *process = getenv("WATCHDOG_PID");
  if (!microseconds || (process && strtol(process, NULL, 10) != (long)getpid())) return 0;
  double period = strtod(microseconds, NULL) * 1e-6 / 2;
  return period > 0 ? period : 0;
}

static bool is_watched(void) {
  if (service.is_known) return service.socket >= 0;
  service.is_known = true;
  const char *path = getenv("NOTIFY_SOCKET");
  if (path) service.socket = connect_to(path);
  if (service.socket >= 0) service.period = watchdog_period();
  return service.socket >= 0;
}

// Lost where the manager does not read: the next one will come.
static void tell(const char *text) {
  if (send(service.socket, text, strlen(text), MSG_NOSIGNAL) < 0) return;
}

void rf_service_ready(void) {
  if (service.is_ready || !is_watched()) return;
  service.is_ready = true;
  tell("READY=1");
}

void rf_service_alive(void) {
  if (!is_watched() || service.period == 0 || rf_seconds() < service.next) return;
  service.next = rf_seconds() + service.period;
  tell("WATCHDOG=1");
}

void rf_service_stopping(void) {
  if (is_watched()) tell("STOPPING=1");
}
