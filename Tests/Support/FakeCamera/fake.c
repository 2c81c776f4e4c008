// The fake's ioctls. What they answer is what was seen of vivid and uvcvideo: Tests/Cameras/README.md.
#define _GNU_SOURCE
#include "CFakeCamera.h"
#include <errno.h>
#include <linux/videodev2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void show(rf_fake *fake) {
  char path[600], port[600];
  if (fake->has_node_file) {
    snprintf(path, sizeof path, "%s/video%d", fake->devices, fake->node);
    fclose(fopen(path, "w"));
  }
  snprintf(path, sizeof path, "%s/video%d", fake->classes, fake->node);
  mkdir(path, 0777);
  snprintf(port, sizeof port, "%s/port", fake->root);
  mkdir(port, 0777);
  snprintf(path, sizeof path, "%s/video%d/device", fake->classes, fake->node);
  if (symlink(port, path)) {}
  snprintf(path, sizeof path, "%s/video%d/name", fake->classes, fake->node);
  FILE *name = fopen(path, "w");
  fputs("Fake camera\n", name);
  fclose(name);
}

static void hide(rf_fake *fake) {
  char path[600];
  snprintf(path, sizeof path, "%s/video%d", fake->devices, fake->node);
  remove(path);
  for (const char *const *part = (const char *const[]){"/device", "/name", "", NULL}; *part; part++) {
    snprintf(path, sizeof path, "%s/video%d%s", fake->classes, fake->node, *part);
    remove(path);
  }
}

void rf_fake_unplug(rf_fake *fake, double seconds) {
  fake->is_away = 1;
  fake->return_seconds = fake->now + seconds;
  hide(fake);
}

static uint32_t frame_bytes(const rf_fake *fake) {
  uint32_t pixels = fake->formats[fake->format].width * fake->formats[fake->format].height;
  switch (fake->formats[fake->format].four_cc) {
  case V4L2_PIX_FMT_NV12:
  case V4L2_PIX_FMT_NV21:
  case V4L2_PIX_FMT_YUV420:
  case V4L2_PIX_FMT_NV12M: return pixels * 3 / 2;
  case V4L2_PIX_FMT_RGB24:
  case V4L2_PIX_FMT_BGR24: return pixels * 3;
  case V4L2_PIX_FMT_RGBX32:
  case V4L2_PIX_FMT_XBGR32: return pixels * 4;
  case V4L2_PIX_FMT_GREY: return pixels;
  default: return pixels * 2;
  }
}

static void fill(rf_fake *fake, rf_fake_event event) {
  int index = fake->queued[0];
  memmove(fake->queued, fake->queued + 1, sizeof(int) * (size_t)--fake->queued_count);
  fake->done[fake->done_count++] = index;
  size_t used = fake->byte_count ? fake->byte_count : frame_bytes(fake);
  if (fake->bytes) memcpy(fake->buffers[index].bytes, fake->bytes, used);
  else fake->buffers[index].bytes[0] = (uint8_t)fake->frames;
  fake->buffers[index].used = event == RF_FAKE_SHORT ? used / 2 : event == RF_FAKE_EMPTY ? 0 : used;
  fake->buffers[index].flagged = event == RF_FAKE_FLAGGED;
  fake->buffers[index].sequence = fake->sequence;
  fake->buffers[index].seconds = fake->next_seconds;
}

// Everything that has happened up to now.
static void live(rf_fake *fake) {
  if (fake->is_away && fake->now >= fake->return_seconds) {
    fake->is_away = 0;
    fake->was_open_at_return |= fake->open_files > 0;
    if (fake->open_files) fake->node++;
    show(fake);
  }
  while (fake->is_streaming && !fake->is_broken && !fake->is_away && fake->next_seconds <= fake->now) {
    rf_fake_event event = fake->frames < RF_FAKE_MOST_EVENTS ? fake->events[fake->frames] : RF_FAKE_GOOD;
    fake->frames++;
    switch (event) {
    case RF_FAKE_STREAM_ERROR: fake->is_broken = EIO; return;
    case RF_FAKE_UNPLUGGED:
      fake->is_broken = ENODEV;
      rf_fake_unplug(fake, fake->away_seconds);
      return;
    case RF_FAKE_HANG: fake->next_seconds += fake->away_seconds; break;
    case RF_FAKE_LOST: break;
    default:
      if (fake->queued_count) fill(fake, event);
    }
    fake->sequence++;
    fake->next_seconds += 1 / fake->formats[fake->format].rate;
  }
}

static int open_device(void *context, const char *path) {
  rf_fake *fake = context;
  char name[600];
  live(fake);
  snprintf(name, sizeof name, "%s/video%d", fake->devices, fake->node);
  if (fake->is_away || strcmp(path, name)) return -ENOENT;
  fake->opens++;
  fake->open_files++;
  if (fake->open_files > fake->most_open_files) fake->most_open_files = fake->open_files;
  return 100;
}

static int close_device(void *context, int file) {
  rf_fake *fake = context;
  (void)file;
  live(fake);
  fake->open_files--;
  fake->is_streaming = fake->is_broken = 0;
  return 0;
}

