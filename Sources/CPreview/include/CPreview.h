// Serves the live page over HTTP by libmicrohttpd: a server on its own thread sends the newest data of three channels to its
// viewers, and answers programs: /snapshot.jpg, /faces.json, /healthz, /metrics. No function waits for a viewer. Without the library's
// header at build time, or without the library at run time, rf_preview_start returns an error.
#ifndef RF_CPREVIEW_H
#define RF_CPREVIEW_H
#include <stddef.h>
#include <stdint.h>

// The data to send; only the newest of each channel is kept.
typedef enum : int32_t {
  RF_PREVIEW_VIDEO,   // a JPEG
  RF_PREVIEW_FACES,   // JSON without line breaks: one frame's faces
  RF_PREVIEW_FIGURES, // JSON without line breaks: the run's figures
  RF_PREVIEW_CHANNELS,
} rf_preview_channel;

// The result of rf_preview_start.
typedef enum : int32_t {
  RF_PREVIEW_OK,
  RF_PREVIEW_NOT_BUILT,     // the program was built without microhttpd.h
  RF_PREVIEW_NO_LIBRARY,    // libmicrohttpd.so.12 is not installed
  RF_PREVIEW_CANNOT_LISTEN, // the address or port is not available: see *number
  RF_PREVIEW_CANNOT_START,  // no memory, no thread, no descriptor
} rf_preview_result;

// Maximum number of viewers. A further one replaces the one that has watched longest, or is refused (503): streams.c.
enum { RF_PREVIEW_MAX_VIDEO_VIEWERS = 8, RF_PREVIEW_MAX_EVENT_VIEWERS = 32 };

typedef struct rf_preview rf_preview;

// Starts to listen and serve. `port` 0 means any free port. *number: the errno of RF_PREVIEW_CANNOT_LISTEN.
rf_preview_result rf_preview_start(const char *_Nonnull address, uint16_t port, rf_preview *_Nullable *_Nonnull preview,
                                   int *_Nonnull number);

uint16_t rf_preview_port(const rf_preview *_Nonnull preview);

// Returns the number of viewers of the video, or of the events (either of the other two). Cheap enough to call per frame.
int rf_preview_viewers(const rf_preview *_Nonnull preview, rf_preview_channel channel);

// Passes on a copy of the bytes without waiting; bytes that no viewer has taken by the next call are lost. Any thread.
void rf_preview_put(rf_preview *_Nonnull preview, rf_preview_channel channel, const void *_Nonnull bytes, size_t count);

// Reports that a frame was processed: /healthz answers 200 for RF_PREVIEW_HEALTHY_SECONDS from then on, otherwise 503. Any thread.
void rf_preview_note_frame(rf_preview *_Nonnull preview);
enum { RF_PREVIEW_HEALTHY_SECONDS = 10 };

// Replaces the text of /metrics by a copy. Any thread.
void rf_preview_set_metrics(rf_preview *_Nonnull preview, const void *_Nonnull text, size_t count);

// Ends all connections and the thread.
void rf_preview_stop(rf_preview *_Nullable preview);
#endif
