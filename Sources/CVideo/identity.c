// Identifies cameras independently of their numbers, and the programs that use them: from sysfs and procfs, so that no other
// camera has to be opened (and woken). Source: sysfs(5), proc(5); udev's by-path names derive from the port, its by-id names
// from the serial number.
#define _GNU_SOURCE
#include "CVideo.h"
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// Reads the first line of a small file, without its end; "" if it cannot be read.
static void read_line(const char *folder, const char *file, char *text, size_t room) {
  char path[PATH_MAX];
  text[0] = '\0';
  if (snprintf(path, sizeof path, "%s/%s", folder, file) >= (int)sizeof path) return;
  FILE *stream = fopen(path, "re");
  if (!stream) return;
  if (!fgets(text, (int)room, stream)) text[0] = '\0';
  text[strcspn(text, "\n")] = '\0';
  fclose(stream);
}

int rf_video_identify(const rf_video_system *system, const char *node, rf_video_identity *identity) {
  char folder[PATH_MAX], device[PATH_MAX], hardware[PATH_MAX], index[16];
  memset(identity, 0, sizeof *identity);
  snprintf(folder, sizeof folder, "%s/%s", system->classes, node);
  if (access(folder, F_OK)) return -errno;
  read_line(folder, "name", identity->name, sizeof identity->name);
  read_line(folder, "index", index, sizeof index);
  identity->index = atoi(index);
  if (snprintf(device, sizeof device, "%s/device", folder) >= (int)sizeof device || !realpath(device, hardware)) return 0;
  snprintf(identity->port, sizeof identity->port, "%s", hardware);
  // The folder of a USB interface lies in that of its device.
  char *end = strrchr(hardware, '/');
  if (end) *end = '\0';
  read_line(hardware, "serial", identity->serial, sizeof identity->serial);
  return 0;
}

static int is_same_kind(const rf_video_identity *a, const rf_video_identity *b) {
  return a->index == b->index && !strcmp(a->name, b->name);
}

int rf_identity_is_same_port(const rf_video_identity *a, const rf_video_identity *b) {
  return a->port[0] && !strcmp(a->port, b->port) && is_same_kind(a, b);
}

int rf_identity_is_same_unit(const rf_video_identity *a, const rf_video_identity *b) {
  return a->serial[0] && !strcmp(a->serial, b->serial) && is_same_kind(a, b);
}

// Returns 1 if a process has the device open; other users' files are visible to root only.
static int holds(const char *process, dev_t device) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "/proc/%s/fd", process);
  DIR *files = opendir(path);
  if (!files) return 0;
  int found = 0;
  for (struct dirent *entry; !found && (entry = readdir(files));) {
    struct stat status;
    if (entry->d_name[0] == '.' || fstatat(dirfd(files), entry->d_name, &status, 0)) continue;
    found = S_ISCHR(status.st_mode) && status.st_rdev == device;
  }
  closedir(files);
  return found;
}

void rf_video_holders(const char *path, char *text, size_t room) {
  struct stat status;
  DIR *processes = opendir("/proc");
  size_t used = 0;
  text[0] = '\0';
  for (struct dirent *entry; processes && !stat(path, &status) && (entry = readdir(processes));) {
    if (entry->d_name[0] < '0' || entry->d_name[0] > '9' || atoi(entry->d_name) == getpid()) continue;
    if (!holds(entry->d_name, status.st_rdev)) continue;
    char folder[PATH_MAX], name[64];
    snprintf(folder, sizeof folder, "/proc/%s", entry->d_name);
    read_line(folder, "comm", name, sizeof name);
    int more = snprintf(text + used, room - used, "%s%s (process %s)", used ? ", " : "", name, entry->d_name);
    if (more < 0 || (size_t)more >= room - used) {
      text[used] = '\0';
      break;
    }
    used += (size_t)more;
  }
  if (processes) closedir(processes);
}
