/* Runs detectors and trackers in several threads at once, each with threads of its own. All must find the same faces. */
#include <retinaface.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 96, FRAMES = 20, ROUNDS = 3, THREADS = 2 };

static uint8_t pixels[SIDE * SIDE * 3];
static retinaface_face expected[20];
static int32_t expected_count;

/* Padding may differ. */
static int differ(const retinaface_face *a, const retinaface_face *b) { return memcmp(a, b, 15 * sizeof(float)) || a->id != b->id; }

static int compare(retinaface_detector *detector, retinaface_tracker *tracker, int frame) {
  retinaface_image image = {RETINAFACE_BGR, SIDE, SIDE, {pixels}, {0}, 0};
  const retinaface_face *faces, *tracked;
  int32_t count = retinaface_detect(detector, &image, &faces);
  if (count != expected_count) return 1;
  for (int32_t i = 0; i < count; i++)
    if (differ(&faces[i], &expected[i])) return 1;
  if (retinaface_track(tracker, frame / 10.0, faces, count, &tracked) != count || tracked[0].id != 1) return 1;
  uint8_t aligned[RETINAFACE_ALIGNED_BYTES];
  return retinaface_align(&image, tracked[0].points, aligned) != RETINAFACE_OK;
}

static int create(retinaface_detector **detector, retinaface_tracker **tracker, int32_t threads) {
  retinaface_options options;
  retinaface_options_default(&options, sizeof options);
  options.width = options.height = SIDE;
  options.threshold = 0;
  options.max_faces = 20;
  options.threads = threads;
  return retinaface_detector_create(&options, detector) || retinaface_tracker_create(20, 0, tracker);
}

static void *run(void *argument) {
  int *failed = argument;
  for (int round = 0; round < ROUNDS && !*failed; round++) {
    retinaface_detector *detector = NULL;
    retinaface_tracker *tracker = NULL;
    *failed = create(&detector, &tracker, round + 1);
    for (int frame = 0; frame < FRAMES && !*failed; frame++) *failed = compare(detector, tracker, frame);
    retinaface_tracker_destroy(tracker);
    retinaface_detector_destroy(detector);
  }
  return NULL;
}

int main(void) {
  srand(1);
  for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)rand();
  retinaface_detector *detector;
  retinaface_tracker *tracker;
  if (create(&detector, &tracker, 1)) return 1;
  retinaface_image image = {RETINAFACE_BGR, SIDE, SIDE, {pixels}, {0}, 0};
  const retinaface_face *faces;
  expected_count = retinaface_detect(detector, &image, &faces);
  if (expected_count < 1) return 1;
  memcpy(expected, faces, sizeof *faces * (size_t)expected_count);
  retinaface_tracker_destroy(tracker);
  retinaface_detector_destroy(detector);

  pthread_t threads[THREADS];
  int failed[THREADS] = {0}, any = 0;
  for (int i = 0; i < THREADS; i++)
    if (pthread_create(&threads[i], NULL, run, &failed[i])) return 1;
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
    any |= failed[i];
  }
  printf("%d threads, %d faces: %s\n", THREADS, (int)expected_count, any ? "not the same faces" : "the same faces");
  return any;
}
