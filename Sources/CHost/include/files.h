// Files, folders and streams. Everything answers 0 or more, or an errno made negative; calls that a signal interrupts are
// made again. (open and fcntl take variable arguments, dirent holds an array: Swift sees neither, so these stand in.)
#ifndef RF_FILES_H
#define RF_FILES_H
#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
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
} rf_file_info;

int rf_file_look(const char *path, rf_file_info *info);
int rf_file_look_open(int file, rf_file_info *info);

// A descriptor, closed on exec. Opening a fifo does not wait for its writer: rf_file_wait does.
int rf_file_open(const char *path);

// Bytes read, 0 at the end. -EINTR only where rf_stop_requested() ended a wait.
ssize_t rf_file_read(int file, void *bytes, size_t count);

// Waits for bytes or the end: 1 there are, 0 time is up. -EINTR as above.
int rf_file_wait(int file, int timeout_milliseconds);

int rf_file_write_all(int file, const void *bytes, size_t count);

// Writes beside `path` and renames: whoever opens `path` finds the old file or the whole new one, never a part.
int rf_file_replace(const char *path, const void *bytes, size_t count);

// Makes the folder and those above it that are missing.
int rf_folder_make(const char *path);

// Names in a folder in no order, without "." and ".."; NULL at the end. The name lives until the next call.
static inline const char *rf_folder_next(DIR *folder) {
  for (struct dirent *entry; (entry = readdir(folder));) {
    const char *name = entry->d_name;
    if (name[0] != '.' || (name[1] && (name[1] != '.' || name[2]))) return name;
  }
  return NULL;
}
#endif
