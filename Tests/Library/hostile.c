/* A caller that does everything wrong: null pointers, wrong options, damaged models, wrong images and faces. Every call must return
 * its failure. Built with AddressSanitizer and UndefinedBehaviorSanitizer; images end at an inaccessible page. */
#define _GNU_SOURCE
#include <retinaface.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int failures, checks;

#define EXPECT(condition) expect(condition, #condition, __LINE__)

static void expect(int holds, const char *text, int line) {
  checks++;
  if (holds) return;
  failures++;
  fprintf(stderr, "hostile.c:%d: %s\n", line, text);
}

static char message[200];

static retinaface_options small_options(void) {
  retinaface_options options;
  EXPECT(retinaface_options_default(&options, sizeof options) == RETINAFACE_OK);
  options.width = options.height = 64;
  options.message = message;
  options.message_size = sizeof message;
  message[0] = 0;
  return options;
}

/* Expects the same failure of creation and planning, no detector, no size and a message. */
static void expect_refused(const retinaface_options *options, int32_t status, int line) {
  retinaface_detector *detector = (retinaface_detector *)1;
  expect(retinaface_detector_create(options, &detector) == status && !detector, "create must be refused", line);
  size_t room = options->message ? options->message_size : 0;
  expect(room < 2 || strlen(options->message) >= (room > 20 ? 20 : room - 1), "create must report why", line);
  size_t size = 1;
  if (status == RETINAFACE_BAD_ARENA) return;
  expect(retinaface_arena_size(options, &size) == status && size == 0, "arena_size must be refused", line);
}

/* Expects a refusal after one change of valid options. */
#define EXPECT_REFUSED(change, status) \
  do { \
    retinaface_options options = small_options(); \
    change; \
    expect_refused(&options, status, __LINE__); \
  } while (0)

static void null_pointers(retinaface_detector *detector, retinaface_tracker *tracker) {
  retinaface_options options = small_options();
  retinaface_detector *created;
  size_t size;
  EXPECT(retinaface_options_default(NULL, sizeof options) == RETINAFACE_NULL_POINTER);
  EXPECT(retinaface_detector_create(NULL, &created) == RETINAFACE_NULL_POINTER && !created);
  EXPECT(retinaface_detector_create(&options, NULL) == RETINAFACE_NULL_POINTER);
  EXPECT(retinaface_detector_create(NULL, NULL) == RETINAFACE_NULL_POINTER);
  EXPECT(retinaface_arena_size(NULL, &size) == RETINAFACE_NULL_POINTER && size == 0);
  EXPECT(retinaface_arena_size(&options, NULL) == RETINAFACE_NULL_POINTER);
  retinaface_detector_destroy(NULL);
  retinaface_tracker_destroy(NULL);
  EXPECT(retinaface_tracker_create(10, 0, NULL) == RETINAFACE_NULL_POINTER);

  uint8_t pixels[3] = {0};
  retinaface_image image = {RETINAFACE_RGB, 1, 1, {pixels}, {0}, 0};
  const retinaface_face *faces = (const retinaface_face *)1;
  EXPECT(retinaface_detect(NULL, &image, &faces) == RETINAFACE_NULL_POINTER && !faces);
  EXPECT(retinaface_detect(detector, NULL, &faces) == RETINAFACE_NULL_POINTER);
  EXPECT(retinaface_detect(detector, &image, NULL) == RETINAFACE_NULL_POINTER);
  EXPECT(retinaface_track(NULL, 0, NULL, 0, &faces) == RETINAFACE_NULL_POINTER);
  EXPECT(retinaface_track(tracker, 0, NULL, 1, &faces) == RETINAFACE_NULL_POINTER);
  EXPECT(retinaface_track(tracker, 0, NULL, 0, NULL) == RETINAFACE_NULL_POINTER);
  EXPECT(retinaface_track(tracker, 0, NULL, 0, &faces) == 0);

  retinaface_point points[5] = {{1, 1}, {2, 1}, {1, 2}, {1, 3}, {2, 3}};
  uint8_t aligned[RETINAFACE_ALIGNED_BYTES];
  EXPECT(retinaface_align(NULL, points, aligned) == RETINAFACE_NULL_POINTER);
  EXPECT(retinaface_align(&image, NULL, aligned) == RETINAFACE_NULL_POINTER);
  EXPECT(retinaface_align(&image, points, NULL) == RETINAFACE_NULL_POINTER);
}

