// Streams: video as parts that replace each other (multipart/x-mixed-replace, HTML Standard, "multipart/x-mixed-replace")
// and server-sent events (HTML Standard, "Server-sent events"). A viewer takes the newest data when it has finished the
// previous ones: a slow one misses those in between, and holds at most one payload, which it shares with others. /snapshot.jpg
// and /faces.json are viewers that end after the next payload, which they send without the framing: the program draws and
// encodes pictures only for viewers, so there is none before a request.
#if __has_include(<microhttpd.h>) && !defined(RF_STATIC)
#include "server.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Properties of each stream. A single one ends after its first payload.
static const struct {
  const char *type;
  bool is_video, is_single;
} STREAM[STREAMS] = {
  [STREAM_VIDEO] = {"multipart/x-mixed-replace; boundary=frame", true, false},
  [STREAM_EVENTS] = {"text/event-stream", false, false},
  [STREAM_SNAPSHOT] = {"image/jpeg", true, true},
  [STREAM_FACES] = {"application/json", false, true},
};
// The first bytes of a stream. A boundary ends its frame, so that browsers show it at once.
static const char VIDEO_START[] = "--frame\r\n";
static const char EVENT_START[] = "retry: 2000\n\n";
enum { BLOCK_BYTES = 16 << 10 };

static payload *make_payload(const char *head, size_t head_count, const void *bytes, size_t count, const char *tail, size_t tail_count) {
  payload *new = malloc(sizeof *new + head_count + count + tail_count);
  if (!new) return NULL;
  atomic_init(&new->holders, 1);
  new->count = head_count + count + tail_count;
  new->head = head_count;
  new->tail = tail_count;
  memcpy(new->bytes, head, head_count);
  memcpy(new->bytes + head_count, bytes, count);
  memcpy(new->bytes + head_count + count, tail, tail_count);
  return new;
}

// Adds the framing of the stream to the bytes.
static payload *wrap(rf_preview_channel channel, const void *bytes, size_t count) {
  char head[96];
  const char *tail = "\n\n";
  int head_count;
  if (channel == RF_PREVIEW_VIDEO) {
    head_count = snprintf(head, sizeof head, "Content-Type: image/jpeg\r\nContent-Length: %zu\r\n\r\n", count);
    tail = "\r\n--frame\r\n";
  } else {
    head_count = snprintf(head, sizeof head, "event: %s\ndata: ", channel == RF_PREVIEW_FACES ? "faces" : "figures");
  }
  size_t tail_count = strlen(tail);
  return make_payload(head, (size_t)head_count, bytes, count, tail, tail_count);
}

const char *rf_preview_stream_type(stream stream) { return STREAM[stream].type; }
bool rf_preview_is_single(stream stream) { return STREAM[stream].is_single; }

void rf_preview_payload_free(payload *held) {
  if (held && atomic_fetch_sub(&held->holders, 1) == 1) free(held);
}

void rf_preview_put(rf_preview *preview, rf_preview_channel channel, const void *bytes, size_t count) {
  payload *new = wrap(channel, bytes, count);
  if (!new) return; // this frame is lost
  pthread_mutex_lock(&preview->lock);
  payload *old = preview->newest[channel];
  preview->newest[channel] = new;
  preview->number[channel]++;
  pthread_mutex_unlock(&preview->lock);
  rf_preview_payload_free(old);
  rf_preview_wake(preview);
}

int rf_preview_viewers(const rf_preview *preview, rf_preview_channel channel) {
  return atomic_load(channel == RF_PREVIEW_VIDEO ? &preview->video_viewers : &preview->event_viewers);
}

// The channels of a viewer, in order: figures before faces, because they are rare, and frequent faces must not delay them.
static const rf_preview_channel *channels_of(const viewer *viewer, int *count) {
  static const rf_preview_channel events[] = {RF_PREVIEW_FIGURES, RF_PREVIEW_FACES}, video[] = {RF_PREVIEW_VIDEO};
  *count = viewer->stream == STREAM_EVENTS ? 2 : 1;
  return viewer->is_video ? video : viewer->stream == STREAM_FACES ? events + 1 : events;
}

