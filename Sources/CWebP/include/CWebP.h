// WebP by libwebp, which is loaded when the first WebP is read: the program does not depend on it.
#ifndef RF_CWEBP_H
#define RF_CWEBP_H
#include <stddef.h>
#include <stdint.h>

typedef enum : int32_t {
  RF_WEBP_OK = 0,
  RF_WEBP_NO_LIBRARY, // libwebp.so.7 is not installed
  RF_WEBP_NOT_BUILT,  // this static program loads no libraries
  RF_WEBP_ANIMATED,
  RF_WEBP_CUT_OFF,
  RF_WEBP_DAMAGED,
} rf_webp_result;

// Returns RF_WEBP_OK if WebP can be decoded. Any thread.
rf_webp_result rf_webp_load(void);

// Reads the size; allocates nothing.
rf_webp_result rf_webp_read_header(const uint8_t *bytes, size_t count, int32_t *width, int32_t *height);

// Decodes into R G B rows; transparency is ignored. libwebp takes up to some 10 bytes per pixel more for lossless pictures.
rf_webp_result rf_webp_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, int32_t height, size_t stride_bytes);
#endif