static void texts(void) {
  for (int32_t status = -100; status < 100; status++) EXPECT(strlen(retinaface_status_text(status)) > 5);
  EXPECT(strlen(retinaface_status_text(INT_MIN)) > 5 && strlen(retinaface_status_text(INT_MAX)) > 5);
  EXPECT(strcmp(retinaface_version(), RETINAFACE_VERSION) == 0);
  char text[128];
  size_t length = retinaface_isa(text, sizeof text);
  EXPECT(length > 0 && length < sizeof text && strlen(text) == length);
  EXPECT(retinaface_isa(NULL, 0) == length && retinaface_isa(NULL, 100) == length);
  for (size_t size = 1; size <= length + 1; size++) {
    char *exact = malloc(size);
    EXPECT(retinaface_isa(exact, size) == length && strlen(exact) == size - 1 && strncmp(exact, text, size - 1) == 0);
    free(exact);
  }
}

static void options_structure(void) {
  struct {
    retinaface_options options;
    char later[64];
  } larger;
  for (size_t size = 0; size < sizeof larger.options; size++) EXPECT(retinaface_options_default(&larger.options, size) < 0);
  EXPECT(retinaface_options_default(&larger.options, SIZE_MAX) == RETINAFACE_BAD_OPTION);
  memset(&larger, 1, sizeof larger);
  EXPECT(retinaface_options_default(&larger.options, sizeof larger) == RETINAFACE_OK);
  larger.options.width = larger.options.height = 64;
  larger.options.message = message;
  larger.options.message_size = sizeof message;
  size_t needed;
  EXPECT(retinaface_arena_size(&larger.options, &needed) == RETINAFACE_OK && needed > 0);
  larger.later[63] = 1;
  expect_refused(&larger.options, RETINAFACE_BAD_OPTION, __LINE__);
  EXPECT_REFUSED(options.struct_size = 0; options.message = NULL, RETINAFACE_BAD_OPTION);
  EXPECT_REFUSED(options.struct_size--; options.message = NULL, RETINAFACE_BAD_OPTION);
  for (size_t size = 0; size < 60; size++) {
    char *exact = size ? malloc(size) : NULL;
    EXPECT_REFUSED(options.threads = 0; options.message = exact; options.message_size = size, RETINAFACE_BAD_OPTION);
    if (size) EXPECT(strlen(exact) < size);
    free(exact);
  }
}

static void option_values(void) {
  static const int sides[] = {INT_MIN, -1, 0, 100000001, INT_MAX};
  for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
    EXPECT_REFUSED(options.width = sides[i], RETINAFACE_BAD_OPTION);
    EXPECT_REFUSED(options.height = sides[i], RETINAFACE_BAD_OPTION);
    EXPECT_REFUSED(options.width = options.height = sides[i], RETINAFACE_BAD_OPTION);
  }
  static const float shares[] = {NAN, -NAN, INFINITY, -INFINITY, -0.01f, 1.01f, 1e30f};
  for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
    EXPECT_REFUSED(options.threshold = shares[i], RETINAFACE_BAD_OPTION);
    EXPECT_REFUSED(options.max_overlap = shares[i], RETINAFACE_BAD_OPTION);
  }
  static const int counts[] = {INT_MIN, -1, 0};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    EXPECT_REFUSED(options.max_faces = counts[i], RETINAFACE_BAD_OPTION);
    EXPECT_REFUSED(options.threads = counts[i], RETINAFACE_BAD_OPTION);
    retinaface_tracker *tracker = (retinaface_tracker *)1;
    EXPECT(retinaface_tracker_create(counts[i], 0, &tracker) == RETINAFACE_BAD_OPTION && !tracker);
  }
  retinaface_tracker *tracker;
  EXPECT(retinaface_tracker_create(1, 2, &tracker) == RETINAFACE_BAD_OPTION);
  EXPECT(retinaface_tracker_create(INT_MAX, 1, &tracker) == RETINAFACE_OK);
  retinaface_tracker_destroy(tracker);
  EXPECT_REFUSED(options.threads = 65, RETINAFACE_BAD_OPTION);
  EXPECT_REFUSED(options.threads = INT_MAX, RETINAFACE_BAD_OPTION);
  EXPECT_REFUSED(options.finds_large_faces = 2, RETINAFACE_BAD_OPTION);
  EXPECT_REFUSED(options.finds_large_faces = -1, RETINAFACE_BAD_OPTION);
  char *names = calloc(1 << 20, 1);
  memset(names, ',', (1 << 20) - 1);
  const char *isas[] = {"", ",", "avx3", "avx2,", "AVX2", "\xff\xfe", "reference,neon,avx2,avx512", names};
  for (size_t i = 0; i < sizeof isas / sizeof *isas; i++) EXPECT_REFUSED(options.isa = isas[i], RETINAFACE_BAD_OPTION);
  free(names);
}

