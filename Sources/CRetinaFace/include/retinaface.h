/* Detects faces in pictures on the processor: RetinaFace (arXiv 1905.00641). For C99 and C++.
 *
 *   retinaface_options options;
 *   retinaface_options_default(&options, sizeof options);
 *   retinaface_detector *detector;
 *   int32_t status = retinaface_detector_create(&options, &detector);
 *   if (status < 0) fail(retinaface_status_text(status));
 *   retinaface_image image = {RETINAFACE_RGB, width, height, {pixels}, {3 * width}, 0};
 *   const retinaface_face *faces;
 *   int32_t count = retinaface_detect(detector, &image, &faces);
 *   retinaface_detector_destroy(detector);
 *
 * Threads: a detector or tracker serves one thread at a time; several of them can run in several threads. There is no global state.
 * Memory: a detector or tracker allocates when it is created, and never afterwards.
 * Errors: functions return a negative status. No argument ends the program, except a pointer that is neither null nor valid. */
#ifndef RETINAFACE_H
#define RETINAFACE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header; retinaface_version returns that of the library. */
#define RETINAFACE_VERSION "0.1.0"

/* Status of a call: 0 or more is success. */
enum {
  RETINAFACE_OK = 0,
  RETINAFACE_NULL_POINTER = -1, /* a required pointer is null */
  RETINAFACE_BAD_OPTION = -2,   /* an option is out of range, or struct_size is wrong; options.message has the details */
  RETINAFACE_BAD_MODEL = -3,    /* the model is damaged or of another version; options.message has the details */
  RETINAFACE_BAD_ARENA = -4,    /* the arena is too small or not aligned to RETINAFACE_ARENA_ALIGNMENT bytes */
  RETINAFACE_BAD_FORMAT = -5,   /* the image's format is not a retinaface_format */
  RETINAFACE_BAD_SIZE = -6,     /* the image's width or height is less than 1, or it has more than 100 megapixels */
  RETINAFACE_BAD_STRIDE = -7,   /* a stride is less than a row of its plane, or 2^30 bytes or more */
  RETINAFACE_BAD_FACE = -8,     /* all landmarks coincide, a coordinate is not within -1e9 to 1e9, or there are too many faces */
  RETINAFACE_NO_MEMORY = -9,    /* memory is exhausted */
  RETINAFACE_NO_THREADS = -10   /* the system does not start another thread */
};

/* Returns a description of a status, one line without a full stop: a constant. */
const char *retinaface_status_text(int32_t status);

/* Returns the version of the library, such as "0.1.0": a constant. */
const char *retinaface_version(void);

/* Writes the instruction sets of this processor, comma-separated, such as "avx2,avx512": values for options.isa.
 * Writes at most `size` bytes including the terminating zero. Returns the length of the whole text, as snprintf does.
 * `text` may be null if `size` is 0. 128 bytes suffice. */
size_t retinaface_isa(char *text, size_t size);

/* ---- Detector ---- */

typedef struct retinaface_detector retinaface_detector;

/* Required alignment of a caller's arena, bytes. */
#define RETINAFACE_ARENA_ALIGNMENT 64

/* Settings of a detector. Call retinaface_options_default first: later versions add members at the end. */
typedef struct {
  uint32_t struct_size;      /* sizeof(retinaface_options) of the caller */
  int32_t width, height;     /* size of the network's input, pixels; default 640 x 480. Images are scaled to fit, proportions kept */
  float threshold;           /* minimum score of a face, 0 to 1; default 0.5 */
  float max_overlap;         /* intersection over union above which the weaker of two faces is dropped, 0 to 1; default 0.4 */
  int32_t max_faces;         /* maximum number of faces per image, strongest first, 1 or more; default 1000 */
  int32_t threads;           /* 1 to 64 including the caller's; default 1 */
  int32_t finds_large_faces; /* 1: also faces that are larger than the anchors, for at most 12 % more time; 0: not; default 1 */
  const char *isa;           /* instruction sets to use, comma-separated, or "reference"; null: all of this processor */
  const void *model;         /* a model file in memory, borrowed until the detector is destroyed; null: the embedded model */
  size_t model_size;         /* bytes of the model; 0 if `model` is null */
  void *arena;               /* memory for the network, borrowed likewise; null: allocated */
  size_t arena_size;         /* bytes of the arena, at least those of retinaface_arena_size; 0 if `arena` is null */
  char *message;             /* receives the reason of a failure, one line, cut off if too long; null: none */
  size_t message_size;       /* bytes of `message` including the terminating zero */
} retinaface_options;

/* Layout of pixels, 8 bits per sample. Chroma sizes are rounded up. */
typedef enum {
  RETINAFACE_RGB = 0,  /* R G B */
  RETINAFACE_BGR = 1,  /* B G R, as OpenCV's Mat */
  RETINAFACE_GRAY = 2, /* one byte per pixel */
  RETINAFACE_YUYV = 3, /* Y0 Cb Y1 Cr for two pixels */
  RETINAFACE_UYVY = 4, /* Cb Y0 Cr Y1 for two pixels */
  RETINAFACE_NV12 = 5, /* a plane of Y; a plane of Cb Cr pairs at half width and height */
  RETINAFACE_I420 = 6, /* planes of Y, Cb and Cr; chroma at half width and height */
  RETINAFACE_RGBX = 7, /* R G B and an unused byte, such as alpha */
  RETINAFACE_BGRX = 8, /* B G R and an unused byte */
  RETINAFACE_NV21 = 9, /* as NV12, with Cr Cb pairs */
  RETINAFACE_NV16 = 10 /* as NV12, chroma at full height */
} retinaface_format;

