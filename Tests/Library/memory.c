/* Lets the allocator fail at each allocation of a creation in turn. Each creation must return RETINAFACE_NO_MEMORY and keep nothing;
 * the next one must work. Then counts allocations while calls run, and memory that remains at the end. */
#include <retinaface.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

static long taken, given, failing = -1;
static int isWatching;

/* The only functions by which the library takes and gives memory. */
int posix_memalign(void **memory, size_t alignment, size_t size) {
  if (isWatching && taken++ == failing) return ENOMEM;
  *memory = __libc_memalign(alignment, size);
  return *memory ? 0 : ENOMEM;
}

void free(void *memory) {
  if (isWatching && memory) given++;
  __libc_free(memory);
}

static int fail(const char *what, long number) {
  printf("memory: %s at allocation %ld (taken %ld, given %ld)\n", what, number, taken, given);
  return 1;
}

static uint8_t pixels[16 * 16 * 3];
static const retinaface_image image = {RETINAFACE_RGB, 16, 16, {pixels}, {0}, 0};
static char message[200];

typedef int32_t (*create)(const retinaface_options *options, void **created);

static int32_t create_detector(const retinaface_options *options, void **created) {
  return retinaface_detector_create(options, (retinaface_detector **)created);
}

static int32_t create_tracker(const retinaface_options *options, void **created) {
  return retinaface_tracker_create(options->max_faces, 1, (retinaface_tracker **)created);
}

static int32_t plan(const retinaface_options *options, void **created) {
  size_t size;
  *created = NULL;
  return retinaface_arena_size(options, &size);
}

/* Fails at allocation 0, `step`, 2 `step` and so on until a creation succeeds. Returns the number of allocations, or -1. */
static long fail_each(create create, void (*destroy)(void *), const retinaface_options *options, long step) {
  for (failing = 0;; failing += step) {
    void *created = (void *)1;
    taken = given = 0;
    message[0] = 0;
    isWatching = 1;
    int32_t status = create(options, &created);
    isWatching = 0;
    if (status == RETINAFACE_OK && taken <= failing) {
      isWatching = 1;
      destroy(created);
      isWatching = 0;
      return taken == given ? taken : -fail("memory remains", failing);
    }
    if (status != RETINAFACE_NO_MEMORY || created) return -fail("not refused", failing);
    if (create != create_tracker && strcmp(message, "memory is exhausted")) return -fail("no message", failing);
    if (taken != given + 1) return -fail("memory is kept", failing);
  }
}

static void destroy_detector(void *detector) { retinaface_detector_destroy(detector); }
static void destroy_tracker(void *tracker) { retinaface_tracker_destroy(tracker); }
static void destroy_nothing(void *nothing) { (void)nothing; }

/* Calls of detector and tracker take no memory. */
static int call(const retinaface_options *options, long frames) {
  retinaface_detector *detector;
  retinaface_tracker *tracker;
  if (retinaface_detector_create(options, &detector) || retinaface_tracker_create(100, 1, &tracker)) return fail("no creation", -1);
  taken = given = 0;
  isWatching = 1;
  long found = 0;
  for (long i = 0; i < frames; i++) {
    const retinaface_face *faces;
    int32_t count = retinaface_detect(detector, &image, &faces);
    if (count < 0 || retinaface_track(tracker, (double)i, faces, count, &faces) != count) return fail("a call fails", i);
    uint8_t aligned[RETINAFACE_ALIGNED_BYTES];
    if (count > 0 && i % 10000 == 0 && retinaface_align(&image, faces[0].points, aligned)) return fail("no aligned face", i);
    found += count;
  }
  isWatching = 0;
  if (taken || given) return fail("calls use the allocator", frames);
  retinaface_tracker_destroy(tracker);
  retinaface_detector_destroy(detector);
  return found ? 0 : fail("no face found", frames);
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  long step = atol(argv[1]), frames = atol(argv[2]);
  for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(i * i >> 3);
  retinaface_options options;
  retinaface_options_default(&options, sizeof options);
  options.width = options.height = 64;
  options.threshold = 0.001f;
  options.max_faces = 100;
  options.isa = getenv("ISA");
  options.message = message;
  options.message_size = sizeof message;
  for (options.threads = 1; options.threads <= 3; options.threads += 2) {
    long count = fail_each(create_detector, destroy_detector, &options, step);
    if (count < 0) return 1;
    printf("memory: detector, %d threads: %ld allocations\n", (int)options.threads, count);
  }
  options.threads = 1;
  options.width = options.height = 16;
  if (fail_each(plan, destroy_nothing, &options, step) < 0 || fail_each(create_tracker, destroy_tracker, &options, 1) < 0) return 1;
  failing = -1;
  return call(&options, frames);
}
