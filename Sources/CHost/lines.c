#define _GNU_SOURCE
#include "lines.h"
#include "CHost.h"
#include <stdbool.h>

typedef enum { NONE, TEXT, JSON, CSV, HASH } format;

// A piece of bytes.
typedef struct {
  const unsigned char *start;
  size_t count;
} piece;

static bool is_digit(unsigned char byte) { return byte >= '0' && byte <= '9'; }
static bool is_hexadecimal(unsigned char byte) { return is_digit(byte) || (byte >= 'a' && byte <= 'f'); }
static bool is_control(unsigned char byte) { return byte < 0x20 || byte == 0x7f; }

static bool has_control(piece text) {
  for (size_t i = 0; i < text.count; i++) {
    if (is_control(text.start[i])) return true;
  }
  return false;
}

static bool are_digits(piece text) {
  for (size_t i = 0; i < text.count; i++) {
    if (!is_digit(text.start[i])) return false;
  }
  return text.count > 0;
}

// A sign at most, digits, a point, digits; or null, as a number that is none is written.
static bool is_decimal(piece text) {
  if (text.count == 4 && !memcmp(text.start, "null", 4)) return true;
  if (text.count && *text.start == '-') text = (piece){text.start + 1, text.count - 1};
  const unsigned char *point = memchr(text.start, '.', text.count);
  if (!point) return false;
  size_t before = (size_t)(point - text.start);
  return are_digits((piece){text.start, before}) && are_digits((piece){point + 1, text.count - before - 1});
}

static bool starts_with(piece text, const char *beginning) {
  size_t count = strlen(beginning);
  return text.count >= count && !memcmp(text.start, beginning, count);
}

// Takes what follows the last separator off; false where there is none.
static bool take_last(piece *text, char separator, piece *word) {
  for (size_t i = text->count; i > 0; i--) {
    if (text->start[i - 1] != separator) continue;
    *word = (piece){text->start + i, text->count - i};
    text->count = i - 1;
    return true;
  }
  return false;
}

static bool take_last_word(piece *text, piece *word) { return take_last(text, ' ', word); }

// NAME SCORE, 4 + 10 coordinates, and of a stream id=N. The name may hold spaces.
static bool is_text_line(piece line) {
  enum { NUMBERS = 15 };
  piece rest = line, word;
  if (!take_last_word(&rest, &word)) return false;
  if (starts_with(word, "id=")) {
    if (!are_digits((piece){word.start + 3, word.count - 3})) return false;
  } else {
    rest = line;
  }
  for (int i = 0; i < NUMBERS; i++) {
    if (!take_last_word(&rest, &word) || !is_decimal(word)) return false;
  }
  return rest.count > 0;
}

static const char csv_header[] = "source,frame,timestamp_s,id,score,";

// The header, or NAME,FRAME,TIME,ID,SCORE and 4 + 10 coordinates. The name may hold commas; pictures have no id.
static bool is_csv_line(piece line) {
  enum { NUMBERS = 15 };
  if (starts_with(line, csv_header)) return true;
  piece rest = line, word;
  for (int i = 0; i < NUMBERS; i++) {
    if (!take_last(&rest, ',', &word) || !is_decimal(word)) return false;
  }
  if (!take_last(&rest, ',', &word) || (word.count && !are_digits(word))) return false;
  if (!take_last(&rest, ',', &word) || !is_decimal(word)) return false;
  return take_last(&rest, ',', &word) && are_digits(word) && rest.count > 0;
}

static const char json_beginning[] = "{\"source\":\"";

// The result of a frame ends in a list of faces, that of a failure in a string.
static bool is_json_line(piece line) {
  if (!starts_with(line, json_beginning) || line.count <= 12 || line.start[line.count - 1] != '}') return false;
  return line.start[line.count - 2] == ']' || line.start[line.count - 2] == '"';
}

enum { HASH_DIGITS = 16 };

// Returns true if the text is the start of a hash and a space.
static bool begins_as_hash(piece text) {
  for (size_t i = 0; i < text.count && i < HASH_DIGITS; i++) {
    if (!is_hexadecimal(text.start[i])) return false;
  }
  return text.count <= HASH_DIGITS || text.start[HASH_DIGITS] == ' ';
}

