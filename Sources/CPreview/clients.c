// Limits the number of connections, in total and per address, and the time for which each may delay the server. The library's
// own timeout starts again with every byte, so a client that sends one at intervals would never exceed it (slow loris); the
// deadlines here are for whole requests and whole frames. At a limit, a new connection replaces the one that has waited longest
// for a request: held connections exclude no other client, not even one at the same address (as behind ssh -L).
#if __has_include(<microhttpd.h>) && !defined(RF_STATIC)
#define _GNU_SOURCE // POLLRDHUP
#include "server.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

client *rf_preview_client(rf_preview *preview, struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = preview->mhd->MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return info->socket_context;
}

// Enables keep-alive probes, which detect a client that left the network silently.
static void set_up(int socket) {
  rf_socket_set(socket, SOL_SOCKET, SO_SNDBUF, SOCKET_BYTES);
  rf_socket_set(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  rf_socket_set(socket, IPPROTO_TCP, TCP_KEEPIDLE, 10);
  rf_socket_set(socket, IPPROTO_TCP, TCP_KEEPINTVL, 5);
  rf_socket_set(socket, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

// Returns the key of a client's address: all bits of IPv4, also if an IPv6 socket reports them; the 64 bits of the network for
// IPv6, because a host chooses the others.
static uint64_t address_of(rf_preview *preview, struct MHD_Connection *connection) {
  const struct sockaddr *name = preview->mhd->MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
  uint64_t address = 0;
  if (name->sa_family == AF_INET6) {
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)name)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(v6)) memcpy(&address, v6->s6_addr + 12, 4);
    else memcpy(&address, v6->s6_addr, sizeof address);
  } else {
    memcpy(&address, &((const struct sockaddr_in *)name)->sin_addr, 4);
  }
  return address;
}

// Ends a connection: the library detects the end, frees the client and reports it. Data that the kernel still holds for it are
// dropped.
void rf_preview_end(client *client) {
  struct linger none = {.l_onoff = 1, .l_linger = 0};
  setsockopt(client->socket, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  shutdown(client->socket, SHUT_RDWR);
  client->is_ended = true;
}

// Ends a connection if the newest one exceeds a limit.
static void keep_limits(rf_preview *preview, client *newest) {
  int all = 0, same = 0;
  client *longest = NULL, *longest_same = NULL;
  for (client *client = preview->clients; client; client = client->next) {
    if (client->is_ended) continue;
    bool is_same = client->address == newest->address, waits = client != newest && !client->answers;
    all++;
    same += is_same;
    if (waits && (!longest || client->since < longest->since)) longest = client;
    if (waits && is_same && (!longest_same || client->since < longest_same->since)) longest_same = client;
  }
  if (same > MAX_CONNECTIONS_OF_ADDRESS) rf_preview_end(longest_same ? longest_same : newest);
  else if (all > MAX_CONNECTIONS) rf_preview_end(longest ? longest : newest);
}

static client *start_client(rf_preview *preview, struct MHD_Connection *connection) {
  client *new = calloc(1, sizeof *new);
  if (!new) return NULL;
  new->socket = preview->mhd->MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
  new->address = address_of(preview, connection);
  new->since = rf_seconds();
  new->next = preview->clients;
  preview->clients = new;
  set_up(new->socket);
  keep_limits(preview, new);
  return new;
}

void rf_preview_connection_changed(void *context, struct MHD_Connection *connection, void **kept,
                                   enum MHD_ConnectionNotificationCode code) {
  rf_preview *preview = context;
  if (code == MHD_CONNECTION_NOTIFY_STARTED) {
    *kept = start_client(preview, connection);
    return;
  }
  for (client **place = &preview->clients; *place; place = &(*place)->next) {
    if (*place != *kept) continue;
    *place = (*place)->next;
    break;
  }
  free(*kept);
  *kept = NULL;
}

void rf_preview_request_completed(void *context, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code) {
  (void)state, (void)code;
  client *client = rf_preview_client(context, connection);
  if (!client) return;
  client->answers = false;
  client->since = rf_seconds();
}

void rf_preview_sweep(rf_preview *preview) {
  double now = rf_seconds();
  for (client *client = preview->clients; client; client = client->next) {
    double limit = client->answers ? ANSWER_SECONDS : REQUEST_SECONDS;
    if (client->since > 0 && now - client->since > limit) rf_preview_end(client);
  }
  // Clients that wait for a frame are polled: nothing is sent to them, so that their leaving would not be noticed.
  for (viewer *viewer = preview->viewers; viewer; viewer = viewer->next) {
    struct pollfd end = {.fd = viewer->client->socket, .events = POLLRDHUP};
    if (viewer->waits && poll(&end, 1, 0) > 0) viewer->is_gone = true;
  }
}
#endif
