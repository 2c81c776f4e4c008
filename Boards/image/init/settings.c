// Reads rf-cam.conf by the rules of rf-cam (Sources/rf-cam/Options/ConfigFile.swift), so that both read the same values: a byte-order mark
// before the first line is ignored, carriage returns and tabs are white space, # at the beginning of a line or after white space
// begins a comment, a line may have any length, and the last of several lines with the same name is valid.
#include "init.h"
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { MOST_BYTES = 1 << 16 }; // rf-cam refuses longer files

typedef struct {
  const char *start, *end;
} text;

static bool is_space(char byte) { return byte == ' ' || byte == '\t' || byte == '\r'; }

static text trimmed(text t) {
  while (t.start < t.end && is_space(*t.start)) t.start++;
  while (t.start < t.end && is_space(t.end[-1])) t.end--;
  return t;
}

static text without_comment(text line) {
  for (const char *at = line.start; at < line.end; at++)
    if (*at == '#' && (at == line.start || is_space(at[-1]))) return (text){line.start, at};
  return line;
}

static size_t size(text t) { return (size_t)(t.end - t.start); }

// Returns true if the line assigns a value to `name`, and stores it in *value.
static bool gives(text line, const char *name, text *value) {
  line = trimmed(without_comment(line));
  const char *equals = memchr(line.start, '=', size(line));
  if (!equals || memchr(line.start, '\0', size(line))) return false;
  text own = trimmed((text){line.start, equals});
  if (size(own) != strlen(name) || memcmp(own.start, name, size(own)) != 0) return false;
  *value = trimmed((text){equals + 1, line.end});
  return true;
}

static bool find(text file, const char *name, text *value) {
  bool found = false;
  if (size(file) >= 3 && memcmp(file.start, "\xef\xbb\xbf", 3) == 0) file.start += 3;
  while (file.start < file.end) {
    const char *end = memchr(file.start, '\n', size(file));
    if (!end) end = file.end;
    found |= gives((text){file.start, end}, name, value);
    file.start = end + (end < file.end);
  }
  return found;
}

// Reads the file into `bytes`; -1 if it does not exist or is too long.
static ssize_t read_file(const char *path, char *bytes, size_t room) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  size_t count = 0;
  for (ssize_t taken = 1; taken > 0 && count < room; count += taken > 0 ? (size_t)taken : 0)
    taken = read(file, bytes + count, room - count);
  close(file);
  return count < room ? (ssize_t)count : -1;
}

bool setting_in(const char *path, const char *name, char *value, size_t room) {
  static char bytes[MOST_BYTES + 1];
  ssize_t count = read_file(path, bytes, sizeof bytes);
  text found;
  if (count <= 0 || !find((text){bytes, bytes + count}, name, &found)) return false;
  if (size(found) >= room) {
    report("%s: its value in rf-cam.conf is longer than %zu characters: not used", name, room - 1);
    return false;
  }
  memcpy(value, found.start, size(found));
  value[size(found)] = '\0';
  return true;
}

bool setting(const char *name, char *value, size_t room) { return setting_in(CONFIG, name, value, room); }
