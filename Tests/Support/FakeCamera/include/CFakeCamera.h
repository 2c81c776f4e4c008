// A V4L2 camera that is none: it answers the calls of rf_video_system as drivers do, in a time of its own that only passes
// while somebody waits. So each fault of a camera is a test of milliseconds.
#ifndef RF_FAKE_CAMERA_H
#define RF_FAKE_CAMERA_H
#include <CVideo.h>

typedef enum : int32_t {
  RF_FAKE_GOOD,
  RF_FAKE_FLAGGED,      // V4L2_BUF_FLAG_ERROR
  RF_FAKE_SHORT,        // half of the bytes
  RF_FAKE_EMPTY,        // none
  RF_FAKE_LOST,         // the driver could not store it: a gap in the sequence
  RF_FAKE_STREAM_ERROR, // POLLERR, then EIO until the device is closed
  RF_FAKE_UNPLUGGED,    // POLLERR, ENODEV; gone for `away_seconds`
  RF_FAKE_HANG,         // nothing comes for `away_seconds`, whatever is done
} rf_fake_event;

enum { RF_FAKE_MOST_FORMATS = 8, RF_FAKE_MOST_EVENTS = 4096 };

typedef struct rf_fake {
  // Description of the device; set before use.
  struct {
    uint32_t four_cc, width, height;
    double rate;
  } formats[RF_FAKE_MOST_FORMATS];
  int format_count;
  int is_multiplanar, is_metadata, has_other_clock;
  int has_node_file; // for those who look for a device by its name
  const uint8_t *bytes; // of every frame, but for the first one of raw formats, which counts frames
  size_t byte_count;    // 0: what the format takes
  uint32_t forced_four_cc; // what S_FMT answers whatever is asked; 0: what is asked, where it is offered

  // The event of each frame, in their order; GOOD after the last.
  rf_fake_event events[RF_FAKE_MOST_EVENTS];
  double away_seconds;
  // The number of a call, counted from 1, that fails once with EINVAL; 0: none.
  int failing_buffer_request, failing_start, failing_give;
  double busy_until_seconds; // S_FMT answers EBUSY
  double halt_seconds;       // in the next wait all stands still for so long, the camera included
  double stop_seconds;       // the user stops the program

  // Recorded calls.
  double now;
  int node; // the number in its name
  int frames, opens, open_files, maps, gives, most_open_files;
  int was_open_at_return; // a file was open when the camera came back
  int rate_asked;

  // Its own.
  rf_video_system system;
  char root[256], devices[300], classes[300];
  int is_streaming, is_broken, is_away, buffer_requests, starts, format, queued[8], queued_count, done[8], done_count;
  struct {
    uint8_t *bytes;
    size_t byte_count;
    uint32_t sequence;
    int flagged;
    size_t used;
    double seconds;
  } buffers[8];
  uint32_t buffer_count, sequence;
  double next_seconds, return_seconds;
} rf_fake;

// A camera without formats in a folder of its own, which must exist. It is freed by rf_fake_free.
rf_fake *rf_fake_new(const char *root);
void rf_fake_free(rf_fake *fake);
static inline void rf_fake_offer(rf_fake *fake, uint32_t four_cc, uint32_t width, uint32_t height, double rate) {
  int i = fake->format_count++;
  fake->formats[i].four_cc = four_cc;
  fake->formats[i].width = width;
  fake->formats[i].height = height;
  fake->formats[i].rate = rate;
}
// Not there for some seconds from now on.
void rf_fake_unplug(rf_fake *fake, double seconds);
static inline void rf_fake_set_event(rf_fake *fake, int frame, rf_fake_event event) { fake->events[frame] = event; }
static inline const rf_video_system *rf_fake_system(rf_fake *fake) { return &fake->system; }
#endif
