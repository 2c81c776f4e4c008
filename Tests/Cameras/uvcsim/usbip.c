// USB/IP without a network: vhci-hcd, the kernel's virtual host controller, gets one end of a socket pair and takes what is
// at the other end for a device. Source: the kernel's Documentation/usb/usbip_protocol.rst.
#include "camera.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SUBMIT = 1, UNLINK = 2, SUBMITTED = 3, UNLINKED = 4, HIGH_SPEED = 3, DEVICE_ID = 0x10002 };

static void die(const char *what) {
  fprintf(stderr, "uvcsim: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void send_all(camera *it, const void *bytes, size_t count) {
  for (const uint8_t *next = bytes; count;) {
    ssize_t done = send(it->socket, next, count, MSG_NOSIGNAL);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) exit(0); // the host has let go
    next += done;
    count -= (size_t)done;
  }
}

static int receive_all(camera *it, void *bytes, size_t count) {
  for (uint8_t *next = bytes; count;) {
    ssize_t done = recv(it->socket, next, count, 0);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return 0;
    next += done;
    count -= (size_t)done;
  }
  return 1;
}

// One write a message: a host that is being unplugged must not find half of one.
void answer(camera *it, uint32_t sequence, int status, const void *data, int length, int packet_count, const uint8_t *packets) {
  static uint8_t message[48 + 64 * ISO_PAYLOAD + 16 * 64];
  uint32_t header[12] = {htonl(SUBMITTED),
                         htonl(sequence),
                         0,
                         0,
                         0,
                         htonl((uint32_t)status),
                         htonl((uint32_t)length),
                         0,
                         htonl((uint32_t)packet_count),
                         0,
                         0,
                         0};
  size_t count = sizeof header;
  memcpy(message, header, sizeof header);
  if (data && length > 0) {
    memcpy(message + count, data, (size_t)length);
    count += (size_t)length;
  }
  if (packet_count > 0) {
    memcpy(message + count, packets, 16 * (size_t)packet_count);
    count += 16 * (size_t)packet_count;
  }
  send_all(it, message, count);
}

void attach(camera *it) {
  int ends[2], room = 1 << 20;
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) die("socketpair");
  it->socket = ends[0];
  setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
  char text[64];
  int count = snprintf(text, sizeof text, "%d %d %d %d", it->port, ends[1], DEVICE_ID, HIGH_SPEED);
  int file = open("/sys/devices/platform/vhci_hcd.0/attach", O_WRONLY);
  if (file < 0 || write(file, text, (size_t)count) != count) die("vhci_hcd: attach");
  close(file);
  close(ends[1]);
}

static void answer_unlink(camera *it, uint32_t sequence, int status) {
  uint32_t reply[12] = {htonl(UNLINKED), htonl(sequence), 0, 0, 0, htonl((uint32_t)status)};
  send_all(it, reply, sizeof reply);
}

// vhci-hcd may send a request's withdrawal before the request itself. It then has to be answered after it, and the request
// not at all: an answer to a request that the host has cancelled makes it drop the connection, and the camera is gone.
static struct {
  uint32_t request, sequence;
} early[64];
static int early_count;
static uint32_t last_submitted;

static void withdraw(camera *it, uint32_t request, uint32_t sequence) {
  int is_early = (int32_t)(request - last_submitted) > 0 && early_count < 64;
  if (is_early) early[early_count++] = (typeof(early[0])){request, sequence};
  else answer_unlink(it, sequence, remove_request(request) ? -ECONNRESET : 0);
}

static int take_early(uint32_t request, uint32_t *sequence) {
  for (int i = 0; i < early_count; i++) {
    if (early[i].request != request) continue;
    *sequence = early[i].sequence;
    early[i] = early[--early_count];
    return 1;
  }
  return 0;
}

static int submit(camera *it, const uint32_t header[12]) {
  static uint8_t data[65536];
  uint32_t sequence = ntohl(header[1]), endpoint = ntohl(header[4]);
  int is_out = header[3] == 0, length = (int)ntohl(header[6]), packet_count = (int)ntohl(header[8]);
  if (is_out && length > 0 && (length > (int)sizeof data || !receive_all(it, data, (size_t)length))) return 0;
  uint8_t *packets = NULL;
  if (it->is_isochronous && endpoint == 1 && packet_count > 0 && packet_count <= 64) {
    packets = malloc(16 * (size_t)packet_count);
    if (!packets || !receive_all(it, packets, 16 * (size_t)packet_count)) return 0;
  }
  last_submitted = sequence;
  uint32_t withdrawal;
  if (take_early(sequence, &withdrawal)) {
    free(packets);
    answer_unlink(it, withdrawal, -ECONNRESET);
  } else if (endpoint == 0) answer_control(it, sequence, (const uint8_t *)&header[10], data, length);
  else add_request(it, sequence, length, packets ? packet_count : 0, packets);
  return 1;
}

int serve(camera *it) {
  uint32_t header[12];
  if (!receive_all(it, header, sizeof header)) return 0;
  uint32_t sequence = ntohl(header[1]);
  if (ntohl(header[0]) == UNLINK) withdraw(it, ntohl(header[5]), sequence);
  else if (ntohl(header[0]) != SUBMIT || !submit(it, header)) return 0;
  return 1;
}