static bool is_hash_line(piece line) {
  piece rest = line, word;
  return begins_as_hash(line) && take_last_word(&rest, &word) && are_digits(word) && rest.count > HASH_DIGITS + 1;
}

static format format_of(piece line) {
  if (has_control(line)) return NONE;
  return is_json_line(line) ? JSON : is_hash_line(line) ? HASH : is_csv_line(line) ? CSV : is_text_line(line) ? TEXT : NONE;
}

static bool begins_as_json(piece text) {
  size_t count = sizeof json_beginning - 1;
  return !memcmp(text.start, json_beginning, text.count < count ? text.count : count);
}

// Zeros and other bytes that neither results nor notes hold: a file system reported bytes that it had not written.
static bool is_garbage(piece tail) {
  bool has_other = false;
  for (size_t i = 0; i < tail.count; i++) {
    if (tail.start[i] == '\t' || tail.start[i] == '\r') return false;
    has_other |= is_control(tail.start[i]);
  }
  return has_other;
}

static bool is_torn_line(piece tail, format before) {
  if (has_control(tail)) return is_garbage(tail);
  return before == TEXT || before == CSV || begins_as_json(tail) || begins_as_hash(tail);
}

// NAME SCORE and a space, which other text hardly contains: the score has three decimals.
static bool begins_as_text(piece tail) {
  for (size_t i = 1; i + 7 <= tail.count; i++) {
    const unsigned char *at = tail.start + i;
    if (at[0] == ' ' && (at[1] == '0' || at[1] == '1') && at[2] == '.' && are_digits((piece){at + 3, 3}) && at[6] == ' ') return true;
  }
  return false;
}

// A line that nothing stands before.
static bool is_torn_first_line(piece tail) {
  if (has_control(tail)) return false;
  return starts_with(tail, json_beginning) || starts_with(tail, csv_header) || (tail.count > HASH_DIGITS && begins_as_hash(tail)) ||
         begins_as_text(tail);
}

int64_t rf_lines_kept(const unsigned char *bytes, size_t count, int is_whole) {
  if (count == 0) return 0;
  const unsigned char *end = memrchr(bytes, '\n', count);
  if (!end) return !is_whole ? RF_LINES_UNKNOWN : is_torn_first_line((piece){bytes, count}) ? 0 : RF_LINES_FOREIGN;
  const unsigned char *before = end > bytes ? memrchr(bytes, '\n', (size_t)(end - bytes)) : NULL;
  if (!before && !is_whole) return RF_LINES_UNKNOWN;
  const unsigned char *line = before ? before + 1 : bytes;
  format found = format_of((piece){line, (size_t)(end - line)});
  size_t kept = (size_t)(end - bytes) + 1;
  if (found == NONE) return RF_LINES_FOREIGN;
  return kept == count || is_torn_line((piece){end + 1, count - kept}, found) ? (int64_t)kept : RF_LINES_FOREIGN;
}

// Returns how many bytes of the file to keep, from its last `count` bytes, or rf_lines_kept's refusals. *failure: an errno made
// negative where the bytes cannot be read.
static int64_t kept_of(int file, int64_t size, size_t count, int *failure) {
  unsigned char *bytes = malloc(count + 1);
  if (!bytes) {
    *failure = -ENOMEM;
    return RF_LINES_FOREIGN;
  }
  ssize_t got = pread(file, bytes, count, size - (off_t)count);
  if (got != (ssize_t)count) *failure = got < 0 ? -errno : -EIO;
  int64_t kept = *failure ? RF_LINES_FOREIGN : rf_lines_kept(bytes, count, size == (int64_t)count);
  free(bytes);
  return kept < 0 ? kept : size - (int64_t)count + kept;
}

int64_t rf_lines_repair(int file) {
  // A line of JSON has some 250 bytes per face.
  enum { FIRST = 1 << 16, MOST = 1 << 24 };
  struct stat status;
  if (fstat(file, &status)) return -errno;
  int64_t size = status.st_size, kept = RF_LINES_UNKNOWN;
  int failure = 0;
  for (int64_t count = FIRST; kept == RF_LINES_UNKNOWN && count <= MOST; count *= 16) {
    kept = kept_of(file, size, (size_t)(count < size ? count : size), &failure);
  }
  if (failure) return failure;
  if (kept < 0) return -EBADMSG;
  if (kept < size && (ftruncate(file, kept) || fsync(file))) return -errno;
  return size - kept;
}