/* An image in the caller's memory. Functions read it during the call only.
 * A plane has stride * (rows - 1) bytes and one more row. */
typedef struct {
  int32_t format;           /* a retinaface_format */
  int32_t width, height;    /* pixels, 1 or more; together at most 100 megapixels */
  const uint8_t *planes[3]; /* the first row of each plane of the format; planes[1], planes[2] null: directly after the one before */
  int32_t strides[3];       /* bytes between rows; strides[0] 0: no gaps; strides[1], strides[2] 0: derived from strides[0] */
  int32_t is_full_range;    /* Y'CbCr formats: 0: Y is 16 to 235, as of most cameras; 1: 0 to 255, as of JPEG; others: ignored */
} retinaface_image;

/* A position in an image, pixels; (0, 0) is the corner of the top left pixel. */
typedef struct {
  float x, y;
} retinaface_point;

/* A face in an image. */
typedef struct {
  float score;                /* 0 to 1 */
  float x1, y1, x2, y2;       /* left, top, right and bottom edge, pixels; they can lie outside the image */
  retinaface_point points[5]; /* left eye, right eye, nose, left and right corner of the mouth, as seen in the image */
  int64_t id;                 /* 0; after retinaface_track 1 or more: the same in all images of a stream that show the face */
} retinaface_face;

/* Writes the default settings. `size` is sizeof(retinaface_options) of the caller.
 * Returns RETINAFACE_OK, RETINAFACE_NULL_POINTER or RETINAFACE_BAD_OPTION (`size` is less than that of version 0.1). */
int32_t retinaface_options_default(retinaface_options *options, size_t size);

/* Writes to `size` the bytes of the arena that a detector with these options needs: 3.6 MB for the embedded model at 640 x 480 and
 * one thread. The detector allocates some hundred kB more for itself.
 * Returns RETINAFACE_OK or why no detector can be created. */
int32_t retinaface_arena_size(const retinaface_options *options, size_t *size);

/* Creates a detector and writes it to `detector`; null if that fails. Checks the model completely.
 * Returns RETINAFACE_OK or the failure, and writes the details to options->message. */
int32_t retinaface_detector_create(const retinaface_options *options, retinaface_detector **detector);

/* Frees the detector and ends its threads. Null is allowed. */
void retinaface_detector_destroy(retinaface_detector *detector);

/* Detects the faces of an image.
 * Writes to `faces` an array of the faces, strongest first: memory of the detector, valid until its next call.
 * Returns the number of faces, or a failure; `faces` is null then. */
int32_t retinaface_detect(retinaface_detector *detector, const retinaface_image *image, const retinaface_face **faces);

/* ---- Tracker: the same id for the same face in all images of a stream ---- */

typedef struct retinaface_tracker retinaface_tracker;

/* Creates a tracker for one stream and writes it to `tracker`; null if that fails.
 * `max_faces`: maximum number of faces per image, 1 or more, as in the options of the detector; above 5000 it counts as 5000.
 * `is_smooth`: 1: smooths boxes and landmarks; those of a moving face lag by at most a 25th of its size. 0: leaves them unchanged.
 * Returns RETINAFACE_OK, RETINAFACE_NULL_POINTER, RETINAFACE_BAD_OPTION or RETINAFACE_NO_MEMORY. */
int32_t retinaface_tracker_create(int32_t max_faces, int32_t is_smooth, retinaface_tracker **tracker);

/* Frees the tracker. Null is allowed. */
void retinaface_tracker_destroy(retinaface_tracker *tracker);

/* Assigns ids to the faces of the next image of the stream. Their ids before are ignored.
 * `seconds`: time of the image on the stream's clock; gaps, jumps and NaN are allowed.
 * `faces`: `count` faces, as of retinaface_detect; may be null if `count` is 0.
 * Writes to `tracked` the faces with ids in the same order: memory of the tracker, valid until its next call.
 * Returns `count`, or a failure; `tracked` is null then, and the stream continues as if there was no call. */
int32_t retinaface_track(retinaface_tracker *tracker, double seconds, const retinaface_face *faces, int32_t count,
                         const retinaface_face **tracked);

/* ---- Aligned faces for recognition networks ---- */

/* Width and height of an aligned face, pixels. */
#define RETINAFACE_ALIGNED_SIDE 112
/* Bytes of an aligned face: R G B, no gaps. */
#define RETINAFACE_ALIGNED_BYTES (3 * RETINAFACE_ALIGNED_SIDE * RETINAFACE_ALIGNED_SIDE)

/* Writes a face rotated and scaled so that its landmarks match the template of ArcFace (arXiv 1801.07698); black outside the image.
 * `points`: 5 landmarks, as of retinaface_face. `rgb`: room for RETINAFACE_ALIGNED_BYTES bytes.
 * Returns RETINAFACE_OK, or a failure; `rgb` is unchanged then. */
int32_t retinaface_align(const retinaface_image *image, const retinaface_point *points, uint8_t *rgb);

#ifdef __cplusplus
}
#endif
#endif