static void arenas(void) {
  static _Alignas(64) uint8_t arena[4 << 20];
  retinaface_options options = small_options();
  size_t needed;
  EXPECT(retinaface_arena_size(&options, &needed) == RETINAFACE_OK && needed < sizeof arena);
  EXPECT_REFUSED(options.arena_size = 1, RETINAFACE_BAD_OPTION);
  EXPECT_REFUSED(options.arena = arena; options.arena_size = 0, RETINAFACE_BAD_ARENA);
  EXPECT_REFUSED(options.arena = arena; options.arena_size = needed - 1, RETINAFACE_BAD_ARENA);
  for (size_t shift = 1; shift < 64; shift += 9)
    EXPECT_REFUSED(options.arena = arena + shift; options.arena_size = needed, RETINAFACE_BAD_ARENA);
  options.arena = arena;
  options.arena_size = SIZE_MAX;
  retinaface_detector *detector;
  EXPECT(retinaface_detector_create(&options, &detector) == RETINAFACE_OK);
  retinaface_detector_destroy(detector);
}

/* Cut off at every length of the records and at some of the weights; one bit changed at many places; anything else. */
static void models(const uint8_t *model, size_t size) {
  uint8_t *copy = NULL;
  for (size_t count = 0; count < size; count += count < 20000 ? 97 : 20011) {
    copy = realloc(copy, count ? count : 1);
    memcpy(copy, model, count);
    EXPECT_REFUSED(options.model = copy; options.model_size = count, RETINAFACE_BAD_MODEL);
  }
  copy = realloc(copy, size);
  memcpy(copy, model, size);
  for (size_t place = 0; place < size; place += place < 128 ? 1 : 9973) {
    copy[place] ^= 1 << place % 8;
    EXPECT_REFUSED(options.model = copy; options.model_size = size, RETINAFACE_BAD_MODEL);
    copy[place] = model[place];
  }
  EXPECT_REFUSED(options.model = model; options.model_size = 0, RETINAFACE_BAD_MODEL);
  EXPECT_REFUSED(options.model_size = 1, RETINAFACE_BAD_OPTION);
  EXPECT_REFUSED(options.model = model; options.model_size = SIZE_MAX, RETINAFACE_BAD_MODEL);
  memset(copy, 255, size);
  EXPECT_REFUSED(options.model = copy; options.model_size = size, RETINAFACE_BAD_MODEL);
  free(copy);
}

/* Memory whose end is followed by an inaccessible page. */
typedef struct {
  uint8_t *start, *end;
  size_t size;
} guarded;

static guarded take_guarded(size_t size) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = (size + page - 1) / page * page;
  uint8_t *start = mmap(NULL, pages + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED || mprotect(start + pages, page, PROT_NONE)) abort();
  memset(start, 128, pages);
  return (guarded){start, start + pages, pages + page};
}

/* What a format needs, computed independently of the library. Chroma bytes are of one plane. */
typedef struct {
  size_t row, chroma_row, chroma_rows;
  int planes;
} needs;

static needs needs_of(int format, int width, int height) {
  size_t w = (size_t)width, half = (w + 1) / 2, rows = ((size_t)height + 1) / 2;
  switch (format) {
  case RETINAFACE_GRAY: return (needs){w, 0, 0, 1};
  case RETINAFACE_YUYV:
  case RETINAFACE_UYVY: return (needs){4 * half, 0, 0, 1};
  case RETINAFACE_NV12:
  case RETINAFACE_NV21: return (needs){w, 2 * half, rows, 2};
  case RETINAFACE_NV16: return (needs){w, 2 * half, (size_t)height, 2};
  case RETINAFACE_I420: return (needs){w, half, rows, 3};
  case RETINAFACE_RGBX:
  case RETINAFACE_BGRX: return (needs){4 * w, 0, 0, 1};
  default: return (needs){3 * w, 0, 0, 1};
  }
}

