// Pictures, cut into payloads of two bytes of header and data, into the host's requests as they come due; and the faults
// that a picture can have. Source: UVC 1.1, chapter 2.4.3.3 (payload header).
#include "camera.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  uint32_t sequence;
  int length, packet_count;
  uint8_t *packets; // 16 bytes each: offset, length, actual length, status
} request;

static request queue[64];
static int queued;
static struct {
  const uint8_t *bytes; // NULL: none is under way
  size_t byte_count, sent;
  int is_flagged;
} current;
static uint8_t frame_id;
static double packet_seconds; // when the next isochronous packet is due

void add_request(camera *it, uint32_t sequence, int length, int packet_count, uint8_t *packets) {
  if (queued == 64) {
    free(packets);
    answer(it, sequence, -32, NULL, 0, 0, NULL);
    return;
  }
  queue[queued++] = (request){sequence, length, packet_count, packets};
}

static void remove_at(int index) {
  free(queue[index].packets);
  queued--;
  memmove(queue + index, queue + index + 1, sizeof *queue * (size_t)(queued - index));
}

int remove_request(uint32_t sequence) {
  for (int i = 0; i < queued; i++) {
    if (queue[i].sequence != sequence) continue;
    remove_at(i);
    return 1;
  }
  return 0;
}

void restart_stream(camera *it) {
  current.bytes = NULL;
  it->is_hanging = 0;
  it->next_seconds = packet_seconds = now();
}

static int is_due(long count, int every) { return every > 0 && count % every == 0; }

static void begin_picture(camera *it) {
  const video_format *format = &it->formats[it->commit[2] ? it->commit[2] - 1 : 0];
  const picture *chosen = &format->pictures[it->commit[3] ? it->commit[3] - 1 : 0];
  it->count++;
  if (it->hang_after > 0 && it->count == it->hang_after) it->is_hanging = 1;
  current.bytes = chosen->bytes;
  current.byte_count = chosen->byte_count;
  if (is_due(it->count, it->truncated)) current.byte_count /= 2;
  if (is_due(it->count, it->shortened)) current.byte_count -= (size_t)chosen->width;
  current.is_flagged = is_due(it->count, it->flagged);
  current.sent = 0;
  frame_id ^= 1;
}

// Up to `most` bytes of the picture with their header: end of header, frame id, end of frame, error.
static int payload(uint8_t *to, int most) {
  size_t count = current.byte_count - current.sent;
  if (count > (size_t)most - 2) count = (size_t)most - 2;
  memcpy(to + 2, current.bytes + current.sent, count);
  current.sent += count;
  int is_last = current.sent == current.byte_count;
  to[0] = 2;
  to[1] = (uint8_t)(0x80 | frame_id | (is_last ? 0x02 : 0) | (current.is_flagged ? 0x40 : 0));
  if (is_last) current.bytes = NULL;
  return (int)count + 2;
}

static void send_bulk(camera *it) {
  static uint8_t bytes[BULK_PAYLOAD];
  int most = queue[0].length < BULK_PAYLOAD ? queue[0].length : BULK_PAYLOAD;
  int count = payload(bytes, most);
  answer(it, queue[0].sequence, 0, bytes, count, 0, NULL);
  remove_at(0);
}

// A packet a microframe of 125 us; those without data are empty.
static void send_isochronous(camera *it) {
  static uint8_t bytes[64 * ISO_PAYLOAD];
  int total = 0;
  for (int i = 0; i < queue[0].packet_count; i++) {
    uint32_t *packet = (uint32_t *)(void *)(queue[0].packets + 16 * i);
    int most = (int)ntohl(packet[1]), count = 0;
    if (current.bytes && most > 2) count = payload(bytes + total, most);
    total += count;
    packet[2] = htonl((uint32_t)count);
    packet[3] = 0;
  }
  packet_seconds += queue[0].packet_count * 125e-6;
  answer(it, queue[0].sequence, 0, bytes, total, queue[0].packet_count, queue[0].packets);
  remove_at(0);
}

void send_video(camera *it) {
  while (queued && !it->is_hanging) {
    double time = now();
    if (!current.bytes && time >= it->next_seconds) {
      // After a pause it does not catch up.
      if (it->next_seconds < time - 1) it->next_seconds = time;
      it->next_seconds += it->interval_seconds;
      begin_picture(it);
    }
    if (!it->is_isochronous) {
      if (!current.bytes) return;
      send_bulk(it);
    } else {
      if (packet_seconds < time - 0.05) packet_seconds = time - 0.05;
      if (time < packet_seconds) return;
      send_isochronous(it);
    }
  }
}

double seconds_to_wait(const camera *it) {
  if (!queued || it->is_hanging) return -1;
  double until = (it->is_isochronous ? packet_seconds : it->next_seconds) - now();
  return until < 0 ? 0 : until;
}
