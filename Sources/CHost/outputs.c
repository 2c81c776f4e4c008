#include "outputs.h"
#include "CHost.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <termios.h>

// Where the whole lines of the file's last part end. `base` is where that part starts.
static int64_t end_of_lines(const unsigned char *bytes, size_t count, int64_t base) {
  int64_t end = base;
  for (size_t i = 0; i < count; i++) {
    if (bytes[i] == '\n') end = base + (int64_t)i + 1;
    else if (bytes[i] < 0x20 && bytes[i] != '\t') break;
  }
  return end;
}

// Cuts off what follows the last whole line; answers how much, or an errno made negative.
static int64_t cut_torn_line(int file, int64_t size) {
  enum { MOST = 1 << 18 };
  size_t count = size < MOST ? (size_t)size : MOST;
  unsigned char *bytes = malloc(count + 1);
  if (!bytes) return -ENOMEM;
  ssize_t got = pread(file, bytes, count, size - (off_t)count);
  int64_t end = got < 0 ? -errno : end_of_lines(bytes, (size_t)got, size - (int64_t)count);
  free(bytes);
  if (end < 0 || end == size) return end < 0 ? end : 0;
  if (ftruncate(file, end) || fsync(file)) return -errno;
  return size - end;
}

int rf_lines_open(const char *path, int64_t *cut) {
  *cut = 0;
  int file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file < 0) return -errno;
  struct stat status;
  int64_t result = fstat(file, &status) ? -errno : S_ISREG(status.st_mode) ? cut_torn_line(file, status.st_size) : 0;
  if (result >= 0) {
    *cut = result;
    return file;
  }
  close(file);
  return (int)result;
}

static speed_t speed_of(int baud) {
  static const struct {
    int baud;
    speed_t speed;
  } rates[] = {
      {9600, B9600},     {19200, B19200},   {38400, B38400},   {57600, B57600},     {115200, B115200},   {230400, B230400},
      {460800, B460800}, {921600, B921600}, {1000000, B1000000}, {1500000, B1500000}, {3000000, B3000000},
  };
  for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
    if (rates[i].baud == baud) return rates[i].speed;
  }
  return B0;
}

static int set_up(int file, int baud) {
  struct termios settings;
  if (tcgetattr(file, &settings)) return -errno;
  speed_t speed = speed_of(baud);
  if (speed == B0) return -EINVAL;
  cfmakeraw(&settings);
  settings.c_cflag |= CLOCAL;
  cfsetospeed(&settings, speed);
  cfsetispeed(&settings, speed);
  return tcsetattr(file, TCSANOW, &settings) ? -errno : 0;
}

int rf_serial_open(const char *path, int baud) {
  int file = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) return -errno;
  int result = isatty(file) ? (baud ? set_up(file, baud) : 0) : -ENOTTY;
  if (result == 0) return file;
  close(file);
  return result;
}

typedef union {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
} socket_address;

// The bytes of the address that count, 0 where the text is none.
static socklen_t parse(const char *text, int port, socket_address *address) {
  *address = (socket_address){0};
  if (inet_pton(AF_INET, text, &address->v4.sin_addr) == 1) {
    address->v4.sin_family = AF_INET;
    address->v4.sin_port = htons((uint16_t)port);
    return sizeof address->v4;
  }
  if (inet_pton(AF_INET6, text, &address->v6.sin6_addr) != 1) return 0;
  address->v6.sin6_family = AF_INET6;
  address->v6.sin6_port = htons((uint16_t)port);
  return sizeof address->v6;
}

int rf_datagram_is_address(const char *text) {
  socket_address address;
  return parse(text, 1, &address) > 0;
}

int rf_datagram_open(const char *text, int port) {
  socket_address address;
  socklen_t length = parse(text, port, &address);
  if (!length) return -EINVAL;
  int file = socket(address.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (file < 0) return -errno;
  if (connect(file, &address.any, length) == 0) return file;
  int result = -errno;
  close(file);
  return result;
}

ssize_t rf_output_write(int file, const void *bytes, size_t count) {
  ssize_t done;
  do done = write(file, bytes, count);
  while (done < 0 && errno == EINTR);
  return done < 0 ? -errno : done;
}
