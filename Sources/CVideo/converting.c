// Replaces the kernel's calls by libv4l2, which converts the formats of rare cameras (Bayer, vendors' own compressions) to RGB
// in user space. Loaded on demand, so that the program starts without it; in a static program the weak reference below stays
// empty.
#include "CVideo.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/auxv.h>
#include <sys/mman.h>

extern void *dlopen(const char *, int) __attribute__((weak));
extern void *dlsym(void *restrict, const char *restrict) __attribute__((weak));

// The functions of libv4l2.h, since libv4l 0.6.
static struct {
  int (*open)(const char *, int, ...);
  int (*close)(int);
  int (*ioctl)(int, unsigned long, ...);
  void *(*mmap)(void *, size_t, int, int, int, int64_t);
  int (*munmap)(void *, size_t);
} library;

static int open_device(void *context, const char *path) {
  (void)context;
  int file = library.open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  return file < 0 ? -errno : file;
}

static int close_device(void *context, int file) {
  (void)context;
  return library.close(file) ? -errno : 0;
}

static int control(void *context, int file, unsigned long request, void *argument) {
  (void)context;
  int result = library.ioctl(file, request, argument);
  return result < 0 ? -errno : result;
}

static void *map(void *context, int file, size_t byte_count, int64_t offset) {
  (void)context;
  void *bytes = library.mmap(NULL, byte_count, PROT_READ | PROT_WRITE, MAP_SHARED, file, offset);
  return bytes == MAP_FAILED ? NULL : bytes;
}

static int unmap(void *context, void *bytes, size_t byte_count) {
  (void)context;
  return library.munmap(bytes, byte_count) ? -errno : 0;
}

static int load(void) {
  // A program without an interpreter is static.
  if (!dlopen || !dlsym || !getauxval(AT_BASE)) return 0;
  void *handle = dlopen("libv4l2.so.0", RTLD_NOW | RTLD_LOCAL);
  if (!handle) return 0;
  *(void **)&library.open = dlsym(handle, "v4l2_open");
  *(void **)&library.close = dlsym(handle, "v4l2_close");
  *(void **)&library.ioctl = dlsym(handle, "v4l2_ioctl");
  *(void **)&library.mmap = dlsym(handle, "v4l2_mmap");
  *(void **)&library.munmap = dlsym(handle, "v4l2_munmap");
  return library.open && library.close && library.ioctl && library.mmap && library.munmap;
}

const rf_video_system *rf_video_converting(void) {
  static rf_video_system system;
  static int state; // 0: not tried, 1: loaded, -1: missing
  if (!state) {
    state = load() ? 1 : -1;
    system = *rf_video_linux();
    system.open = open_device;
    system.close = close_device;
    system.control = control;
    system.map = map;
    system.unmap = unmap;
  }
  return state > 0 ? &system : NULL;
}
