// Control requests: descriptors, and the negotiation of a stream (probe and commit). Source: USB 2.0, chapter 9.4; UVC 1.1,
// chapter 4.3.1.1.
#include "camera.h"
#include <errno.h>
#include <string.h>

enum { GET_DESCRIPTOR = 6, SET_INTERFACE = 11, SET_CUR = 0x01, GET_LEN = 0x85, GET_INFO = 0x86, COMMIT = 2 };

static uint32_t read_long(const uint8_t *from) { return from[0] | from[1] << 8 | from[2] << 16 | (uint32_t)from[3] << 24; }

static void write_long(uint8_t *to, uint32_t value) {
  for (int i = 0; i < 4; i++) to[i] = (uint8_t)(value >> (8 * i));
}

static int string_descriptor(int index, uint8_t *to) {
  static const char *const texts[] = {"", "retinaface", "Simulated camera", "SIM0001"};
  int count = 2;
  if (index == 0) {
    to[count++] = 0x09; // English
    to[count++] = 0x04;
  } else if (index < 4) {
    for (const char *c = texts[index]; *c; c++) {
      to[count++] = (uint8_t)*c;
      to[count++] = 0;
    }
  }
  to[0] = (uint8_t)count;
  to[1] = 3;
  return count;
}

static void describe(camera *it, uint32_t sequence, int value, int length) {
  uint8_t bytes[2048];
  int count = 0;
  switch (value >> 8) {
  case 1: memcpy(bytes, device_descriptor, count = sizeof device_descriptor); break;
  case 2: count = make_configuration(it, bytes); break;
  case 3: count = string_descriptor(value & 255, bytes); break;
  default: answer(it, sequence, -EPIPE, NULL, 0, 0, NULL); return;
  }
  answer(it, sequence, 0, bytes, count < length ? count : length, 0, NULL);
}

// Answers a proposal with a format and size that the camera has, and with the bytes per transfer.
static void settle(const camera *it, uint8_t *proposal) {
  if (proposal[2] < 1 || proposal[2] > it->format_count) proposal[2] = 1;
  const video_format *format = &it->formats[proposal[2] - 1];
  if (proposal[3] < 1 || proposal[3] > format->picture_count) proposal[3] = 1;
  const picture *chosen = &format->pictures[proposal[3] - 1];
  if (!read_long(proposal + 4)) write_long(proposal + 4, 333333);
  write_long(proposal + 18, largest_picture(format, chosen));
  write_long(proposal + 22, it->is_isochronous ? ISO_PAYLOAD : BULK_PAYLOAD);
}

static void set(camera *it, uint32_t sequence, int selector, const uint8_t *data, int length) {
  uint8_t *target = selector == COMMIT ? it->commit : it->probe;
  memcpy(target, data, (size_t)(length < PROBE_BYTES ? length : PROBE_BYTES));
  settle(it, target);
  if (selector == COMMIT) {
    memcpy(it->probe, it->commit, PROBE_BYTES);
    it->interval_seconds = read_long(it->commit + 4) * 1e-7;
    restart_stream(it);
  }
  answer(it, sequence, 0, NULL, length, 0, NULL);
}

static void get(camera *it, uint32_t sequence, int request, int length) {
  uint8_t bytes[PROBE_BYTES];
  int count = PROBE_BYTES;
  memcpy(bytes, it->probe, PROBE_BYTES);
  settle(it, bytes);
  if (request == GET_INFO) {
    bytes[0] = 3; // can be read and written
    count = 1;
  } else if (request == GET_LEN) {
    bytes[0] = PROBE_BYTES;
    bytes[1] = 0;
    count = 2;
  }
  answer(it, sequence, 0, bytes, count < length ? count : length, 0, NULL);
}

void answer_control(camera *it, uint32_t sequence, const uint8_t setup[8], const uint8_t *data, int length) {
  int type = setup[0], request = setup[1], value = setup[2] | setup[3] << 8, interface = setup[4];
  int is_class = (type & 0x60) == 0x20, is_in = type & 0x80;
  static const uint8_t zeros[2];
  if (type == 0x80 && request == GET_DESCRIPTOR) {
    describe(it, sequence, value, length);
  } else if (is_class && interface == 1) {
    if (is_in) get(it, sequence, request, length);
    else set(it, sequence, value >> 8, data, length);
  } else if (is_class) {
    answer(it, sequence, -EPIPE, NULL, 0, 0, NULL); // no controls
  } else {
    // Configuration, interface, status and halt: nothing to do but to agree.
    if (request == SET_INTERFACE) restart_stream(it);
    answer(it, sequence, 0, is_in ? zeros : NULL, is_in ? (length < 2 ? length : 2) : 0, 0, NULL);
  }
}
