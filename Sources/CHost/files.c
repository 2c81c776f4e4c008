// Files, folders and streams, each call made again where a signal that is none of ours interrupts it.
#include "CHost.h"
#include <poll.h>

static void classify(const struct stat *status, int is_terminal, rf_file_info *info) {
  mode_t mode = status->st_mode;
  info->byte_count = status->st_size;
  info->kind = S_ISREG(mode)                       ? RF_FILE_REGULAR
               : S_ISDIR(mode)                     ? RF_FILE_FOLDER
               : S_ISFIFO(mode) || S_ISSOCK(mode)  ? RF_FILE_STREAM
               : S_ISCHR(mode)                     ? (is_terminal ? RF_FILE_STREAM : RF_FILE_DEVICE)
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

int rf_file_open(const char *path) {
  int file;
  do file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  while (file < 0 && errno == EINTR && !rf_stop_requested());
  return file < 0 ? -errno : file;
}

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

int rf_file_write_all(int file, const void *bytes, size_t count) {
  const char *next = bytes;
  while (count) {
    ssize_t done = write(file, next, count);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return done < 0 ? -errno : -EIO;
    next += done;
    count -= (size_t)done;
  }
  return 0;
}

// Writes the whole of a new file, or removes what there is of it.
static int write_new(const char *path, const void *bytes, size_t count) {
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) return -errno;
  int result = rf_file_write_all(file, bytes, count);
  if (close(file) && !result) result = -errno;
  if (result) unlink(path);
  return result;
}

int rf_file_replace(const char *path, const void *bytes, size_t count) {
  // The process number keeps two programs that write one file apart.
  size_t room = strlen(path) + 32;
  char *beside = malloc(room);
  if (!beside) return -ENOMEM;
  snprintf(beside, room, "%s.%ld.part", path, (long)getpid());
  int result = write_new(beside, bytes, count);
  if (!result && rename(beside, path)) {
    result = -errno;
    unlink(beside);
  }
  free(beside);
  return result;
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