static bool take_newest(viewer *viewer) {
  rf_preview *preview = viewer->preview;
  int count;
  const rf_preview_channel *channels = channels_of(viewer, &count);
  pthread_mutex_lock(&preview->lock);
  for (int i = 0; i < count && !viewer->held; i++) {
    rf_preview_channel channel = channels[i];
    if (viewer->seen[channel] == preview->number[channel]) continue;
    viewer->seen[channel] = preview->number[channel];
    viewer->held = preview->newest[channel];
    atomic_fetch_add(&viewer->held->holders, 1);
  }
  pthread_mutex_unlock(&preview->lock);
  bool is_single = STREAM[viewer->stream].is_single;
  viewer->sent = viewer->held && is_single ? viewer->held->head : 0;
  // A single stream has a deadline for its frame, too.
  if (viewer->held || !is_single) viewer->client->since = viewer->held ? rf_seconds() : 0;
  return viewer->held != NULL;
}

static bool has_news(viewer *viewer) {
  rf_preview *preview = viewer->preview;
  int count;
  const rf_preview_channel *channels = channels_of(viewer, &count);
  bool has = false;
  pthread_mutex_lock(&preview->lock);
  for (int i = 0; i < count; i++) has |= viewer->seen[channels[i]] != preview->number[channels[i]];
  pthread_mutex_unlock(&preview->lock);
  return has;
}

// Called by the library for more data of a stream. The connection sleeps if there are none.
static ssize_t read_stream(void *context, uint64_t position, char *to, size_t room) {
  (void)position;
  viewer *viewer = context;
  if (viewer->preview->is_ending) return MHD_CONTENT_READER_END_OF_STREAM;
  if (viewer->is_gone) return MHD_CONTENT_READER_END_WITH_ERROR;
  if (viewer->is_done) return MHD_CONTENT_READER_END_OF_STREAM;
  bool is_single = STREAM[viewer->stream].is_single;
  if (!viewer->has_begun && !is_single) {
    const char *start = viewer->is_video ? VIDEO_START : EVENT_START;
    viewer->has_begun = true;
    memcpy(to, start, strlen(start)); // room is several kilobytes
    return (ssize_t)strlen(start);
  }
  if (!viewer->held && !take_newest(viewer)) {
    viewer->waits = true;
    viewer->preview->mhd->MHD_suspend_connection(viewer->connection);
    return 0;
  }
  size_t end = viewer->held->count - (is_single ? viewer->held->tail : 0);
  size_t left = end - viewer->sent, count = left < room ? left : room;
  memcpy(to, viewer->held->bytes + viewer->sent, count);
  viewer->sent += count;
  if (count == left) {
    rf_preview_payload_free(viewer->held);
    viewer->held = NULL;
    viewer->is_done = is_single;
  }
  return (ssize_t)count;
}

static void free_viewer(void *context) {
  viewer *ended = context;
  rf_preview *preview = ended->preview;
  for (viewer **place = &preview->viewers; *place; place = &(*place)->next) {
    if (*place != ended) continue;
    *place = ended->next;
    break;
  }
  atomic_fetch_sub(ended->is_video ? &preview->video_viewers : &preview->event_viewers, 1);
  rf_preview_payload_free(ended->held);
  free(ended);
}

void rf_preview_resume_viewers(rf_preview *preview) {
  for (viewer *viewer = preview->viewers; viewer; viewer = viewer->next) {
    if (!viewer->waits || !(preview->is_ending || viewer->is_gone || has_news(viewer))) continue;
    viewer->waits = false;
    preview->mhd->MHD_resume_connection(viewer->connection);
  }
}

