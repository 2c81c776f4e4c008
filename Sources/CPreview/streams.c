// Streams: video as parts that replace each other (multipart/x-mixed-replace, HTML Standard, "multipart/x-mixed-replace")
// and server-sent events (HTML Standard, "Server-sent events"). A viewer takes the newest data when it has finished the
// previous ones: a slow one misses those in between, and holds at most one payload, which it shares with others.
#if __has_include(<microhttpd.h>) && !defined(RF_STATIC)
#include "server.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char VIDEO_TYPE[] = "multipart/x-mixed-replace; boundary=frame";
static const char EVENT_TYPE[] = "text/event-stream";
// The first bytes of a stream. A boundary ends its frame, so that browsers show it at once.
static const char VIDEO_START[] = "--frame\r\n";
static const char EVENT_START[] = "retry: 2000\n\n";
enum { BLOCK_BYTES = 16 << 10 };

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
  payload *new = malloc(sizeof *new + (size_t)head_count + count + tail_count);
  if (!new) return NULL;
  atomic_init(&new->holders, 1);
  new->count = (size_t)head_count + count + tail_count;
  memcpy(new->bytes, head, (size_t)head_count);
  memcpy(new->bytes + head_count, bytes, count);
  memcpy(new->bytes + head_count + count, tail, tail_count);
  return new;
}

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

// Takes figures before faces: they are rare, and frequent faces must not delay them.
static bool take_newest(viewer *viewer) {
  rf_preview *preview = viewer->preview;
  static const rf_preview_channel events[] = {RF_PREVIEW_FIGURES, RF_PREVIEW_FACES}, video[] = {RF_PREVIEW_VIDEO};
  const rf_preview_channel *channels = viewer->is_video ? video : events;
  pthread_mutex_lock(&preview->lock);
  for (int i = 0; i < (viewer->is_video ? 1 : 2) && !viewer->held; i++) {
    rf_preview_channel channel = channels[i];
    if (viewer->seen[channel] == preview->number[channel]) continue;
    viewer->seen[channel] = preview->number[channel];
    viewer->held = preview->newest[channel];
    atomic_fetch_add(&viewer->held->holders, 1);
  }
  pthread_mutex_unlock(&preview->lock);
  viewer->sent = 0;
  viewer->client->since = viewer->held ? rf_seconds() : 0;
  return viewer->held != NULL;
}

static bool has_news(viewer *viewer) {
  rf_preview *preview = viewer->preview;
  bool has = false;
  pthread_mutex_lock(&preview->lock);
  for (int i = 0; i < RF_PREVIEW_CHANNELS; i++)
    if ((i == RF_PREVIEW_VIDEO) == viewer->is_video && viewer->seen[i] != preview->number[i]) has = true;
  pthread_mutex_unlock(&preview->lock);
  return has;
}

// Called by the library for more data of a stream. The connection sleeps if there are none.
static ssize_t read_stream(void *context, uint64_t position, char *to, size_t room) {
  (void)position;
  viewer *viewer = context;
  if (viewer->preview->is_ending) return MHD_CONTENT_READER_END_OF_STREAM;
  if (viewer->is_gone) return MHD_CONTENT_READER_END_WITH_ERROR;
  if (!viewer->has_begun) {
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
  size_t left = viewer->held->count - viewer->sent, count = left < room ? left : room;
  memcpy(to, viewer->held->bytes + viewer->sent, count);
  viewer->sent += count;
  if (count == left) {
    rf_preview_payload_free(viewer->held);
    viewer->held = NULL;
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

struct MHD_Response *rf_preview_stream(rf_preview *preview, struct MHD_Connection *connection, bool is_video) {
  atomic_int *viewers = is_video ? &preview->video_viewers : &preview->event_viewers;
  client *client = rf_preview_client(preview, connection);
  if (!client || !make_place(preview, client, is_video)) return NULL;
  viewer *new = calloc(1, sizeof *new);
  if (!new) return NULL;
  *new = (viewer){
    .next = preview->viewers, .preview = preview, .connection = connection, .client = client, .is_video = is_video, .began = rf_seconds()};
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
  preview->mhd->MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, is_video ? VIDEO_TYPE : EVENT_TYPE);
  return response;
}
#endif
