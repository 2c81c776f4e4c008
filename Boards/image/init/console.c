// Writes messages and the output of rf-cam to all consoles: the screen of a PC and its serial port.
#include "init.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 4 };
static int consoles[MOST];
static int count;

static void add(const char *name) {
  char path[64];
  snprintf(path, sizeof path, "/dev/%s", name);
  int file = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
  if (file >= 0 && count < MOST) consoles[count++] = file;
}

void console_open(void) {
  // Names separated by spaces, such as "tty0 ttyS0".
  char names[256];
  int file = open("/sys/class/tty/console/active", O_RDONLY | O_CLOEXEC);
  ssize_t length = file >= 0 ? read(file, names, sizeof names - 1) : -1;
  if (file >= 0) close(file);
  if (length > 0) {
    names[length] = '\0';
    char *rest = names;
    for (char *name; (name = strsep(&rest, " \n"));) {
      if (*name) add(name);
    }
  }
  if (count == 0) add("console");
}

void console_write(const char *bytes, size_t size) {
  for (int i = 0; i < count; i++) {
    for (size_t done = 0; done < size;) {
      ssize_t written = write(consoles[i], bytes + done, size - done);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) break; // a missing console does not affect the others
      done += (size_t)written;
    }
  }
}

void report(const char *format, ...) {
  char line[512];
  int length = snprintf(line, sizeof line, "init [%.1f s]: ", uptime());
  va_list arguments;
  va_start(arguments, format);
  length += vsnprintf(line + length, sizeof line - (size_t)length - 1, format, arguments);
  va_end(arguments);
  if (length > (int)sizeof line - 2) length = sizeof line - 2;
  line[length++] = '\n';
  console_write(line, (size_t)length);
}
