// Loads an ordered list of modules, without probing devices: half a second instead of three, and no shell.
#include "init.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int load(const char *path) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno;
  int result = syscall(SYS_finit_module, file, "", 0) ? errno : 0;
  close(file);
  return result == EEXIST || result == ENODEV ? 0 : result;
}

void modules_load(void) {
  FILE *list = fopen("/modules.load", "re");
  if (!list) {
    report("/modules.load is missing: no modules; build the image again");
    return;
  }
  int loaded = 0, failed = 0;
  for (char line[256]; fgets(line, sizeof line, list);) {
    line[strcspn(line, "\n")] = '\0';
    int problem = *line ? load(line) : 0;
    if (problem) report("module %s: %s", line, strerror(problem));
    if (*line) *(problem ? &failed : &loaded) += 1;
  }
  fclose(list);
  report("%d modules, %d failed", loaded, failed);
}
