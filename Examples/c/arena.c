/* Runs a detector and a tracker in memory that the program provides: for systems that plan their memory.
 *
 *     gcc arena.c -o arena $(pkg-config --cflags --libs retinaface)
 *     ffmpeg -i film.mp4 -vf scale=640:480 -f rawvideo -pix_fmt nv12 - | ./arena
 */
#include <retinaface.h>
#include <stdint.h>
#include <stdio.h>

enum { WIDTH = 640, HEIGHT = 480 };

/* Memory of the network: retinaface_arena_size reports how much it needs. */
static _Alignas(RETINAFACE_ARENA_ALIGNMENT) uint8_t arena[8 << 20];
static uint8_t frame[WIDTH * HEIGHT * 3 / 2];

/* Prints number, id, score and box of each face. */
static int32_t run(retinaface_detector *detector, retinaface_tracker *tracker) {
  retinaface_image image = {RETINAFACE_NV12, WIDTH, HEIGHT, {frame}, {WIDTH}, 0};
  for (int number = 0; fread(frame, sizeof frame, 1, stdin) == 1; number++) {
    const retinaface_face *faces;
    int32_t count = retinaface_detect(detector, &image, &faces);
    if (count >= 0) count = retinaface_track(tracker, number / 25.0, faces, count, &faces);
    if (count < 0) return count;
    for (int32_t i = 0; i < count; i++)
      printf("%d %lld %.3f %.1f %.1f %.1f %.1f\n", number, (long long)faces[i].id, faces[i].score, faces[i].x1, faces[i].y1, faces[i].x2,
             faces[i].y2);
  }
  return RETINAFACE_OK;
}

int main(void) {
  retinaface_options options;
  retinaface_options_default(&options, sizeof options);
  options.width = WIDTH;
  options.height = HEIGHT;
  size_t needed = 0;
  int32_t status = retinaface_arena_size(&options, &needed);
  fprintf(stderr, "arena: %zu of %zu bytes\n", needed, sizeof arena);
  options.arena = arena;
  options.arena_size = sizeof arena;

  retinaface_detector *detector = NULL;
  retinaface_tracker *tracker = NULL;
  if (status == RETINAFACE_OK) status = retinaface_detector_create(&options, &detector);
  if (status == RETINAFACE_OK) status = retinaface_tracker_create(options.max_faces, 1, &tracker);
  if (status == RETINAFACE_OK) status = run(detector, tracker);
  if (status < 0) fprintf(stderr, "arena: %s\n", retinaface_status_text(status));
  retinaface_tracker_destroy(tracker);
  retinaface_detector_destroy(detector);
  return status < 0;
}
