// The same functions for builds without libmicrohttpd, such as the static programs of boards.
#if !__has_include(<microhttpd.h>) || defined(RF_STATIC)
#include "CPreview.h"

rf_preview_result rf_preview_start(const char *address, uint16_t port, rf_preview **preview, int *number) {
  (void)address, (void)port, (void)preview, (void)number;
  return RF_PREVIEW_NOT_BUILT;
}

uint16_t rf_preview_port(const rf_preview *preview) { return preview == NULL; }
int rf_preview_viewers(const rf_preview *preview, rf_preview_channel channel) { return (void)preview, (void)channel, 0; }
void rf_preview_put(rf_preview *preview, rf_preview_channel channel, const void *bytes, size_t count) {
  (void)preview, (void)channel, (void)bytes, (void)count;
}
void rf_preview_note_frame(rf_preview *preview) { (void)preview; }
void rf_preview_set_metrics(rf_preview *preview, const void *text, size_t count) { (void)preview, (void)text, (void)count; }
void rf_preview_stop(rf_preview *preview) { (void)preview; }
#endif
