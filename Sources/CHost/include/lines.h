// Files of result lines: which are rf-cam's own, and what of them a power cut left torn.
#ifndef RF_LINES_H
#define RF_LINES_H
#include <stddef.h>
#include <stdint.h>

enum {
  RF_LINES_FOREIGN = -1, // not results, or not so that anything may be cut off
  RF_LINES_UNKNOWN = -2, // more of the file's end is needed
};

// Decides from the end of a file how many of these bytes to keep: all but a torn last line, or all. The last whole line must
// be a line of --format text, json, csv or hash, and what follows it the beginning of one, or zero bytes or other bytes that no
// text holds, as file systems leave them. A file that is one torn line must show enough of it: the beginning of a JSON
// object of results, a hash, or a name and a score.
// is_whole: the bytes are the whole file.
int64_t rf_lines_kept(const unsigned char *bytes, size_t count, int is_whole);

// Cuts a torn last line off a file opened for reading and writing: how many bytes that were, or an errno made negative;
// -EBADMSG: the file is not rf-cam's, and is left as it is.
int64_t rf_lines_repair(int file);
#endif
