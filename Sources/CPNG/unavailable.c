// The same functions for programs without PNG. None but the first is called.
#ifdef RF_WITHOUT_PNG
#include "CPNG.h"

int rf_png_is_built(void) { return 0; }
rf_png *rf_png_new(const uint8_t *bytes, size_t count) { return (void)bytes, (void)count, NULL; }
void rf_png_free(rf_png *png) { (void)png; }
rf_png_result rf_png_read_header(rf_png *png, int32_t *width, int32_t *height) {
  return (void)png, (void)width, (void)height, RF_PNG_DAMAGED;
}
size_t rf_png_min_bytes(const rf_png *png) { return png != NULL; }
rf_png_result rf_png_decode(rf_png *png, uint8_t *pixels, size_t stride_bytes) {
  return (void)png, (void)pixels, (void)stride_bytes, RF_PNG_DAMAGED;
}
const char *rf_png_message(const rf_png *png) { return (void)png, ""; }
#endif
