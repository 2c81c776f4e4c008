// Files, folders and streams, each call made again where a signal that is none of ours interrupts it.
#include "CHost.h"
#include <poll.h>

static void classify(const struct stat *status, int is_terminal, rf_file_info *info) {
  mode_t mode = status->st_mode;
  info->byte_count = status->st_size;
  info->device = status->st_dev;
  info->inode = status->st_ino;
  info->kind = S_ISREG(mode)                      ? RF_FILE_REGULAR
               : S_ISDIR(mode)                    ? RF_FILE_FOLDER
               : S_ISFIFO(mode) || S_ISSOCK(mode) ? RF_FILE_STREAM
               : S_ISCHR(mode)                    ? (is_terminal ? RF_FILE_STREAM : RF_FILE_DEVICE)
                                                  : RF_FILE_OTHER;
}

int rf_file_look(const char *path, rf_file_info *info) {
  struct stat status;
  if (lstat(path, &status)) return -errno;
  info->is_link = S_ISLNK(status.st_mode);
  if (info->is_link && stat(path, &status)) return -errno;
  classify(&status, 0, info);
  return 0;
}

int rf_file_look_open(int file, rf_file_info *info) {
  struct stat status;
  if (fstat(file, &status)) return -errno;
  info->is_link = 0;
  classify(&status, isatty(file), info);
  return 0;
}

// A socket cannot be opened by its name under /dev/fd or /proc, but a descriptor of the process leads to it.
static int duplicate(const char *path) {
  struct stat wanted, status;
  if (stat(path, &wanted)) return -errno;
  long most = sysconf(_SC_OPEN_MAX);
  for (int file = 0; file < most && file < 1024; file++) {
    if (fstat(file, &status) || status.st_dev != wanted.st_dev || status.st_ino != wanted.st_ino) continue;
    int copy = fcntl(file, F_DUPFD_CLOEXEC, 3);
    return copy < 0 ? -errno : copy;
  }
  return -ENXIO;
}

int rf_file_open_as(const char *path, int flags) {
  int file;
  do file = open(path, flags | O_CLOEXEC, 0666);
  while (file < 0 && errno == EINTR && !rf_stop_requested());
  if (file >= 0) return file;
  struct stat status;
  int result = -errno;
  return result == -ENXIO && !stat(path, &status) && S_ISSOCK(status.st_mode) ? duplicate(path) : result;
}

int rf_file_open(const char *path) { return rf_file_open_as(path, O_RDONLY | O_NONBLOCK); }

ssize_t rf_file_read(int file, void *bytes, size_t count) {
  ssize_t done;
  do done = read(file, bytes, count);
  while (done < 0 && errno == EINTR && !rf_stop_requested());
  return done < 0 ? -errno : done;
}

int rf_file_wait(int file, int timeout_milliseconds) {
  struct pollfd waited = {.fd = file, .events = POLLIN};
  int ready = poll(&waited, 1, timeout_milliseconds);
  if (ready >= 0) return ready;
  return errno == EINTR && !rf_stop_requested() ? 0 : -errno;
}

int rf_folder_make(const char *path) {
  if (!*path) return -ENOENT;
  char *part = strdup(path);
  if (!part) return -ENOMEM;
  int result = 0;
  for (char *end = part + 1; !result; end++) {
    if (*end && *end != '/') continue;
    char kept = *end;
    *end = '\0';
    if (mkdir(part, 0777) && errno != EEXIST) result = -errno;
    *end = kept;
    if (!kept) break;
  }
  free(part);
  struct stat status;
  if (!result && stat(path, &status)) result = -errno;
  return result ? result : S_ISDIR(status.st_mode) ? 0 : -ENOTDIR;
}