static void one_image(retinaface_detector *detector, int format, int width, int height, int gap, int separate) {
  needs n = needs_of(format, width, height);
  size_t stride = n.row + (size_t)gap, chroma_stride = n.chroma_row + (size_t)gap;
  size_t sizes[3] = {stride * ((size_t)height - 1) + n.row, 0, 0};
  retinaface_image image = {format, width, height, {NULL}, {gap ? (int32_t)stride : 0}, width & 1};
  guarded memory[3] = {{0}};
  if (separate) {
    for (int i = 1; i < n.planes; i++) {
      sizes[i] = chroma_stride * (n.chroma_rows - 1) + n.chroma_row;
      image.strides[i] = (int32_t)chroma_stride;
    }
    for (int i = 0; i < n.planes; i++) {
      memory[i] = take_guarded(sizes[i]);
      image.planes[i] = memory[i].end - sizes[i];
    }
  } else {
    sizes[0] = n.row * (size_t)height + n.chroma_row * n.chroma_rows * (size_t)(n.planes - 1);
    memory[0] = take_guarded(sizes[0]);
    image.planes[0] = memory[0].end - sizes[0];
  }
  const retinaface_face *faces = NULL;
  int32_t count = retinaface_detect(detector, &image, &faces);
  if (count < 0) fprintf(stderr, "format %d, %d x %d, gap %d: %s\n", format, width, height, gap, retinaface_status_text(count));
  EXPECT(count >= 0 && faces);
  retinaface_point points[5] = {
    {0, 0}, {(float)width, 0}, {(float)width / 2, (float)height / 2}, {0, (float)height}, {(float)width, (float)height}};
  uint8_t aligned[RETINAFACE_ALIGNED_BYTES];
  EXPECT(retinaface_align(&image, points, aligned) == RETINAFACE_OK);
  for (int i = 0; i < 3; i++)
    if (memory[i].start) munmap(memory[i].start, memory[i].size);
}

/* Images of all formats whose last byte is the last of its page, with and without gaps between rows. */
static void exact_images(retinaface_detector *detector, int formats) {
  for (int format = 0; format < formats; format++)
    for (int size = 0; size < 24; size++) {
      int width = size < 16 ? 1 + size % 4 : 40 + 3 * size, height = size < 16 ? 1 + size / 4 : 60 + size;
      one_image(detector, format, width, height, 0, 0);
      one_image(detector, format, width, height, 0, 1);
      one_image(detector, format, width, height, 5, 1);
      // Not resized: another path.
      if (size == 0) one_image(detector, format, 64, 64, 0, 1);
      if (size == 0) one_image(detector, format, 63, 64, 3, 1);
    }
}

static void expect_bad_image(retinaface_detector *detector, retinaface_image image, int32_t status, int line) {
  const retinaface_face *faces = (const retinaface_face *)1;
  expect(retinaface_detect(detector, &image, &faces) == status && !faces, "detect must refuse the image", line);
  retinaface_point points[5] = {{1, 1}, {2, 1}, {1, 2}, {1, 3}, {2, 3}};
  uint8_t aligned[RETINAFACE_ALIGNED_BYTES];
  expect(retinaface_align(&image, points, aligned) == status, "align must refuse the image", line);
}

#define EXPECT_BAD_IMAGE(change, status) \
  do { \
    retinaface_image image = {RETINAFACE_RGB, 8, 8, {pixels, pixels, pixels}, {0}, 0}; \
    change; \
    expect_bad_image(detector, image, status, __LINE__); \
  } while (0)

