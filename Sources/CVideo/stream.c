// Allocates, maps and queues buffers, and takes and returns them.
#include "CVideo.h"
#include <errno.h>
#include <linux/videodev2.h>
#include <string.h>

// A buffer with room for its planes, which the multi-planar interface needs.
typedef struct {
  struct v4l2_buffer buffer;
  struct v4l2_plane planes[VIDEO_MAX_PLANES];
} described;

static int ask(const rf_video *video, unsigned long request, void *argument) {
  return video->system->control(video->system->context, video->file, request, argument);
}

static int is_multiplanar(const rf_video *video) { return video->type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE; }

static void describe(const rf_video *video, uint32_t index, described *it) {
  memset(it, 0, sizeof *it);
  it->buffer.index = index;
  it->buffer.type = video->type;
  it->buffer.memory = V4L2_MEMORY_MMAP;
  if (!is_multiplanar(video)) return;
  it->buffer.m.planes = it->planes;
  it->buffer.length = VIDEO_MAX_PLANES;
}

static int map_plane(rf_video *video, uint32_t index, uint32_t plane, size_t byte_count, int64_t offset) {
  if (!byte_count) return -EIO;
  void *base = video->system->map(video->system->context, video->file, byte_count, offset);
  if (!base) return -ENOMEM;
  video->buffers[index].base[plane] = base;
  video->buffers[index].byte_count[plane] = byte_count;
  return 0;
}

static int map_buffer(rf_video *video, uint32_t index) {
  described it;
  describe(video, index, &it);
  int result = ask(video, VIDIOC_QUERYBUF, &it.buffer);
  if (result < 0) return result;
  if (!is_multiplanar(video)) return map_plane(video, index, 0, it.buffer.length, it.buffer.m.offset);
  if (it.buffer.length > RF_VIDEO_MAX_PLANES) return -EINVAL;
  for (uint32_t p = 0; p < it.buffer.length && result >= 0; p++)
    result = map_plane(video, index, p, it.planes[p].length, it.planes[p].m.mem_offset);
  return result;
}

int rf_video_start(rf_video *video, uint32_t count) {
  struct v4l2_requestbuffers asked = {.count = count, .type = video->type, .memory = V4L2_MEMORY_MMAP};
  int result = ask(video, VIDIOC_REQBUFS, &asked);
  if (result < 0) return result;
  if (asked.count < 2) return -ENOMEM;
  video->buffer_count = asked.count < RF_VIDEO_MAX_BUFFERS ? asked.count : RF_VIDEO_MAX_BUFFERS;
  for (uint32_t i = 0; i < video->buffer_count; i++) {
    if ((result = map_buffer(video, i)) < 0) return result;
    if ((result = rf_video_give(video, i)) < 0) return result;
  }
  int type = (int)video->type;
  result = ask(video, VIDIOC_STREAMON, &type);
  video->is_streaming = result >= 0;
  return result < 0 ? result : 0;
}

int rf_video_give(const rf_video *video, uint32_t index) {
  described it;
  describe(video, index, &it);
  if (is_multiplanar(video)) {
    uint32_t planes = 0;
    while (planes < RF_VIDEO_MAX_PLANES && video->buffers[index].base[planes]) planes++;
    it.buffer.length = planes;
  }
  return ask(video, VIDIOC_QBUF, &it.buffer);
}

// Locates a plane's data. The driver's values are checked against the mapping.
static void locate(const rf_video *video, uint32_t index, uint32_t plane, size_t offset, size_t used, rf_video_frame *frame) {
  size_t mapped = video->buffers[index].byte_count[plane];
  if (!mapped || used > mapped) used = mapped;
  if (offset > used) offset = used;
  const uint8_t *base = video->buffers[index].base[plane];
  frame->base[plane] = base ? base + offset : NULL;
  frame->byte_count[plane] = base ? used - offset : 0;
}

int rf_video_take(const rf_video *video, rf_video_frame *frame) {
  described it;
  describe(video, 0, &it);
  int result = ask(video, VIDIOC_DQBUF, &it.buffer);
  if (result < 0) return result;
  const struct v4l2_buffer *taken = &it.buffer;
  if (taken->index >= video->buffer_count) return -EIO;
  *frame = (rf_video_frame){
    .index = taken->index, .sequence = taken->sequence, .is_damaged = (taken->flags & V4L2_BUF_FLAG_ERROR) != 0, .seconds = -1};
  if ((taken->flags & V4L2_BUF_FLAG_TIMESTAMP_MASK) == V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC)
    frame->seconds = (double)taken->timestamp.tv_sec + (double)taken->timestamp.tv_usec * 1e-6;
  if (!is_multiplanar(video)) {
    locate(video, taken->index, 0, 0, taken->bytesused, frame);
    return 0;
  }
  for (uint32_t p = 0; p < taken->length && p < RF_VIDEO_MAX_PLANES; p++)
    locate(video, taken->index, p, it.planes[p].data_offset, it.planes[p].bytesused, frame);
  return 0;
}

void rf_video_close(rf_video *video) {
  if (!video->system || video->file < 0) return;
  int type = (int)video->type;
  if (video->is_streaming) ask(video, VIDIOC_STREAMOFF, &type);
  for (uint32_t i = 0; i < video->buffer_count; i++) {
    for (uint32_t p = 0; p < RF_VIDEO_MAX_PLANES; p++) {
      void *base = video->buffers[i].base[p];
      if (base) video->system->unmap(video->system->context, base, video->buffers[i].byte_count[p]);
    }
  }
  video->system->close(video->system->context, video->file);
  memset(video->buffers, 0, sizeof video->buffers);
  video->buffer_count = 0;
  video->is_streaming = 0;
  video->file = -1;
}
