// The model and the picture that Boards/qemu-virt/build.sh puts into flash.
#ifndef RF_CFLASH_H
#define RF_CFLASH_H
#include <stddef.h>

// A model file and a PPM (P6, 8 bits), at multiples of 64 bytes, used in place.
const unsigned char *_Nonnull rf_flash_model(size_t *_Nonnull count);
const unsigned char *_Nonnull rf_flash_picture(size_t *_Nonnull count);
#endif