static int enumerate(rf_fake *fake, unsigned long request, void *argument) {
  if (request == VIDIOC_ENUM_FMT) {
    struct v4l2_fmtdesc *it = argument;
    if (it->index >= (uint32_t)fake->format_count) return -EINVAL;
    it->pixelformat = fake->formats[it->index].four_cc;
    return 0;
  }
  if (request == VIDIOC_ENUM_FRAMESIZES) {
    struct v4l2_frmsizeenum *it = argument;
    uint32_t seen = 0;
    for (int i = 0; i < fake->format_count; i++) {
      if (fake->formats[i].four_cc != it->pixel_format || seen++ != it->index) continue;
      it->type = V4L2_FRMSIZE_TYPE_DISCRETE;
      it->discrete = (struct v4l2_frmsize_discrete){fake->formats[i].width, fake->formats[i].height};
      return 0;
    }
    return -EINVAL;
  }
  struct v4l2_frmivalenum *it = argument;
  for (int i = 0; i < fake->format_count && it->index == 0; i++) {
    if (fake->formats[i].four_cc != it->pixel_format || fake->formats[i].width != it->width) continue;
    it->type = V4L2_FRMIVAL_TYPE_DISCRETE;
    it->discrete = (struct v4l2_fract){1000, (uint32_t)(fake->formats[i].rate * 1000)};
    return 0;
  }
  return -EINVAL;
}

static int set_format(rf_fake *fake, struct v4l2_format *it) {
  if (fake->now < fake->busy_until_seconds) return -EBUSY;
  uint32_t asked = fake->is_multiplanar ? it->fmt.pix_mp.pixelformat : it->fmt.pix.pixelformat;
  uint32_t width = fake->is_multiplanar ? it->fmt.pix_mp.width : it->fmt.pix.width;
  fake->format = 0;
  for (int i = 0; i < fake->format_count; i++) {
    if (fake->formats[i].four_cc != asked) continue;
    if (fake->formats[fake->format].four_cc != asked || fake->formats[i].width == width) fake->format = i;
  }
  uint32_t given = fake->forced_four_cc ? fake->forced_four_cc : fake->formats[fake->format].four_cc;
  width = fake->formats[fake->format].width;
  uint32_t height = fake->formats[fake->format].height;
  if (fake->is_multiplanar) {
    it->fmt.pix_mp.pixelformat = given;
    it->fmt.pix_mp.width = width;
    it->fmt.pix_mp.height = height;
    it->fmt.pix_mp.num_planes = 2;
    it->fmt.pix_mp.plane_fmt[0].bytesperline = it->fmt.pix_mp.plane_fmt[1].bytesperline = width;
  } else {
    it->fmt.pix.pixelformat = given;
    it->fmt.pix.width = width;
    it->fmt.pix.height = height;
    it->fmt.pix.bytesperline = 0;
    it->fmt.pix.colorspace = V4L2_COLORSPACE_SRGB;
  }
  return 0;
}

static int request_buffers(rf_fake *fake, struct v4l2_requestbuffers *it) {
  if (++fake->buffer_requests == fake->failing_buffer_request) return -EINVAL;
  fake->buffer_count = it->count;
  fake->queued_count = fake->done_count = 0;
  return 0;
}

static int query_buffer(rf_fake *fake, struct v4l2_buffer *it) {
  uint32_t size = frame_bytes(fake), luma = size * 2 / 3;
  if (!fake->is_multiplanar) {
    it->length = size;
    it->m.offset = it->index << 20;
    return 0;
  }
  it->length = 2;
  for (uint32_t p = 0; p < 2; p++) {
    it->m.planes[p].length = p ? size - luma : luma;
    it->m.planes[p].m.mem_offset = it->index << 20 | (p ? luma : 0);
  }
  return 0;
}

static int take(rf_fake *fake, struct v4l2_buffer *it) {
  if (fake->is_broken) return -fake->is_broken;
  if (!fake->done_count) return -EAGAIN;
  int index = fake->done[0];
  memmove(fake->done, fake->done + 1, sizeof(int) * (size_t)--fake->done_count);
  double seconds = fake->buffers[index].seconds;
  it->index = (uint32_t)index;
  it->sequence = fake->buffers[index].sequence;
  it->flags = (fake->buffers[index].flagged ? V4L2_BUF_FLAG_ERROR : 0) |
              (fake->has_other_clock ? V4L2_BUF_FLAG_TIMESTAMP_UNKNOWN : V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC);
  it->timestamp.tv_sec = (long)seconds;
  it->timestamp.tv_usec = (long)((seconds - (double)(long)seconds) * 1e6);
  it->bytesused = (uint32_t)fake->buffers[index].used;
  if (fake->is_multiplanar) {
    it->length = 2;
    it->m.planes[0].bytesused = (uint32_t)fake->buffers[index].used * 2 / 3;
    it->m.planes[1].bytesused = (uint32_t)fake->buffers[index].used / 3;
  }
  return 0;
}

static int give(rf_fake *fake, const struct v4l2_buffer *it) {
  if (++fake->gives == fake->failing_give) return -EINVAL;
  if (fake->is_broken) return -fake->is_broken;
  fake->queued[fake->queued_count++] = (int)it->index;
  return 0;
}

