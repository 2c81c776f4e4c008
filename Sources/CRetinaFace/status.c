/* Constant texts of the interface. */
#include "retinaface.h"

const char *retinaface_version(void) { return RETINAFACE_VERSION; }

const char *retinaface_status_text(int32_t status) {
  switch (status) {
  case RETINAFACE_NULL_POINTER: return "a required pointer is null";
  case RETINAFACE_BAD_OPTION: return "an option is out of range";
  case RETINAFACE_BAD_MODEL: return "the model is damaged or of another version";
  case RETINAFACE_BAD_ARENA: return "the arena is too small or not aligned to 64 bytes";
  case RETINAFACE_BAD_FORMAT: return "the format of the image is unknown";
  case RETINAFACE_BAD_SIZE: return "the image must have 1 or more pixels per side and at most 100 megapixels";
  case RETINAFACE_BAD_STRIDE: return "a stride of the image is less than a row of its plane, or 2^30 bytes or more";
  case RETINAFACE_BAD_FACE: return "landmarks coincide, a coordinate is out of range, or there are too many faces";
  case RETINAFACE_NO_MEMORY: return "memory is exhausted";
  case RETINAFACE_NO_THREADS: return "the system does not start another thread";
  default: return status >= 0 ? "success" : "unknown status";
  }
}
