// PNG by libpng in functions that always return: libpng's error exit is a longjmp, which must not cross Swift.
// Pixels are those of other programs: palettes and fewer than 8 bits are expanded, 16 bits are scaled to 8, transparency is
// ignored, no gamma or colour profile is applied.
#ifndef RF_CPNG_H
#define RF_CPNG_H
#include <stddef.h>
#include <stdint.h>

// The result of a call; unless it is RF_PNG_OK, rf_png_message is libpng's reason.
typedef enum : int32_t {
  RF_PNG_OK = 0,
  RF_PNG_NO_MEMORY,
  RF_PNG_CUT_OFF, // the data end before the last pixel
  RF_PNG_DAMAGED, // the data are invalid
} rf_png_result;

// Returns 1 unless the program was built without PNG (RF_WITHOUT_PNG): libpng and zlib take 250 kB, an eighth of a board's program.
int rf_png_is_built(void);

// A PNG that is being decoded.
typedef struct rf_png rf_png;

// Returns NULL if memory is exhausted. `bytes` are borrowed until rf_png_free.
rf_png *rf_png_new(const uint8_t *bytes, size_t count);
void rf_png_free(rf_png *png);

// Reads up to the first pixels. Allocates nothing that depends on the picture's size.
rf_png_result rf_png_read_header(rf_png *png, int32_t *width, int32_t *height);

// Returns the minimum number of bytes that encode the picture whose header was read: deflate makes data at most 1032 times smaller
// (zlib's technical details, "Maximum Compression Factor").
size_t rf_png_min_bytes(const rf_png *png);

// Decodes the picture whose header was read into R G B rows. Interlaced pictures are written in seven passes.
rf_png_result rf_png_decode(rf_png *png, uint8_t *pixels, size_t stride_bytes);

// Returns libpng's message for the failure of the last call; "" if it succeeded.
const char *rf_png_message(const rf_png *png);
#endif
