// The live page over HTTP, through libmicrohttpd: a server on a thread of its own that hands the newest bytes of three
// channels to whoever looks. Nothing here waits for a viewer. Built without the library's header, or run where the library
// is not installed, starting says so.
#ifndef RF_CPREVIEW_H
#define RF_CPREVIEW_H
#include <stddef.h>
#include <stdint.h>

// What is handed on; of each only the newest is kept.
typedef enum : int32_t {
  RF_PREVIEW_VIDEO,   // a JPEG
  RF_PREVIEW_FACES,   // JSON without line breaks: one frame's faces
  RF_PREVIEW_FIGURES, // the same: the run's figures
  RF_PREVIEW_CHANNELS,
} rf_preview_channel;

// What starting came to.
typedef enum : int32_t {
  RF_PREVIEW_OK,
  RF_PREVIEW_NOT_BUILT,     // the program was built without microhttpd.h
  RF_PREVIEW_NO_LIBRARY,    // libmicrohttpd.so.12 is not installed
  RF_PREVIEW_CANNOT_LISTEN, // the address or port cannot be had: an errno
  RF_PREVIEW_CANNOT_START,  // no memory, no thread, no descriptor
} rf_preview_result;

// Viewers at the same time. One more replaces the one that has watched longest, or is refused (503): streams.c.
enum { RF_PREVIEW_MOST_VIDEO_VIEWERS = 8, RF_PREVIEW_MOST_EVENT_VIEWERS = 32 };

typedef struct rf_preview rf_preview;

// Listens and serves from now on. `port` 0 takes any that is free. *number: the errno where the result has one.
rf_preview_result rf_preview_start(const char *_Nonnull address, uint16_t port,
                                   rf_preview *_Nullable *_Nonnull preview, int *_Nonnull number);

uint16_t rf_preview_port(const rf_preview *_Nonnull preview);

// How many look at the video, or at the events (either of the other two), now. Costs nothing: ask every frame.
int rf_preview_viewers(const rf_preview *_Nonnull preview, rf_preview_channel channel);

// Hands on a copy of the bytes. Does not wait; what nobody has taken by the next call is lost. Any thread.
void rf_preview_put(rf_preview *_Nonnull preview, rf_preview_channel channel, const void *_Nonnull bytes, size_t count);

// Ends all connections and the thread.
void rf_preview_stop(rf_preview *_Nullable preview);
#endif
