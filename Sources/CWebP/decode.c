// The interface of libwebp has had the number 7 since version 0.6.0 (2017). Its functions are declared here, so that building needs
// no header. Source: webp/decode.h; "WebP Container Specification".
#include "CWebP.h"
#include <stdbool.h>
#include <string.h>

#ifdef RF_STATIC
rf_webp_result rf_webp_load(void) { return RF_WEBP_NOT_BUILT; }
rf_webp_result rf_webp_read_header(const uint8_t *bytes, size_t count, int32_t *width, int32_t *height) {
  return (void)bytes, (void)count, (void)width, (void)height, RF_WEBP_NOT_BUILT;
}
rf_webp_result rf_webp_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, int32_t height, size_t stride_bytes) {
  return (void)bytes, (void)count, (void)pixels, (void)height, (void)stride_bytes, RF_WEBP_NOT_BUILT;
}
#else
#include <dlfcn.h>
#include <pthread.h>

static int (*get_info)(const uint8_t *bytes, size_t count, int *width, int *height);
static uint8_t *(*decode_rgb)(const uint8_t *bytes, size_t count, uint8_t *pixels, size_t byte_count, int stride);

static void load(void) {
  void *library = dlopen("libwebp.so.7", RTLD_NOW | RTLD_LOCAL);
  if (!library) return;
  get_info = (typeof(get_info))dlsym(library, "WebPGetInfo");
  decode_rgb = (typeof(decode_rgb))dlsym(library, "WebPDecodeRGBInto");
}

rf_webp_result rf_webp_load(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
  return get_info && decode_rgb ? RF_WEBP_OK : RF_WEBP_NO_LIBRARY;
}

static uint32_t number(const uint8_t *bytes) {
  return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

// An extended file names its parts in a byte of the VP8X chunk.
static bool is_animated(const uint8_t *bytes, size_t count) {
  enum { ANIMATION = 2 };
  return count > 20 && !memcmp(bytes + 12, "VP8X", 4) && bytes[20] & ANIMATION;
}

// The RIFF header states the number of bytes that follow it.
static bool is_cut_off(const uint8_t *bytes, size_t count) { return count < 12 || number(bytes + 4) > count - 8; }

rf_webp_result rf_webp_read_header(const uint8_t *bytes, size_t count, int32_t *width, int32_t *height) {
  if (rf_webp_load() != RF_WEBP_OK) return RF_WEBP_NO_LIBRARY;
  if (is_cut_off(bytes, count)) return RF_WEBP_CUT_OFF;
  if (is_animated(bytes, count)) return RF_WEBP_ANIMATED;
  return get_info(bytes, count, width, height) ? RF_WEBP_OK : RF_WEBP_DAMAGED;
}

rf_webp_result rf_webp_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, int32_t height, size_t stride_bytes) {
  return decode_rgb(bytes, count, pixels, (size_t)height * stride_bytes, (int)stride_bytes) ? RF_WEBP_OK : RF_WEBP_DAMAGED;
}
#endif