static void images(retinaface_detector *detector) {
  static uint8_t pixels[8 * 8 * 4];
  static const int sides[] = {INT_MIN, -8, -1, 0};
  for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
    EXPECT_BAD_IMAGE(image.width = sides[i], RETINAFACE_BAD_SIZE);
    EXPECT_BAD_IMAGE(image.height = sides[i], RETINAFACE_BAD_SIZE);
  }
  EXPECT_BAD_IMAGE(image.width = 10001; image.height = 10000, RETINAFACE_BAD_SIZE);
  EXPECT_BAD_IMAGE(image.width = INT_MAX, RETINAFACE_BAD_SIZE);
  EXPECT_BAD_IMAGE(image.width = image.height = INT_MAX, RETINAFACE_BAD_SIZE);
  static const int formats[] = {INT_MIN, -1, 11, 255, INT_MAX};
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) EXPECT_BAD_IMAGE(image.format = formats[i], RETINAFACE_BAD_FORMAT);
  static const int strides[] = {INT_MIN, -24, -1, 1, 23, 1 << 30, INT_MAX};
  for (size_t i = 0; i < sizeof strides / sizeof *strides; i++) {
    EXPECT_BAD_IMAGE(image.strides[0] = strides[i], RETINAFACE_BAD_STRIDE);
    if (strides[i] != 23) EXPECT_BAD_IMAGE(image.format = RETINAFACE_NV12; image.strides[1] = strides[i], RETINAFACE_BAD_STRIDE);
    if (strides[i] != 23) EXPECT_BAD_IMAGE(image.format = RETINAFACE_I420; image.strides[2] = strides[i], RETINAFACE_BAD_STRIDE);
  }
  EXPECT_BAD_IMAGE(image.planes[0] = NULL, RETINAFACE_NULL_POINTER);
  EXPECT_BAD_IMAGE(image.format = RETINAFACE_I420; image.planes[0] = NULL, RETINAFACE_NULL_POINTER);
}

static void faces_and_points(retinaface_tracker *tracker) {
  static uint8_t pixels[3 * 8 * 8];
  static const float wrong[] = {NAN, INFINITY, -INFINITY, 1.1e9f, -1.1e9f};
  retinaface_image image = {RETINAFACE_RGB, 8, 8, {pixels}, {0}, 0};
  uint8_t aligned[RETINAFACE_ALIGNED_BYTES];
  const retinaface_face *tracked;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    for (int place = 0; place < 14; place++) {
      retinaface_face face = {0.5f, 1, 1, 5, 5, {{2, 2}, {4, 2}, {3, 3}, {2, 4}, {4, 4}}, INT64_MIN};
      (place < 4 ? &face.x1 : &face.points[0].x - 4)[place] = wrong[i];
      EXPECT(retinaface_track(tracker, 0, &face, 1, &tracked) == RETINAFACE_BAD_FACE && !tracked);
      if (place >= 4) EXPECT(retinaface_align(&image, face.points, aligned) == RETINAFACE_BAD_FACE);
    }
  retinaface_point same[5] = {{0, 0}};
  EXPECT(retinaface_align(&image, same, aligned) == RETINAFACE_BAD_FACE);
  retinaface_face many[9] = {{0}};
  EXPECT(retinaface_track(tracker, 0, many, 9, &tracked) == RETINAFACE_BAD_FACE);
  EXPECT(retinaface_track(tracker, 0, many, INT_MAX, &tracked) == RETINAFACE_BAD_FACE);
  EXPECT(retinaface_track(tracker, 0, many, -1, &tracked) == RETINAFACE_BAD_FACE);
  EXPECT(retinaface_track(tracker, 0, many, INT_MIN, &tracked) == RETINAFACE_BAD_FACE);
  static const double times[] = {0, 1, NAN, INFINITY, -INFINITY, 1e300, -1e300, 0, 5e-324};
  for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
    retinaface_face extreme[8] = {{.score = 1, .x1 = -1e9f, .y1 = -1e9f, .x2 = 1e9f, .y2 = 1e9f}, {.x1 = 5, .x2 = 1}, {.score = INFINITY}};
    EXPECT(retinaface_track(tracker, times[i], extreme, 8, &tracked) == 8 && tracked[0].id > 0);
    // The result as the next argument.
    EXPECT(retinaface_track(tracker, times[i], tracked, 8, &tracked) == 8);
  }
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  FILE *file = fopen(argv[1], "rb");
  static uint8_t model[8 << 20];
  size_t size = file ? fread(model, 1, sizeof model, file) : 0;
  if (!size) return 2;
  fclose(file);
  retinaface_options options = small_options();
  options.threshold = 0;
  retinaface_detector *detector;
  retinaface_tracker *tracker;
  EXPECT(retinaface_detector_create(&options, &detector) == RETINAFACE_OK);
  EXPECT(retinaface_tracker_create(8, 1, &tracker) == RETINAFACE_OK);
  null_pointers(detector, tracker);
  texts();
  options_structure();
  option_values();
  arenas();
  models(model, size);
  images(detector);
  exact_images(detector, atoi(argv[2]));
  faces_and_points(tracker);
  retinaface_tracker_destroy(tracker);
  retinaface_detector_destroy(detector);
  printf("%d checks, %d failures\n", checks, failures);
  return failures > 0;
}
