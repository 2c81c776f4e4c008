// V4L2 cameras. Functions return 0 or more, or a negative errno. Swift cannot import the VIDIOC_* macros, and single- and
// multi-planar devices need different structs: both are hidden here. Source: kernel documentation, "Video for Linux API"
// (userspace-api/media/v4l).
#ifndef RF_CVIDEO_H
#define RF_CVIDEO_H
#include <stddef.h>
#include <stdint.h>

// The system calls of capture, which tests replace to simulate cameras and time.
typedef struct rf_video_system {
  void *_Nullable context;
  int (*_Nonnull open)(void *_Nullable context, const char *_Nonnull path); // read and write, non-blocking
  int (*_Nonnull close)(void *_Nullable context, int file);
  int (*_Nonnull control)(void *_Nullable context, int file, unsigned long request, void *_Nonnull argument); // ioctl
  void *_Nullable (*_Nonnull map)(void *_Nullable context, int file, size_t byte_count, int64_t offset);
  int (*_Nonnull unmap)(void *_Nullable context, void *_Nonnull bytes, size_t byte_count);
  // poll for a frame: RF_VIDEO_READY, RF_VIDEO_FAILED (POLLERR, POLLHUP), 0 after the time-out or a signal.
  // Only waits if there is no file (-1).
  int (*_Nonnull wait)(void *_Nullable context, int file, int timeout_milliseconds);
  double (*_Nonnull seconds)(void *_Nullable context); // CLOCK_MONOTONIC
  int (*_Nonnull stopped)(void *_Nullable context);    // 1 after a stop was requested
  const char *_Nonnull devices; // "/dev"
  const char *_Nonnull classes; // "/sys/class/video4linux": one folder per device
} rf_video_system;

enum { RF_VIDEO_READY = 1, RF_VIDEO_FAILED = 2 };

// Returns the kernel's own calls.
const rf_video_system *_Nonnull rf_video_linux(void);

// Returns the calls of libv4l2, which converts rare formats to RGB3; NULL if the library is not installed or the program is
// static and cannot load libraries safely.
const rf_video_system *_Nullable rf_video_converting(void);

enum { RF_VIDEO_MAX_BUFFERS = 8, RF_VIDEO_MAX_PLANES = 3 };

typedef struct {
  const rf_video_system *_Nullable system;
  int file; // -1: closed
  uint32_t type; // of its buffers; 0: cannot capture by streaming
  int is_streaming;
  uint32_t buffer_count;
  struct {
    void *_Nullable base[RF_VIDEO_MAX_PLANES];
    size_t byte_count[RF_VIDEO_MAX_PLANES];
  } buffers[RF_VIDEO_MAX_BUFFERS];
  char card[33], driver[17], bus[33];
} rf_video;

// Opens a device and reads its capabilities. After an error nothing is open; -ENOTTY: not a V4L2 device.
int rf_video_open(rf_video *_Nonnull video, const rf_video_system *_Nonnull system, const char *_Nonnull path);
// Ends streaming and frees all resources; does nothing if the device is closed.
void rf_video_close(rf_video *_Nonnull video);
static inline int rf_video_can_capture(const rf_video *_Nonnull video) { return video->type != 0; }
static inline const char *_Nonnull rf_video_card(const rf_video *_Nonnull video) { return video->card; }
static inline const char *_Nonnull rf_video_driver(const rf_video *_Nonnull video) { return video->driver; }
static inline const char *_Nonnull rf_video_bus(const rf_video *_Nonnull video) { return video->bus; }

// The index-th format, size and frame interval; -EINVAL after the last. Ranges (stepwise, continuous) are marked.
int rf_video_format_at(const rf_video *_Nonnull video, uint32_t index, uint32_t *_Nonnull four_cc);
typedef struct {
  int is_range; // width and height are the maximum, min_... the minimum; a range is the only entry
  uint32_t width, height, min_width, min_height;
} rf_video_size;
int rf_video_size_at(const rf_video *_Nonnull video, uint32_t four_cc, uint32_t index, rf_video_size *_Nonnull size);
// Frames per second; for a range the highest, which is the only entry.
int rf_video_rate_at(const rf_video *_Nonnull video, uint32_t four_cc, uint32_t width, uint32_t height, uint32_t index,
                     double *_Nonnull frames_per_second, int *_Nonnull is_range);

typedef struct {
  uint32_t four_cc, width, height;
  uint32_t plane_count;
  uint32_t stride_bytes[RF_VIDEO_MAX_PLANES];
  int is_full_range; // of Y'CbCr
} rf_video_format;
// Requests four_cc, width and height; the format then holds the driver's choice, which may be any.
int rf_video_set_format(const rf_video *_Nonnull video, rf_video_format *_Nonnull format);
// Requests a rate and returns the actual one; 0 if the driver reports none. rate 0: requests none.
double rf_video_set_rate(const rf_video *_Nonnull video, double frames_per_second);

// Allocates `count` buffers, maps and queues them, and starts. After a failure the device is still open.
int rf_video_start(rf_video *_Nonnull video, uint32_t count);

typedef struct {
  uint32_t index;
  uint32_t sequence;
  int is_damaged;   // flagged by the driver
  double seconds;   // time of capture, CLOCK_MONOTONIC; negative if the driver uses another clock
  const uint8_t *_Nullable base[RF_VIDEO_MAX_PLANES];
  size_t byte_count[RF_VIDEO_MAX_PLANES]; // used bytes from base on, within the mapping
} rf_video_frame;
// Takes the oldest filled buffer; -EAGAIN: none is filled.
int rf_video_take(const rf_video *_Nonnull video, rf_video_frame *_Nonnull frame);
// Returns a buffer to the driver to be filled again.
int rf_video_give(const rf_video *_Nonnull video, uint32_t index);

// Returns 1 if a path leads to a node of the kernel's video devices.
int rf_video_is_device(const char *_Nonnull path);

// Lists the other programs that have the device open, as "name (process 123), ..."; "" if none can be seen.
void rf_video_holders(const char *_Nonnull path, char *_Nonnull text, size_t room);

// Data of sysfs about a device, by the name of its folder ("video0").
typedef struct {
  char name[64];
  char port[256];   // the folder of the hardware, independent of the node's number; "" if there is none
  char serial[64];  // of USB devices that have one
  int index;        // 0 is the first node of the hardware
} rf_video_identity;
int rf_video_identify(const rf_video_system *_Nonnull system, const char *_Nonnull node, rf_video_identity *_Nonnull identity);
int rf_identity_is_same_port(const rf_video_identity *_Nonnull a, const rf_video_identity *_Nonnull b);
int rf_identity_is_same_unit(const rf_video_identity *_Nonnull a, const rf_video_identity *_Nonnull b);
#endif
