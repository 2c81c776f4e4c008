// Encodes RGB rows as JPEG in memory that is reused for the next picture.
#include "failure.h"
#include <stdlib.h>
#include <string.h>

struct rf_jpeg_encoder {
  struct jpeg_compress_struct info;
  rf_jpeg_failure failure;
  struct jpeg_destination_mgr destination;
  uint8_t *bytes;
  size_t capacity;
};

enum { FIRST_CAPACITY = 1 << 16 };

// Doubles the memory, or ends the call through libjpeg's error exit.
static void grow(rf_jpeg_encoder *encoder) {
  size_t capacity = encoder->capacity ? 2 * encoder->capacity : FIRST_CAPACITY;
  uint8_t *bytes = realloc(encoder->bytes, capacity);
  if (!bytes) {
    encoder->failure.result = RF_JPEG_NO_MEMORY;
    snprintf(encoder->failure.message, sizeof encoder->failure.message, "No memory for %zu bytes", capacity);
    longjmp(encoder->failure.back, 1);
  }
  encoder->bytes = bytes;
  encoder->capacity = capacity;
}

static void begin(j_compress_ptr info) {
  rf_jpeg_encoder *encoder = info->client_data;
  if (!encoder->capacity) grow(encoder);
  info->dest->next_output_byte = encoder->bytes;
  info->dest->free_in_buffer = encoder->capacity;
}

// Called if the buffer is full, regardless of free_in_buffer (libjpeg.txt, "Compressed data handling").
static boolean make_room(j_compress_ptr info) {
  rf_jpeg_encoder *encoder = info->client_data;
  size_t written = encoder->capacity;
  grow(encoder);
  info->dest->next_output_byte = encoder->bytes + written;
  info->dest->free_in_buffer = encoder->capacity - written;
  return TRUE;
}

static void end(j_compress_ptr info) { (void)info; }

rf_jpeg_encoder *rf_jpeg_encoder_new(void) {
  rf_jpeg_encoder *encoder = calloc(1, sizeof *encoder);
  if (!encoder) return NULL;
  encoder->info.err = rf_jpeg_catch(&encoder->failure);
  if (setjmp(encoder->failure.back)) {
    free(encoder);
    return NULL;
  }
  jpeg_create_compress(&encoder->info);
  encoder->destination = (struct jpeg_destination_mgr){
    .init_destination = begin, .empty_output_buffer = make_room, .term_destination = end};
  encoder->info.dest = &encoder->destination;
  encoder->info.client_data = encoder;
  return encoder;
}

void rf_jpeg_encoder_free(rf_jpeg_encoder *encoder) {
  if (!encoder) return;
  jpeg_destroy_compress(&encoder->info);
  free(encoder->bytes);
  free(encoder);
}

const char *rf_jpeg_encoder_message(const rf_jpeg_encoder *encoder) { return encoder->failure.message; }

rf_jpeg_result rf_jpeg_encode(rf_jpeg_encoder *encoder, const uint8_t *pixels, int32_t width, int32_t height, size_t stride_bytes,
                              int32_t quality, const uint8_t *comment, size_t comment_count, uint8_t **bytes, size_t *count) {
  struct jpeg_compress_struct *info = &encoder->info;
  rf_jpeg_forget(&encoder->failure);
  if (setjmp(encoder->failure.back)) {
    jpeg_abort_compress(info);
    return encoder->failure.result;
  }
  info->image_width = (JDIMENSION)width;
  info->image_height = (JDIMENSION)height;
  info->input_components = 3;
  info->in_color_space = JCS_RGB;
  jpeg_set_defaults(info);
  jpeg_set_quality(info, quality, TRUE);
  jpeg_start_compress(info, TRUE);
  if (comment_count) jpeg_write_marker(info, JPEG_COM, comment, (unsigned)comment_count);
  while (info->next_scanline < info->image_height) {
    JSAMPROW row = (JSAMPROW)(uintptr_t)(pixels + info->next_scanline * stride_bytes);
    jpeg_write_scanlines(info, &row, 1);
  }
  jpeg_finish_compress(info);
  *bytes = encoder->bytes;
  *count = encoder->capacity - encoder->destination.free_in_buffer;
  return RF_JPEG_OK;
}
