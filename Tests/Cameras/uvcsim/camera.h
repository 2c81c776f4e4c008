// A USB video camera in user space: what the parts of uvcsim share. Source: USB Device Class Definition for Video Devices
// 1.1 (UVC), and its payload specifications for uncompressed and MJPEG video; the kernel's Documentation/usb/usbip_protocol.
#ifndef RF_UVCSIM_CAMERA_H
#define RF_UVCSIM_CAMERA_H
#include <stddef.h>
#include <stdint.h>

enum { MOST_FORMATS = 4, MOST_SIZES = 4, PROBE_BYTES = 26, BULK_PAYLOAD = 16384, ISO_PAYLOAD = 3072 };

// The picture of one format and size, sent again and again.
typedef struct {
  int width, height;
  uint8_t *bytes;
  size_t byte_count;
} picture;

typedef struct {
  char name[5]; // MJPG, or the first four bytes of an uncompressed format's GUID, such as YUY2
  picture pictures[MOST_SIZES];
  int picture_count;
} video_format;

typedef struct {
  // The device.
  video_format formats[MOST_FORMATS];
  int format_count;
  int is_isochronous;
  int port; // of vhci-hcd

  // Faults: of every so many pictures one; 0: never.
  int truncated, flagged, shortened;
  int hang_after; // sends no more than this many pictures until the stream is started again; 0: no limit

  // State.
  int socket;
  uint8_t probe[PROBE_BYTES], commit[PROBE_BYTES];
  double interval_seconds, next_seconds;
  long count;
  int is_hanging;
} camera;

double now(void);
int is_compressed(const video_format *format);
uint32_t largest_picture(const video_format *format, const picture *size);

// descriptors.c: the configuration that the host reads. Returns its length.
int make_configuration(const camera *it, uint8_t *to);
extern const uint8_t device_descriptor[18];

// control.c: one control request; answers over the socket.
void answer_control(camera *it, uint32_t sequence, const uint8_t setup[8], const uint8_t *data, int length);

// stream.c: requests for video wait until there is something to send.
void add_request(camera *it, uint32_t sequence, int length, int packet_count, uint8_t *packets);
int remove_request(uint32_t sequence);
void restart_stream(camera *it);
void send_video(camera *it);
// Seconds until send_video has something to do; negative: it waits for requests.
double seconds_to_wait(const camera *it);

// usbip.c: the answer to a request; packets describe the parts of an isochronous one.
void answer(camera *it, uint32_t sequence, int status, const void *data, int length, int packet_count, const uint8_t *packets);
void attach(camera *it);
// Takes one message of the host; 0 when it has gone.
int serve(camera *it);
#endif
