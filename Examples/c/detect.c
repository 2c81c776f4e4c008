/* Prints the faces of pictures, as rf-cam does: name, score, box, landmarks.
 *
 *     gcc detect.c -o detect $(pkg-config --cflags --libs retinaface)
 *     djpeg picture.jpg >picture.ppm; ./detect picture.ppm
 */
#include <retinaface.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Reads a PPM (P6, 8 bits). Returns its pixels, R G B without gaps, to be freed; null if it is no such file. */
static uint8_t *read_ppm(const char *path, int *width, int *height) {
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  int depth;
  uint8_t *pixels = NULL;
  if (fscanf(file, "P6 %d %d %d", width, height, &depth) == 3 && depth == 255 && fgetc(file) != EOF && *width > 0 && *height > 0 &&
      *width <= 100000000 / *height) {
    size_t size = (size_t)3 * *width * *height;
    pixels = malloc(size);
    if (pixels && fread(pixels, 1, size, file) != size) {
      free(pixels);
      pixels = NULL;
    }
  }
  fclose(file);
  return pixels;
}

static void print(const char *path, const retinaface_face *face) {
  printf("%s %.3f %.1f %.1f %.1f %.1f", path, face->score, face->x1, face->y1, face->x2, face->y2);
  for (int i = 0; i < 5; i++) printf(" %.1f %.1f", face->points[i].x, face->points[i].y);
  putchar('\n');
}

static int detect(retinaface_detector *detector, const char *path) {
  int width, height;
  uint8_t *pixels = read_ppm(path, &width, &height);
  if (!pixels) {
    fprintf(stderr, "detect: %s: cannot be read as a PPM of 8 bits\n", path);
    return 1;
  }
  retinaface_image image = {RETINAFACE_RGB, width, height, {pixels}, {3 * width}, 0};
  const retinaface_face *faces;
  int32_t count = retinaface_detect(detector, &image, &faces);
  for (int32_t i = 0; i < count; i++) print(path, &faces[i]);
  free(pixels);
  if (count < 0) fprintf(stderr, "detect: %s: %s\n", path, retinaface_status_text(count));
  return count < 0;
}

int main(int argc, char **argv) {
  char message[200] = "";
  retinaface_options options;
  retinaface_options_default(&options, sizeof options);
  options.message = message;
  options.message_size = sizeof message;
  retinaface_detector *detector;
  int32_t status = retinaface_detector_create(&options, &detector);
  if (status < 0) {
    fprintf(stderr, "detect: %s: %s\n", retinaface_status_text(status), message);
    return 2;
  }
  int failed = 0;
  for (int i = 1; i < argc; i++) failed |= detect(detector, argv[i]);
  retinaface_detector_destroy(detector);
  return failed;
}
