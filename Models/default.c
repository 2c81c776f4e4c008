// Embeds Models/default.rfm (C23 #embed), so that rf-cam is one file. A build without that file has no model and says so.
#include "CModel.h"

#if __has_embed("default.rfm")
static const _Alignas(64) unsigned char bytes[] = {
#embed "default.rfm"
};
const unsigned char *rf_default_model(size_t *count) {
  *count = sizeof bytes;
  return bytes;
}
#else
const unsigned char *rf_default_model(size_t *count) {
  *count = 0;
  return (const unsigned char *)0;
}
#endif
