// Decodes PNG data in memory. The caller checks the header's size before it allocates memory for the pixels.
#ifndef RF_WITHOUT_PNG
#include "CPNG.h"
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rf_png {
  png_structp reader;
  png_infop info;
  const uint8_t *bytes;
  size_t count, position;
  rf_png_result result;
  char message[128];
};

// The factor of deflate: 258 bytes from 2 bits.
enum { MAX_DEFLATE_FACTOR = 1032 };

static void give_up(png_structp reader, png_const_charp message) {
  rf_png *png = png_get_error_ptr(reader);
  if (png->result == RF_PNG_OK) {
    png->result = strstr(message, "memory") ? RF_PNG_NO_MEMORY : RF_PNG_DAMAGED;
    snprintf(png->message, sizeof png->message, "%s", message);
  }
  png_longjmp(reader, 1);
}

static void stay_silent(png_structp reader, png_const_charp message) { (void)reader, (void)message; }

static void take_bytes(png_structp reader, png_bytep to, size_t count) {
  rf_png *png = png_get_io_ptr(reader);
  if (count > png->count - png->position) {
    png->result = RF_PNG_CUT_OFF;
    snprintf(png->message, sizeof png->message, "the data end after %zu bytes", png->count);
    png_longjmp(reader, 1);
  }
  memcpy(to, png->bytes + png->position, count);
  png->position += count;
}

// Skips texts, profiles and other chunks that do not change pixels as they are decoded here: some are compressed, which costs memory.
static void skip_unused_chunks(png_structp reader) {
  static const png_byte names[] =
    "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0iCCP\0iTXt\0oFFs\0pCAL\0pHYs\0sBIT\0sCAL\0sPLT\0sRGB\0sTER\0tEXt\0tIME\0zTXt";
  png_set_keep_unknown_chunks(reader, PNG_HANDLE_CHUNK_NEVER, names, (int)(sizeof names / 5));
}

rf_png *rf_png_new(const uint8_t *bytes, size_t count) {
  rf_png *png = calloc(1, sizeof *png);
  if (!png) return NULL;
  *png = (rf_png){.bytes = bytes, .count = count};
  png->reader = png_create_read_struct(PNG_LIBPNG_VER_STRING, png, give_up, stay_silent);
  png->info = png->reader ? png_create_info_struct(png->reader) : NULL;
  if (!png->info) {
    rf_png_free(png);
    return NULL;
  }
  return png;
}

void rf_png_free(rf_png *png) {
  if (!png) return;
  png_destroy_read_struct(&png->reader, &png->info, NULL);
  free(png);
}

rf_png_result rf_png_read_header(rf_png *png, int32_t *width, int32_t *height) {
  if (setjmp(png_jmpbuf(png->reader))) return png->result;
  png_set_read_fn(png->reader, png, take_bytes);
  // The caller limits the number of pixels.
  png_set_user_limits(png->reader, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  skip_unused_chunks(png->reader);
  png_read_info(png->reader, png->info);
  *width = (int32_t)png_get_image_width(png->reader, png->info);
  *height = (int32_t)png_get_image_height(png->reader, png->info);
  return RF_PNG_OK;
}

size_t rf_png_min_bytes(const rf_png *png) {
  size_t bits = (size_t)png_get_channels(png->reader, png->info) * png_get_bit_depth(png->reader, png->info);
  size_t row = (png_get_image_width(png->reader, png->info) * bits + 7) / 8 + 1;
  return row * png_get_image_height(png->reader, png->info) / MAX_DEFLATE_FACTOR;
}

rf_png_result rf_png_decode(rf_png *png, uint8_t *pixels, size_t stride_bytes) {
  if (setjmp(png_jmpbuf(png->reader))) return png->result;
  png_set_expand(png->reader);
  png_set_scale_16(png->reader);
  png_set_strip_alpha(png->reader);
  png_set_gray_to_rgb(png->reader);
  int passes = png_set_interlace_handling(png->reader);
  png_read_update_info(png->reader, png->info);
  uint32_t height = png_get_image_height(png->reader, png->info);
  if (png_get_rowbytes(png->reader, png->info) != 3 * (size_t)png_get_image_width(png->reader, png->info))
    png_error(png->reader, "unexpected layout of rows");
  for (int pass = 0; pass < passes; pass++) {
    for (uint32_t y = 0; y < height; y++) png_read_row(png->reader, pixels + y * stride_bytes, NULL);
  }
  // The end mark is not read: a picture without it has all its pixels.
  return RF_PNG_OK;
}

const char *rf_png_message(const rf_png *png) { return png->message; }

int rf_png_is_built(void) { return 1; }
#endif
