// Every wait is a poll of a tenth of a second, so that a stop and the watchdog are served; between polls no write can block:
// a pipe that poll calls ready takes PIPE_BUF bytes.
#include "CHost.h"
#include <limits.h>
#include <poll.h>
#include <stdbool.h>

enum { POLL_MILLISECONDS = 100 };

// Returns 0 once the descriptor accepts bytes or has failed; the next write reports the failure.
static int wait_until_writable(int file) {
  for (;;) {
    rf_service_alive();
    struct pollfd waited = {.fd = file, .events = POLLOUT};
    int ready = poll(&waited, 1, POLL_MILLISECONDS);
    if (ready > 0) return 0;
    if (ready < 0 && errno != EINTR) return -errno;
    if (rf_stop_is_due()) return -EINTR;
  }
}

// Takes back the bytes just written, if they are the file's last.
static void take_back(int file, size_t written) {
  struct stat status;
  off_t end = lseek(file, 0, SEEK_CUR), start = end - (off_t)written;
  if (start < 0 || fstat(file, &status) || status.st_size != end || ftruncate(file, start)) return;
  (void)lseek(file, start, SEEK_SET);
}

static int write_stream(int file, const char *bytes, size_t count) {
  while (count) {
    int result = wait_until_writable(file);
    if (result) return result;
    ssize_t done = write(file, bytes, count < PIPE_BUF ? count : PIPE_BUF);
    if (done > 0) {
      bytes += done;
      count -= (size_t)done;
    } else if (done == 0) {
      return -EIO;
    } else if (errno == EAGAIN || errno == EINTR) {
      // Another writer was faster, or poll and write disagree.
      if (rf_stop_is_due()) return -EINTR;
      nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    } else {
      return -errno;
    }
  }
  return 0;
}

static int write_regular(int file, const char *bytes, size_t count) {
  size_t done = 0;
  while (done < count) {
    ssize_t piece = write(file, bytes + done, count - done);
    if (piece < 0 && errno == EINTR) continue;
    if (piece <= 0) {
      int result = piece < 0 ? -errno : -ENOSPC;
      take_back(file, done);
      return result;
    }
    done += (size_t)piece;
  }
  return 0;
}

int rf_file_write_all(int file, const void *bytes, size_t count) {
  struct stat status;
  bool is_regular = !fstat(file, &status) && S_ISREG(status.st_mode);
  int result = is_regular ? write_regular(file, bytes, count) : write_stream(file, bytes, count);
  if (result) errno = -result;
  return result;
}
