// The system calls of cameras. Calls that a signal interrupts are repeated, except the wait, which a signal must end.
#define _GNU_SOURCE
#include "CVideo.h"
#include <CHost.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

static int open_device(void *context, const char *path) {
  (void)context;
  return rf_file_open_as(path, O_RDWR | O_NONBLOCK);
}

static int close_device(void *context, int file) {
  (void)context;
  return close(file) ? -errno : 0;
}

static int control(void *context, int file, unsigned long request, void *argument) {
  (void)context;
  int result;
  do result = ioctl(file, request, argument);
  while (result < 0 && errno == EINTR && !rf_stop_requested());
  return result < 0 ? -errno : result;
}

static void *map(void *context, int file, size_t byte_count, int64_t offset) {
  (void)context;
  void *bytes = mmap(NULL, byte_count, PROT_READ | PROT_WRITE, MAP_SHARED, file, offset);
  return bytes == MAP_FAILED ? NULL : bytes;
}

static int unmap(void *context, void *bytes, size_t byte_count) {
  (void)context;
  return munmap(bytes, byte_count) ? -errno : 0;
}

static int wait_for_frame(void *context, int file, int timeout_milliseconds) {
  (void)context;
  rf_service_alive(); // a missing camera must not count as a hanging program
  struct pollfd waited = {.fd = file, .events = POLLIN};
  int ready = poll(&waited, 1, timeout_milliseconds);
  if (ready < 0) return errno == EINTR ? 0 : -errno;
  if (ready == 0) return 0;
  return waited.revents & (POLLERR | POLLHUP | POLLNVAL) ? RF_VIDEO_FAILED : RF_VIDEO_READY;
}

static double seconds(void *context) {
  (void)context;
  return rf_seconds();
}

static int stopped(void *context) {
  (void)context;
  return rf_stop_requested();
}

const rf_video_system *rf_video_linux(void) {
  static const rf_video_system system = {
    .open = open_device,
    .close = close_device,
    .control = control,
    .map = map,
    .unmap = unmap,
    .wait = wait_for_frame,
    .seconds = seconds,
    .stopped = stopped,
    .devices = "/dev",
    .classes = "/sys/class/video4linux"};
  return &system;
}

// Major number of video4linux: Documentation/admin-guide/devices.txt.
int rf_video_is_device(const char *path) {
  struct stat status;
  return !stat(path, &status) && S_ISCHR(status.st_mode) && major(status.st_rdev) == 81;
}
