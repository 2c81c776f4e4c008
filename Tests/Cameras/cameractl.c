// cameractl: what the checks do to vivid, the kernel's virtual V4L2 driver: set a control by its name, set the timings of
// its HDMI input and output, and put a file in at the output.
//   cameractl set DEVICE NAME VALUE | timings DEVICE WIDTH HEIGHT | output DEVICE WIDTH HEIGHT FOURCC FILE
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BUFFERS = 4 };

static int device;

static void ask(unsigned long request, void *argument, const char *what) {
  if (ioctl(device, request, argument) >= 0) return;
  fprintf(stderr, "cameractl: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void set_control(const char *name, int value) {
  const uint32_t next = V4L2_CTRL_FLAG_NEXT_CTRL | V4L2_CTRL_FLAG_NEXT_COMPOUND;
  struct v4l2_query_ext_ctrl control = {.id = next};
  while (!ioctl(device, VIDIOC_QUERY_EXT_CTRL, &control)) {
    if (!strcmp(control.name, name)) {
      struct v4l2_ext_control one = {.id = control.id, .value = value};
      struct v4l2_ext_controls all = {.which = V4L2_CTRL_WHICH_CUR_VAL, .count = 1, .controls = &one};
      ask(VIDIOC_S_EXT_CTRLS, &all, name);
      exit(0);
    }
    control.id |= next;
  }
  fprintf(stderr, "cameractl: no control '%s'\n", name);
  exit(1);
}

static void set_timings(uint32_t width, uint32_t height) {
  for (uint32_t i = 0;; i++) {
    struct v4l2_enum_dv_timings entry = {.index = i};
    ask(VIDIOC_ENUM_DV_TIMINGS, &entry, "no such timings");
    const struct v4l2_bt_timings *found = &entry.timings.bt;
    if (found->width != width || found->height != height || found->interlaced) continue;
    ask(VIDIOC_S_DV_TIMINGS, &entry.timings, "setting the timings");
    return;
  }
}

static uint8_t *read_file(const char *path, size_t *count) {
  FILE *file = fopen(path, "r");
  if (!file) exit(1);
  uint8_t *bytes = malloc(1 << 24);
  *count = fread(bytes, 1, 1 << 24, file);
  fclose(file);
  return bytes;
}

// The same picture for ever.
static void output(uint32_t width, uint32_t height, const char *four_cc, const char *path) {
  size_t count;
  const uint8_t *bytes = read_file(path, &count);
  struct v4l2_format format = {.type = V4L2_BUF_TYPE_VIDEO_OUTPUT};
  ask(VIDIOC_G_FMT, &format, "reading the format");
  format.fmt.pix.width = width;
  format.fmt.pix.height = height;
  memcpy(&format.fmt.pix.pixelformat, four_cc, 4);
  format.fmt.pix.bytesperline = format.fmt.pix.sizeimage = 0;
  ask(VIDIOC_S_FMT, &format, "setting the format");
  struct v4l2_requestbuffers buffers = {.count = BUFFERS, .type = format.type, .memory = V4L2_MEMORY_MMAP};
  ask(VIDIOC_REQBUFS, &buffers, "asking for buffers");
  for (uint32_t i = 0; i < buffers.count; i++) {
    struct v4l2_buffer buffer = {.index = i, .type = format.type, .memory = V4L2_MEMORY_MMAP};
    ask(VIDIOC_QUERYBUF, &buffer, "looking at a buffer");
    void *memory = mmap(NULL, buffer.length, PROT_READ | PROT_WRITE, MAP_SHARED, device, buffer.m.offset);
    if (memory == MAP_FAILED || count > buffer.length) exit(1);
    memcpy(memory, bytes, count);
    buffer.bytesused = (uint32_t)count;
    buffer.field = V4L2_FIELD_NONE;
    ask(VIDIOC_QBUF, &buffer, "queueing a buffer");
  }
  ask(VIDIOC_STREAMON, &format.type, "starting");
  for (;;) {
    struct pollfd ready = {.fd = device, .events = POLLOUT};
    poll(&ready, 1, 1000);
    struct v4l2_buffer buffer = {.type = format.type, .memory = V4L2_MEMORY_MMAP};
    if (ioctl(device, VIDIOC_DQBUF, &buffer)) continue;
    buffer.bytesused = (uint32_t)count;
    ask(VIDIOC_QBUF, &buffer, "queueing a buffer");
  }
}

int main(int count, char **words) {
  if (count < 5 || (device = open(words[2], O_RDWR | O_NONBLOCK)) < 0) {
    fprintf(stderr, "cameractl: %s\n", count < 5 ? "see the comment at its start for the arguments" : strerror(errno));
    return 2;
  }
  if (!strcmp(words[1], "set")) set_control(words[3], atoi(words[4]));
  else if (!strcmp(words[1], "timings")) set_timings((uint32_t)atoi(words[3]), (uint32_t)atoi(words[4]));
  else if (!strcmp(words[1], "output") && count == 7) output((uint32_t)atoi(words[3]), (uint32_t)atoi(words[4]), words[5], words[6]);
  else return 2;
  return 0;
}
