// Runs the server's thread: libmicrohttpd on epoll, woken by the network, by new data, and once per second to end connections
// that exceed a deadline (clients.c).
#if __has_include(<microhttpd.h>) && !defined(RF_STATIC)
#include "server.h"
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

void rf_socket_set(int socket, int level, int option, int value) { setsockopt(socket, level, option, &value, sizeof value); }

static int wait_milliseconds(rf_preview *preview) {
  MHD_UNSIGNED_LONG_LONG wanted;
  if (preview->mhd->MHD_get_timeout(preview->daemon, &wanted) == MHD_YES && wanted < 1000) return (int)wanted;
  return 1000;
}

static void *serve(void *context) {
  rf_preview *preview = context;
  // Linux has one niceness per thread (setpriority(2)): detection has priority.
  setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + 10);
  double next_sweep = 0;
  while (!atomic_load(&preview->is_to_end)) {
    struct pollfd waited[2] = {{.fd = preview->epoll, .events = POLLIN}, {.fd = preview->wake, .events = POLLIN}};
    poll(waited, 2, wait_milliseconds(preview));
    uint64_t count;
    if (waited[1].revents && read(preview->wake, &count, sizeof count) < 0) continue;
    if (rf_seconds() >= next_sweep) {
      rf_preview_sweep(preview);
      next_sweep = rf_seconds() + 1;
    }
    rf_preview_resume_viewers(preview);
    preview->mhd->MHD_run(preview->daemon);
  }
  // The library must not be stopped while connections are suspended.
  preview->is_ending = true;
  rf_preview_resume_viewers(preview);
  preview->mhd->MHD_run(preview->daemon);
  preview->mhd->MHD_stop_daemon(preview->daemon);
  return NULL;
}

// Returns a listening socket or a negative errno.
static int listen_at(const char *address, uint16_t port) {
  rf_socket_address name;
  socklen_t count = rf_socket_address_parse(address, port, &name);
  if (!count) return -EINVAL;
  int listener = socket(name.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener < 0) return -errno;
  rf_socket_set(listener, SOL_SOCKET, SO_REUSEADDR, 1);
  if (bind(listener, &name.any, count) == 0 && listen(listener, 64) == 0) return listener;
  int number = errno;
  close(listener);
  return -number;
}

static uint16_t port_of(int listener) {
  struct sockaddr_in6 name = {0};
  socklen_t count = sizeof name;
  getsockname(listener, (struct sockaddr *)&name, &count);
  return ntohs(name.sin6_port); // at the same position in an IPv4 address
}

// Leaves escaped characters unchanged: no path has any, so that escaped ones match none and %00 does not end a path early.
static size_t keep_escaped(void *context, struct MHD_Connection *connection, char *text) {
  (void)context, (void)connection;
  return strlen(text);
}

static bool start_daemon(rf_preview *preview) {
  preview->daemon = preview->mhd->MHD_start_daemon(
    MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, rf_preview_answer, preview, MHD_OPTION_LISTEN_SOCKET,
    (MHD_socket)preview->listener, MHD_OPTION_CONNECTION_LIMIT, (unsigned)(MAX_CONNECTIONS + SPARE_CONNECTIONS),
    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES, MHD_OPTION_NOTIFY_CONNECTION, rf_preview_connection_changed, preview,
    MHD_OPTION_NOTIFY_COMPLETED, rf_preview_request_completed, preview, MHD_OPTION_UNESCAPE_CALLBACK, keep_escaped, NULL, MHD_OPTION_END);
  if (!preview->daemon) return false;
  preview->listener = -1; // the library owns it now
  preview->epoll = preview->mhd->MHD_get_daemon_info(preview->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
  return true;
}

static void free_preview(rf_preview *preview) {
  if (preview->listener >= 0) close(preview->listener);
  if (preview->wake >= 0) close(preview->wake);
  for (int i = 0; i < RF_PREVIEW_CHANNELS; i++) rf_preview_payload_free(preview->newest[i]);
  rf_preview_payload_free(preview->metrics);
  pthread_mutex_destroy(&preview->lock);
  free(preview);
}

rf_preview_result rf_preview_start(const char *address, uint16_t port, rf_preview **result, int *number) {
  const rf_mhd *mhd = rf_mhd_load();
  if (!mhd) return RF_PREVIEW_NO_LIBRARY;
  int listener = listen_at(address, port);
  if (listener < 0) {
    *number = -listener;
    return RF_PREVIEW_CANNOT_LISTEN;
  }
  rf_preview *preview = calloc(1, sizeof *preview);
  if (!preview) {
    close(listener);
    return RF_PREVIEW_CANNOT_START;
  }
  *preview = (rf_preview){.mhd = mhd, .listener = listener, .port = port_of(listener)};
  preview->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  pthread_mutex_init(&preview->lock, NULL);
  if (preview->wake >= 0 && start_daemon(preview)) {
    if (rf_thread_start(&preview->thread, serve, preview) == 0) {
      *result = preview;
      return RF_PREVIEW_OK;
    }
    mhd->MHD_stop_daemon(preview->daemon);
  }
  free_preview(preview);
  return RF_PREVIEW_CANNOT_START;
}

uint16_t rf_preview_port(const rf_preview *preview) { return preview->port; }

void rf_preview_wake(rf_preview *preview) {
  uint64_t one = 1;
  // Fails only if the counter is full; the thread is awake then.
  if (write(preview->wake, &one, sizeof one) < 0) return;
}

void rf_preview_stop(rf_preview *preview) {
  if (!preview) return;
  atomic_store(&preview->is_to_end, true);
  rf_preview_wake(preview);
  pthread_join(preview->thread, NULL);
  free_preview(preview);
}
#endif
