// Files, folders and streams. Everything answers 0 or more, or an errno made negative; calls that a signal interrupts are
// made again. (open and fcntl take variable arguments, dirent holds an array: Swift imports neither, so these replace them.)
#ifndef RF_FILES_H
#define RF_FILES_H
#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>

typedef enum : int32_t {
  RF_FILE_REGULAR,
  RF_FILE_FOLDER,
  RF_FILE_STREAM,  // fifo, socket or terminal
  RF_FILE_DEVICE,  // character device that is no terminal, such as a camera
  RF_FILE_OTHER,
} rf_file_kind;

typedef struct {
  rf_file_kind kind;
  int64_t byte_count; // of a regular file
  int is_link;        // the name itself is a symbolic link; the rest is of what it leads to
  uint64_t device, inode; // together the file's identity, whatever its names
} rf_file_info;

int rf_file_look(const char *path, rf_file_info *info);
int rf_file_look_open(int file, rf_file_info *info);

// A descriptor, closed on exec. Opening a fifo does not wait for its writer: rf_file_wait does.
int rf_file_open(const char *path);

// The same with open(2)'s flags. A socket that the process holds is duplicated, for its name cannot be opened.
int rf_file_open_as(const char *path, int flags);

// Bytes read, 0 at the end. -EINTR only where rf_stop_requested() ended a wait.
ssize_t rf_file_read(int file, void *bytes, size_t count);

// Waits for bytes or the end: 1 there are, 0 time is up. -EINTR as above.
int rf_file_wait(int file, int timeout_milliseconds);

// Writes a file whole or not at all: `path` holds what it held before or all bytes, and nothing else is left, whatever ends the
// process. `replaced` NULL: the file must be new (-EEXIST), even where another process makes it at the same moment. Else it
// replaces that very file, keeping its permissions, and fails with -EEXIST where `path` holds another by now.
// is_durable: returns only when the file and its name survive a power cut.
int rf_file_publish(const char *path, const void *bytes, size_t count, const rf_file_info *replaced, int is_durable);

// The same, replacing whatever file is there.
int rf_file_replace(const char *path, const void *bytes, size_t count);

// Synchronises the folder that holds `path`: a new file's name survives a power cut.
int rf_folder_synchronise(const char *path);

// The path without links, "." and "..", to be freed; NULL (errno) where it leads nowhere.
static inline char *rf_file_real_path(const char *path) { return realpath(path, NULL); }

// Makes the folder and those above it that are missing.
int rf_folder_make(const char *path);

// Names in a folder in no order, without "." and ".."; NULL at the end, with errno 0 unless reading failed. The name lives
// until the next call.
static inline const char *rf_folder_next(DIR *folder) {
  for (struct dirent *entry; errno = 0, (entry = readdir(folder));) {
    const char *name = entry->d_name;
    if (name[0] != '.' || (name[1] && (name[1] != '.' || name[2]))) return name;
  }
  return NULL;
}
#endif
