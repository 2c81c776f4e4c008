// Opens a device and reads and sets its modes. Single- and multi-planar devices differ in the type of their buffers and in
// struct v4l2_format; the rest of the program does not depend on the difference.
#include "CVideo.h"
#include <errno.h>
#include <linux/videodev2.h>
#include <string.h>

static int ask(const rf_video *video, unsigned long request, void *argument) {
  return video->system->control(video->system->context, video->file, request, argument);
}

static int is_multiplanar(const rf_video *video) { return video->type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE; }

static void copy_text(char *to, size_t room, const uint8_t *from) {
  memcpy(to, from, room - 1);
  to[room - 1] = '\0';
}

// Returns the buffer type of this node. Drivers combine the capabilities of all their nodes; device_caps are those of this node
// (a camera's second node delivers metadata only).
static uint32_t buffer_type(const struct v4l2_capability *answer) {
  uint32_t can = answer->capabilities & V4L2_CAP_DEVICE_CAPS ? answer->device_caps : answer->capabilities;
  if (!(can & V4L2_CAP_STREAMING)) return 0;
  if (can & V4L2_CAP_VIDEO_CAPTURE) return V4L2_BUF_TYPE_VIDEO_CAPTURE;
  return can & V4L2_CAP_VIDEO_CAPTURE_MPLANE ? V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE : 0;
}

int rf_video_open(rf_video *video, const rf_video_system *system, const char *path) {
  memset(video, 0, sizeof *video);
  video->system = system;
  video->file = system->open(system->context, path);
  if (video->file < 0) {
    int result = video->file;
    video->file = -1;
    return result;
  }
  struct v4l2_capability answer = {0};
  int result = ask(video, VIDIOC_QUERYCAP, &answer);
  if (result < 0) {
    rf_video_close(video);
    return result;
  }
  video->type = buffer_type(&answer);
  copy_text(video->card, sizeof video->card, answer.card);
  copy_text(video->driver, sizeof video->driver, answer.driver);
  copy_text(video->bus, sizeof video->bus, answer.bus_info);
  return 0;
}

int rf_video_format_at(const rf_video *video, uint32_t index, uint32_t *four_cc) {
  struct v4l2_fmtdesc answer = {.index = index, .type = video->type};
  int result = ask(video, VIDIOC_ENUM_FMT, &answer);
  *four_cc = answer.pixelformat;
  return result;
}

int rf_video_size_at(const rf_video *video, uint32_t four_cc, uint32_t index, rf_video_size *size) {
  struct v4l2_frmsizeenum answer = {.index = index, .pixel_format = four_cc};
  int result = ask(video, VIDIOC_ENUM_FRAMESIZES, &answer);
  if (result < 0) return result;
  if (answer.type == V4L2_FRMSIZE_TYPE_DISCRETE) {
    *size = (rf_video_size){
      .width = answer.discrete.width,
      .height = answer.discrete.height,
      .min_width = answer.discrete.width,
      .min_height = answer.discrete.height};
    return 0;
  }
  if (index > 0) return -EINVAL;
  *size = (rf_video_size){
    .is_range = 1,
    .width = answer.stepwise.max_width,
    .height = answer.stepwise.max_height,
    .min_width = answer.stepwise.min_width,
    .min_height = answer.stepwise.min_height};
  return 0;
}

static double rate(struct v4l2_fract interval) { return interval.numerator ? (double)interval.denominator / interval.numerator : 0; }

int rf_video_rate_at(const rf_video *video, uint32_t four_cc, uint32_t width, uint32_t height, uint32_t index, double *frames_per_second,
                     int *is_range) {
  struct v4l2_frmivalenum answer = {.index = index, .pixel_format = four_cc, .width = width, .height = height};
  int result = ask(video, VIDIOC_ENUM_FRAMEINTERVALS, &answer);
  if (result < 0) return result;
  *is_range = answer.type != V4L2_FRMIVAL_TYPE_DISCRETE;
  if (*is_range && index > 0) return -EINVAL;
  *frames_per_second = rate(*is_range ? answer.stepwise.min : answer.discrete);
  return 0;
}

static int full_range(uint32_t quantization, uint32_t colorspace) {
  if (quantization == V4L2_QUANTIZATION_DEFAULT) quantization = (uint32_t)V4L2_MAP_QUANTIZATION_DEFAULT(0, colorspace, 0);
  return quantization == V4L2_QUANTIZATION_FULL_RANGE;
}

static void read_single(const struct v4l2_pix_format *given, rf_video_format *format) {
  *format = (rf_video_format){
    .four_cc = given->pixelformat, .width = given->width, .height = given->height, .plane_count = 1, .stride_bytes = {given->bytesperline}};
  // The last fields are valid only if the driver sets V4L2_PIX_FMT_PRIV_MAGIC.
  int is_extended = given->priv == V4L2_PIX_FMT_PRIV_MAGIC;
  format->is_full_range = full_range(is_extended ? given->quantization : V4L2_QUANTIZATION_DEFAULT, given->colorspace);
}

static void read_multiple(const struct v4l2_pix_format_mplane *given, rf_video_format *format) {
  *format = (rf_video_format){
    .four_cc = given->pixelformat, .width = given->width, .height = given->height, .plane_count = given->num_planes};
  for (int p = 0; p < RF_VIDEO_MAX_PLANES; p++) format->stride_bytes[p] = given->plane_fmt[p].bytesperline;
  format->is_full_range = full_range(given->quantization, given->colorspace);
}

int rf_video_set_format(const rf_video *video, rf_video_format *format) {
  struct v4l2_format asked = {.type = video->type};
  if (is_multiplanar(video)) {
    asked.fmt.pix_mp.pixelformat = format->four_cc;
    asked.fmt.pix_mp.width = format->width;
    asked.fmt.pix_mp.height = format->height;
    asked.fmt.pix_mp.field = V4L2_FIELD_NONE;
  } else {
    asked.fmt.pix = (struct v4l2_pix_format){
      .pixelformat = format->four_cc,
      .width = format->width,
      .height = format->height,
      .field = V4L2_FIELD_NONE,
      .priv = V4L2_PIX_FMT_PRIV_MAGIC};
  }
  int result = ask(video, VIDIOC_S_FMT, &asked);
  if (result < 0) return result;
  if (is_multiplanar(video)) read_multiple(&asked.fmt.pix_mp, format);
  else read_single(&asked.fmt.pix, format);
  return 0;
}

double rf_video_set_rate(const rf_video *video, double frames_per_second) {
  struct v4l2_streamparm asked = {.type = video->type};
  if (ask(video, VIDIOC_G_PARM, &asked) < 0) return 0;
  if (frames_per_second > 0 && asked.parm.capture.capability & V4L2_CAP_TIMEPERFRAME) {
    // Tenths of microseconds, as USB cameras count; 7.5 frames per second is 1333333 of them.
    double interval = 1e7 / frames_per_second + 0.5;
    asked.parm.capture.timeperframe = (struct v4l2_fract){interval < UINT32_MAX ? (uint32_t)interval : UINT32_MAX, 10000000};
    if (ask(video, VIDIOC_S_PARM, &asked) < 0 && ask(video, VIDIOC_G_PARM, &asked) < 0) return 0;
  }
  return rate(asked.parm.capture.timeperframe);
}