static int start(rf_fake *fake) {
  if (++fake->starts == fake->failing_start) return -EINVAL;
  fake->is_streaming = 1;
  fake->sequence = 0;
  double first = fake->now + 1 / fake->formats[fake->format].rate;
  if (first > fake->next_seconds) fake->next_seconds = first;
  return 0;
}

static int control(void *context, int file, unsigned long request, void *argument) {
  rf_fake *fake = context;
  (void)file;
  live(fake);
  switch (request) {
  case VIDIOC_QUERYCAP: {
    struct v4l2_capability *it = argument;
    strcpy((char *)it->card, "Fake camera");
    it->capabilities = V4L2_CAP_DEVICE_CAPS | V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
    it->device_caps = fake->is_metadata      ? V4L2_CAP_META_CAPTURE | V4L2_CAP_STREAMING
                      : fake->is_multiplanar ? V4L2_CAP_VIDEO_CAPTURE_MPLANE | V4L2_CAP_STREAMING
                                             : V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
    return 0;
  }
  case VIDIOC_ENUM_FMT:
  case VIDIOC_ENUM_FRAMESIZES:
  case VIDIOC_ENUM_FRAMEINTERVALS: return enumerate(fake, request, argument);
  case VIDIOC_S_FMT: return set_format(fake, argument);
  case VIDIOC_G_PARM:
  case VIDIOC_S_PARM: {
    struct v4l2_streamparm *it = argument;
    fake->rate_asked |= request == VIDIOC_S_PARM;
    it->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
    it->parm.capture.timeperframe = (struct v4l2_fract){1000, (uint32_t)(fake->formats[fake->format].rate * 1000)};
    return 0;
  }
  case VIDIOC_REQBUFS: return request_buffers(fake, argument);
  case VIDIOC_QUERYBUF: return query_buffer(fake, argument);
  case VIDIOC_QBUF: return give(fake, argument);
  case VIDIOC_DQBUF: return take(fake, argument);
  case VIDIOC_STREAMON: return start(fake);
  case VIDIOC_STREAMOFF: fake->is_streaming = 0; return 0;
  default: return -ENOTTY;
  }
}

// The planes of a buffer are one piece of memory here; the offset says which buffer, and where in it.
static void *map(void *context, int file, size_t byte_count, int64_t offset) {
  rf_fake *fake = context;
  (void)file;
  int index = (int)(offset >> 20);
  size_t start = (size_t)(offset & 0xfffff);
  if (!start) fake->buffers[index].bytes = calloc(1, frame_bytes(fake));
  fake->buffers[index].byte_count = byte_count;
  fake->maps++;
  return fake->buffers[index].bytes + start;
}

static int unmap(void *context, void *bytes, size_t byte_count) {
  rf_fake *fake = context;
  (void)byte_count;
  fake->maps--;
  for (int i = 0; i < 8; i++) {
    if (fake->buffers[i].bytes != bytes) continue;
    // Freed last, when its other planes have been unmapped as well: they hold no memory of their own.
    free(fake->buffers[i].bytes);
    fake->buffers[i].bytes = NULL;
  }
  return 0;
}

static int wait_for_frame(void *context, int file, int timeout_milliseconds) {
  rf_fake *fake = context;
  double end = fake->now + timeout_milliseconds * 1e-3;
  if (fake->halt_seconds > 0) {
    fake->next_seconds += fake->halt_seconds;
    fake->now += fake->halt_seconds;
    fake->halt_seconds = 0;
    return 0;
  }
  for (live(fake); file >= 0; live(fake)) {
    if (fake->is_broken) return RF_VIDEO_FAILED;
    if (fake->done_count) return RF_VIDEO_READY;
    if (fake->next_seconds > end || !fake->is_streaming || fake->next_seconds <= fake->now) break;
    fake->now = fake->next_seconds;
  }
  fake->now = end;
  return 0;
}

static double seconds(void *context) { return ((rf_fake *)context)->now; }

static int stopped(void *context) {
  rf_fake *fake = context;
  return fake->now >= fake->stop_seconds;
}

rf_fake *rf_fake_new(const char *root) {
  rf_fake *fake = calloc(1, sizeof *fake);
  snprintf(fake->root, sizeof fake->root, "%s", root);
  snprintf(fake->devices, sizeof fake->devices, "%s/dev", root);
  snprintf(fake->classes, sizeof fake->classes, "%s/class", root);
  mkdir(fake->devices, 0777);
  mkdir(fake->classes, 0777);
  fake->now = 1;
  fake->stop_seconds = 1e4;
  fake->system = (rf_video_system){
    .context = fake,
    .open = open_device,
    .close = close_device,
    .control = control,
    .map = map,
    .unmap = unmap,
    .wait = wait_for_frame,
    .seconds = seconds,
    .stopped = stopped,
    .devices = fake->devices,
    .classes = fake->classes};
  show(fake);
  return fake;
}

void rf_fake_free(rf_fake *fake) {
  for (int i = 0; i < 8; i++) free(fake->buffers[i].bytes);
  free(fake);
}
