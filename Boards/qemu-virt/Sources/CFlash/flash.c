// The names of both files come from build.sh.
#include "CFlash.h"

static const _Alignas(64) unsigned char model[] = {
#embed RF_FLASH_MODEL
};
static const _Alignas(64) unsigned char picture[] = {
#embed RF_FLASH_PICTURE
};

const unsigned char *rf_flash_model(size_t *count) {
  *count = sizeof model;
  return model;
}

const unsigned char *rf_flash_picture(size_t *count) {
  *count = sizeof picture;
  return picture;
}