static int places_of(rf_preview *preview, uint64_t address, bool is_video) {
  int count = 0;
  for (viewer *viewer = preview->viewers; viewer; viewer = viewer->next)
    count += viewer->is_video == is_video && !viewer->is_gone && viewer->client->address == address;
  return count;
}

// Finds a place for a new viewer or takes one. The viewer that must leave is the one that has watched longest of the address
// that has most: at once if the new viewer's address has fewer even with this one, otherwise after PLACE_SECONDS. So no
// viewer keeps its place permanently, and those behind one address alternate.
static bool make_place(rf_preview *preview, const client *newcomer, bool is_video) {
  int taken = 0, max_places = 0;
  viewer *longest = NULL;
  // The list starts with the newest.
  for (viewer *viewer = preview->viewers; viewer; viewer = viewer->next) {
    if (viewer->is_video != is_video || viewer->is_gone) continue;
    taken++;
    int places = places_of(preview, viewer->client->address, is_video);
    if (places >= max_places) longest = viewer;
    if (places > max_places) max_places = places;
  }
  if (taken < (is_video ? RF_PREVIEW_MAX_VIDEO_VIEWERS : RF_PREVIEW_MAX_EVENT_VIEWERS)) return true;
  bool has_less = places_of(preview, newcomer->address, is_video) + 1 < max_places;
  if (!has_less && rf_seconds() - longest->began < PLACE_SECONDS) return false;
  longest->is_gone = true;
  rf_preview_end(longest->client);
  return true;
}

struct MHD_Response *rf_preview_stream(rf_preview *preview, struct MHD_Connection *connection, stream stream) {
  bool is_video = STREAM[stream].is_video;
  atomic_int *viewers = is_video ? &preview->video_viewers : &preview->event_viewers;
  client *client = rf_preview_client(preview, connection);
  if (!client || !make_place(preview, client, is_video)) return NULL;
  viewer *new = calloc(1, sizeof *new);
  if (!new) return NULL;
  *new = (viewer){
    .next = preview->viewers,
    .preview = preview,
    .connection = connection,
    .client = client,
    .stream = stream,
    .is_video = is_video,
    .began = rf_seconds()};
  // Skips existing data, which may be old.
  pthread_mutex_lock(&preview->lock);
  memcpy(new->seen, preview->number, sizeof new->seen);
  pthread_mutex_unlock(&preview->lock);
  struct MHD_Response *response = preview->mhd->MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_stream, new,
                                                                                  free_viewer);
  if (!response) {
    free(new);
    return NULL;
  }
  preview->viewers = new;
  atomic_fetch_add(viewers, 1);
  preview->mhd->MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, STREAM[stream].type);
  return response;
}

void rf_preview_note_frame(rf_preview *preview) { atomic_store(&preview->frame_seconds, rf_seconds()); }

bool rf_preview_is_healthy(rf_preview *preview) {
  double last = atomic_load(&preview->frame_seconds);
  return last > 0 && rf_seconds() - last <= RF_PREVIEW_HEALTHY_SECONDS;
}

void rf_preview_set_metrics(rf_preview *preview, const void *text, size_t count) {
  payload *new = make_payload("", 0, text, count, "", 0);
  if (!new) return; // the old text stays
  pthread_mutex_lock(&preview->lock);
  payload *old = preview->metrics;
  preview->metrics = new;
  pthread_mutex_unlock(&preview->lock);
  rf_preview_payload_free(old);
}

struct MHD_Response *rf_preview_metrics(rf_preview *preview) {
  pthread_mutex_lock(&preview->lock);
  payload *text = preview->metrics;
  struct MHD_Response *response = preview->mhd->MHD_create_response_from_buffer(
    text ? text->count : 0, text ? text->bytes : (unsigned char *)"", MHD_RESPMEM_MUST_COPY);
  pthread_mutex_unlock(&preview->lock);
  // Source: Prometheus, "Exposition formats", text format.
  if (response) preview->mhd->MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
  return response;
}
#endif
