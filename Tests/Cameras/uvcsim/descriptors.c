// Descriptors: a camera terminal wired to an output terminal (interface 0), and the stream with its formats and sizes
// (interface 1). Source: UVC 1.1, chapter 3; USB 2.0, chapter 9.6.
#include "camera.h"
#include <string.h>

#define WORD(x) (uint8_t)(x), (uint8_t)((x) >> 8)
#define LONG(x) WORD(x), WORD((uint32_t)(x) >> 16)
#define APPEND(to, ...) (to = append(to, (uint8_t[]){__VA_ARGS__}, sizeof (uint8_t[]){__VA_ARGS__}))

static uint8_t *append(uint8_t *to, const uint8_t *bytes, size_t count) {
  memcpy(to, bytes, count);
  return to + count;
}

const uint8_t device_descriptor[18] = {18, 1, WORD(0x200), 0xEF, 2, 1, 64, WORD(0x1209), WORD(1), WORD(0x100), 1, 2, 3, 1};

int is_compressed(const video_format *format) { return !strcmp(format->name, "MJPG"); }

// Bytes; a JPEG can take as many as it has samples.
uint32_t largest_picture(const video_format *format, const picture *size) {
  return is_compressed(format) ? (uint32_t)(size->width * size->height * 3) : (uint32_t)size->byte_count;
}

// Interface 0: a camera without controls, and where its pictures go.
static uint8_t *control_interface(uint8_t *to) {
  APPEND(to, 8, 11, 0, 2, 0x0E, 3, 0, 2);                               // both interfaces belong together
  APPEND(to, 9, 4, 0, 0, 0, 0x0E, 1, 0, 2);
  APPEND(to, 13, 0x24, 1, WORD(0x100), WORD(13 + 18 + 9), LONG(48000000), 1, 1);
  APPEND(to, 18, 0x24, 2, 1, WORD(0x201), 0, 0, WORD(0), WORD(0), WORD(0), 3, 0, 0, 0);
  return APPEND(to, 9, 0x24, 3, 3, WORD(0x101), 0, 1, 0);
}

// Frame intervals in units of 100 ns: 30, 15, 10 and 5 frames a second.
static uint8_t *frame(uint8_t *to, const video_format *format, int index) {
  const picture *it = &format->pictures[index];
  uint32_t bytes = largest_picture(format, it);
  APPEND(to, 42, 0x24, is_compressed(format) ? 7 : 5, (uint8_t)(index + 1), 0, WORD(it->width), WORD(it->height), LONG(bytes * 8 * 5),
         LONG(bytes * 8 * 30), LONG(bytes), LONG(333333), 4, LONG(333333), LONG(666666));
  return APPEND(to, LONG(1000000), LONG(2000000));
}

static uint8_t *format(uint8_t *to, const video_format *it, int index) {
  if (is_compressed(it)) {
    APPEND(to, 11, 0x24, 6, (uint8_t)(index + 1), (uint8_t)it->picture_count, 0, 1, 0, 0, 0, 0);
  } else {
    const picture *first = &it->pictures[0];
    size_t bits = first->byte_count * 8 / (size_t)(first->width * first->height);
    const char *n = it->name;
    APPEND(to, 27, 0x24, 4, (uint8_t)(index + 1), (uint8_t)it->picture_count, (uint8_t)n[0], (uint8_t)n[1], (uint8_t)n[2], (uint8_t)n[3], 0,
           0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71, (uint8_t)bits, 1, 0, 0, 0, 0);
  }
  for (int i = 0; i < it->picture_count; i++) to = frame(to, it, i);
  return APPEND(to, 6, 0x24, 13, 1, 1, 4); // BT.709 primaries and transfer, BT.601 matrix
}

static uint8_t *stream_interface(uint8_t *to, const camera *it) {
  APPEND(to, 9, 4, 1, 0, it->is_isochronous ? 0 : 1, 0x0E, 2, 0, 0);
  uint8_t *header = to;
  APPEND(to, (uint8_t)(13 + it->format_count), 0x24, 1, (uint8_t)it->format_count, WORD(0), 0x81, 0, 3, 0, 0, 0, 1);
  for (int i = 0; i < it->format_count; i++) APPEND(to, 0);
  for (int i = 0; i < it->format_count; i++) to = format(to, &it->formats[i], i);
  header[4] = (uint8_t)(to - header);
  header[5] = (uint8_t)((to - header) >> 8);
  if (!it->is_isochronous) return APPEND(to, 7, 5, 0x81, 2, WORD(512), 0);
  APPEND(to, 9, 4, 1, 1, 1, 0x0E, 2, 0, 0);
  return APPEND(to, 7, 5, 0x81, 5, WORD(0x1400), 1); // three transactions of 1024 bytes a microframe
}

int make_configuration(const camera *it, uint8_t *to) {
  uint8_t *end = to;
  APPEND(end, 9, 2, 0, 0, 2, 1, 0, 0x80, 250);
  end = control_interface(end);
  end = stream_interface(end, it);
  int count = (int)(end - to);
  to[2] = (uint8_t)count;
  to[3] = (uint8_t)(count >> 8);
  return count;
}
