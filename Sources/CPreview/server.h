// Types shared by the parts of the server. Only the server's thread uses them, except `newest` and the counts of viewers.
#ifndef RF_PREVIEW_SERVER_H
#define RF_PREVIEW_SERVER_H
#include <CHost.h>
#include "CPreview.h"
#include "library.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

// Limits per client. Requests of browsers are below 2 kB.
enum {
  MAX_CONNECTIONS = 128,
  MAX_CONNECTIONS_OF_ADDRESS = 64, // more than all places of both streams
  SPARE_CONNECTIONS = 64,         // beyond the limit, for connections that are being ended
  CONNECTION_BYTES = 32 << 10,    // headers and output buffer; longer headers are answered with 431
  SOCKET_BYTES = 96 << 10,        // buffer in the kernel for a slow viewer
  REQUEST_SECONDS = 10,           // from connecting or the last answer to the end of a request
  ANSWER_SECONDS = 10,            // for sending an answer or one frame of a stream
  PLACE_SECONDS = 20,             // a viewer keeps its place this long while others ask for one
};

// Data shared by several viewers that are sending them.
typedef struct {
  atomic_int holders;
  size_t count;
  size_t head, tail; // bytes of the stream's framing at both ends
  unsigned char bytes[];
} payload;

// The resources with data of the run.
typedef enum { STREAM_VIDEO, STREAM_EVENTS, STREAM_SNAPSHOT, STREAM_FACES, STREAMS } stream;

// A client, from connecting to the end of the connection.
typedef struct client {
  struct client *next;
  int socket;
  uint64_t address;
  bool answers;  // its answer is being sent
  bool is_ended; // ended by the server; not yet reported by the library
  double since;  // start of the current deadline; 0: none
} client;

// A client of a stream.
typedef struct viewer {
  struct viewer *next;
  rf_preview *preview;
  struct MHD_Connection *connection;
  client *client;
  stream stream;
  bool is_video; // needs pictures
  bool has_begun, waits, is_gone, is_done;
  payload *held;  // being sent
  size_t sent;
  double began;
  uint64_t seen[RF_PREVIEW_CHANNELS];
} viewer;

struct rf_preview {
  const rf_mhd *mhd;
  struct MHD_Daemon *daemon;
  pthread_t thread;
  int listener, wake, epoll;
  uint16_t port;
  bool is_ending;
  atomic_bool is_to_end;
  client *clients;
  viewer *viewers;
  atomic_int video_viewers, event_viewers;
  _Atomic double frame_seconds; // time of the last frame; 0: none
  pthread_mutex_t lock;         // protects the next three
  payload *metrics;
  payload *newest[RF_PREVIEW_CHANNELS];
  uint64_t number[RF_PREVIEW_CHANNELS];  // number of calls of rf_preview_put
};

void rf_preview_wake(rf_preview *preview);
void rf_socket_set(int socket, int level, int option, int value);

// clients.c: reports of the library, deadlines, and the end of a connection.
client *rf_preview_client(rf_preview *preview, struct MHD_Connection *connection);
void rf_preview_connection_changed(void *context, struct MHD_Connection *connection, void **kept, enum MHD_ConnectionNotificationCode code);
void rf_preview_request_completed(void *context, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code);
void rf_preview_end(client *client);
void rf_preview_sweep(rf_preview *preview);

// answers.c: the library's handler of a request.
enum MHD_Result rf_preview_answer(void *context, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *upload, size_t *upload_count, void **state);

// streams.c
void rf_preview_payload_free(payload *held);
const char *rf_preview_stream_type(stream stream);
// True for a stream that ends after one frame.
bool rf_preview_is_single(stream stream);
// Returns NULL if all places are taken or memory is exhausted.
struct MHD_Response *rf_preview_stream(rf_preview *preview, struct MHD_Connection *connection, stream stream);
// Returns a copy of the text of /metrics in a response.
struct MHD_Response *rf_preview_metrics(rf_preview *preview);
bool rf_preview_is_healthy(rf_preview *preview);
void rf_preview_resume_viewers(rf_preview *preview);
#endif
