// JPEG by libjpeg(-turbo) in functions that always return: libjpeg's error exit is a longjmp, which must not cross Swift.
// The library's defaults are kept (slow integer DCT, smooth chroma upsampling): pixels equal those of other programs.
#ifndef RF_CJPEG_H
#define RF_CJPEG_H
#include <stddef.h>
#include <stdint.h>

// The result of a call; unless it is RF_JPEG_OK, the decoder's or encoder's message is libjpeg's reason.
typedef enum : int32_t {
  RF_JPEG_OK = 0,
  RF_JPEG_UNREADABLE,  // not a JPEG, or a kind that libjpeg cannot decode
  RF_JPEG_NO_MEMORY,
  RF_JPEG_CUT_OFF,     // the data end before the picture does (a missing end mark alone is accepted)
  RF_JPEG_DAMAGED,     // the data are invalid: some pixels would be invented
} rf_jpeg_result;

// Returns the name and version of the library that the program was built with, such as "libjpeg-turbo 2.1.5".
const char *rf_jpeg_version(void);

typedef struct rf_jpeg_decoder rf_jpeg_decoder;

// Returns NULL if memory is exhausted. A decoder decodes any number of pictures, on one thread at a time.
rf_jpeg_decoder *rf_jpeg_decoder_new(void);
void rf_jpeg_decoder_free(rf_jpeg_decoder *decoder);

// Reads up to the first scan. Allocates only what the file's own tables need. `bytes` are borrowed until rf_jpeg_decode
// returns or the next rf_jpeg_read_header.
rf_jpeg_result rf_jpeg_read_header(rf_jpeg_decoder *decoder, const uint8_t *bytes, size_t count, int32_t *width, int32_t *height);

// Returns the minimum number of bytes that encode the picture whose header was read. Huffman codes have at least one bit; a
// block of 8 x 8 samples has a code for its DC and, unless progressive, one more for its end (ITU-T T.81, F.1.2, G.1.2).
// Arithmetic coding is treated as progressive.
size_t rf_jpeg_min_bytes(const rf_jpeg_decoder *decoder);

// Sets the picture whose header was read to be decoded 1, 2, 4 or 8 times smaller, its sides rounded up: fewer coefficients
// are transformed, which costs less than averaging all pixels.
void rf_jpeg_shrink(rf_jpeg_decoder *decoder, int32_t divisor);

// Decodes the picture whose header was read into R G B rows. Gray is repeated in all channels; YCbCr, CMYK and YCCK are
// converted; CMYK is read as inverted, as Adobe writes it. Follows at most RF_JPEG_MAX_SCANS scans.
rf_jpeg_result rf_jpeg_decode(rf_jpeg_decoder *decoder, uint8_t *pixels, size_t stride_bytes);

// Returns the number of bytes after the end mark of the last decoded picture.
size_t rf_jpeg_rest_count(const rf_jpeg_decoder *decoder);

// Returns libjpeg's message for the failure of the last call; "" if it succeeded.
const char *rf_jpeg_decoder_message(const rf_jpeg_decoder *decoder);

// Limit of scans: a progressive file may repeat tiny scans endlessly, each a pass over the whole picture. Real files have some 10.
// Source: libjpeg-turbo, "Two Issues with the JPEG Standard", which advises such a limit.
enum { RF_JPEG_MAX_SCANS = 100 };

typedef struct rf_jpeg_encoder rf_jpeg_encoder;

rf_jpeg_encoder *rf_jpeg_encoder_new(void);
void rf_jpeg_encoder_free(rf_jpeg_encoder *encoder);

// Encodes R G B rows as baseline JPEG, 4:2:0. `*bytes` point to `*count` bytes in the encoder's memory, which the next call
// reuses; they may be changed in place. width, height: 1...65535; quality: 1...100. A comment of 1...65533 bytes becomes a
// COM segment after JFIF's header, which has a fixed size.
rf_jpeg_result rf_jpeg_encode(rf_jpeg_encoder *encoder, const uint8_t *pixels, int32_t width, int32_t height, size_t stride_bytes,
                              int32_t quality, const uint8_t *comment, size_t comment_count, uint8_t **bytes, size_t *count);
const char *rf_jpeg_encoder_message(const rf_jpeg_encoder *encoder);
#endif
