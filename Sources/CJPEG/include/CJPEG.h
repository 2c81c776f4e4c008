// JPEG through libjpeg(-turbo), behind functions that return: its error exit is a longjmp, which Swift must never see.
// Defaults of the library are kept (slow integer DCT, smooth chroma upsampling): pixels equal those of other users of it.
#ifndef RF_CJPEG_H
#define RF_CJPEG_H
#include <stddef.h>
#include <stdint.h>

// What a call came to; for all but RF_JPEG_OK the decoder's or encoder's message says why, in libjpeg's words.
typedef enum : int32_t {
  RF_JPEG_OK = 0,
  RF_JPEG_UNREADABLE,  // libjpeg gave up: not a JPEG, or a kind it cannot decode
  RF_JPEG_NO_MEMORY,
  RF_JPEG_CUT_OFF,     // the data end before the picture does; an end mark alone may be missing
  RF_JPEG_DAMAGED,     // the data cannot be right: some pixels would be invented
} rf_jpeg_result;

typedef struct rf_jpeg_decoder rf_jpeg_decoder;

// NULL where there is no memory. One decoder may be used for any number of pictures, by one thread at a time.
rf_jpeg_decoder *rf_jpeg_decoder_new(void);
void rf_jpeg_decoder_free(rf_jpeg_decoder *decoder);

// Reads up to the first scan. Allocates no more than the file's own tables need. `bytes` are borrowed until
// rf_jpeg_decode returns or the next rf_jpeg_read_header.
rf_jpeg_result rf_jpeg_read_header(rf_jpeg_decoder *decoder, const uint8_t *bytes, size_t count,
                                   int32_t *width, int32_t *height);

// The fewest bytes in which the picture whose header was read can be coded. Huffman codes are at least one bit long; a
// block of 8 x 8 samples takes a code for its DC and, unless progressive, one more for its end (ITU-T T.81, F.1.2, G.1.2).
// Arithmetic coding is held to the progressive bound.
size_t rf_jpeg_least_bytes(const rf_jpeg_decoder *decoder);

// Has the picture whose header was read decoded 1, 2, 4 or 8 times smaller, its sides rounded up: fewer coefficients are
// transformed, which costs less than making all pixels and averaging them.
void rf_jpeg_shrink(rf_jpeg_decoder *decoder, int32_t divisor);

// Decodes the picture whose header was read into R G B rows. Gray is spread, YCbCr, CMYK and YCCK are converted; CMYK is
// taken as Adobe writes it (inverted), as all common readers do. At most RF_JPEG_MOST_SCANS scans are followed.
rf_jpeg_result rf_jpeg_decode(rf_jpeg_decoder *decoder, uint8_t *pixels, size_t stride_bytes);

// How many bytes follow the end mark of the picture that was decoded last.
size_t rf_jpeg_rest_count(const rf_jpeg_decoder *decoder);

// Why the last call failed; "" where it did not.
const char *rf_jpeg_decoder_message(const rf_jpeg_decoder *decoder);

// A progressive file may repeat tiny scans for ever, each a pass over the whole picture. Real files have some 10.
// Source: libjpeg-turbo, "Two Issues with the JPEG Standard", which advises such a limit.
enum { RF_JPEG_MOST_SCANS = 100 };

typedef struct rf_jpeg_encoder rf_jpeg_encoder;

rf_jpeg_encoder *rf_jpeg_encoder_new(void);
void rf_jpeg_encoder_free(rf_jpeg_encoder *encoder);

// Encodes R G B rows as baseline JPEG, 4:2:0. `*bytes` point to `*count` bytes in the encoder's own memory, which is kept
// and used again by the next call; they may be changed in place. width, height: 1...65535; quality: 1...100. A comment of
// 1...65533 bytes becomes a COM segment behind JFIF's header, which has a fixed size.
rf_jpeg_result rf_jpeg_encode(rf_jpeg_encoder *encoder, const uint8_t *pixels, int32_t width, int32_t height,
                              size_t stride_bytes, int32_t quality, const uint8_t *comment, size_t comment_count,
                              uint8_t **bytes, size_t *count);
const char *rf_jpeg_encoder_message(const rf_jpeg_encoder *encoder);
#endif
