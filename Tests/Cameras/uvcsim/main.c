// uvcsim: a USB camera made of files. The kernel's own USB stack and uvcvideo find it, so that /dev/videoN is a real one;
// killing the program pulls the plug.
//   uvcsim [-i] [-p PORT] [-t N] [-e N] [-s N] [-h N] WxH:NAME=FILE[:NAME=FILE]...
// NAME: MJPG, or an uncompressed format's name on USB (YUY2, NV12, BA81).
#define _GNU_SOURCE
#include "camera.h"
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char usage[] = "usage: uvcsim [options] WxH:NAME=FILE[:NAME=FILE]...\n"
                            "  -i    isochronous, as most cameras are; otherwise bulk\n"
                            "  -p N  port of the virtual host controller (0)\n"
                            "  -t N  every Nth picture is cut in half\n"
                            "  -e N  every Nth picture has the error bit\n"
                            "  -s N  every Nth picture lacks its end\n"
                            "  -h N  sends no more than N pictures until the stream is started again\n";

double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void give_up(const char *what, const char *name) {
  fprintf(stderr, "uvcsim: %s: %s\n%s", name, what, usage);
  exit(2);
}

static void load(const char *path, picture *to) {
  int file = open(path, O_RDONLY);
  struct stat status;
  if (file < 0 || fstat(file, &status)) give_up("cannot be opened", path);
  to->byte_count = (size_t)status.st_size;
  to->bytes = malloc(to->byte_count + 1);
  if (!to->bytes || read(file, to->bytes, to->byte_count) != status.st_size) give_up("cannot be read", path);
  close(file);
}

static video_format *format_named(camera *it, const char *name) {
  for (int i = 0; i < it->format_count; i++)
    if (!strcmp(it->formats[i].name, name)) return &it->formats[i];
  if (strlen(name) != 4 || it->format_count == MOST_FORMATS) give_up("is no name of a format, or one too many", name);
  video_format *format = &it->formats[it->format_count++];
  strcpy(format->name, name);
  return format;
}

static void add_size(camera *it, char *argument) {
  int width, height;
  if (sscanf(argument, "%dx%d:", &width, &height) != 2) give_up("is not WxH:NAME=FILE", argument);
  strtok(argument, ":");
  for (char *part; (part = strtok(NULL, ":"));) {
    char *path = strchr(part, '=');
    if (!path) give_up("is not NAME=FILE", part);
    *path++ = '\0';
    video_format *format = format_named(it, part);
    if (format->picture_count == MOST_SIZES) give_up("one size too many", path);
    picture *next = &format->pictures[format->picture_count++];
    next->width = width;
    next->height = height;
    load(path, next);
  }
}

static void read_options(camera *it, int count, char **words) {
  for (int option; (option = getopt(count, words, "ip:t:e:s:h:")) > 0;) {
    switch (option) {
    case 'i': it->is_isochronous = 1; break;
    case 'p': it->port = atoi(optarg); break;
    case 't': it->truncated = atoi(optarg); break;
    case 'e': it->flagged = atoi(optarg); break;
    case 's': it->shortened = atoi(optarg); break;
    case 'h': it->hang_after = atoi(optarg); break;
    default: give_up("no such option", "command line");
    }
  }
  for (int i = optind; i < count; i++) add_size(it, words[i]);
  if (!it->format_count) give_up("no pictures", "command line");
}

int main(int count, char **words) {
  static camera it;
  it.interval_seconds = 1.0 / 30;
  read_options(&it, count, words);
  attach(&it);
  for (;;) {
    double wait = seconds_to_wait(&it);
    struct pollfd host = {.fd = it.socket, .events = POLLIN};
    struct timespec time = {(time_t)wait, (long)((wait - (double)(time_t)wait) * 1e9)};
    ppoll(&host, 1, wait < 0 ? NULL : &time, NULL);
    if (host.revents && !serve(&it)) return 0;
    send_video(&it);
  }
}
