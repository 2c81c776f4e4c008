#include "outputs.h"
#include "CHost.h"
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <termios.h>

// Maps rates to speeds: the value of B115200 is not 115200.
static const struct {
  int baud;
  speed_t speed;
} rates[] = {
  {1200, B1200},       {2400, B2400},       {4800, B4800},       {9600, B9600},       {19200, B19200},     {38400, B38400},
  {57600, B57600},     {115200, B115200},   {230400, B230400},   {460800, B460800},   {500000, B500000},   {576000, B576000},
  {921600, B921600},   {1000000, B1000000}, {1152000, B1152000}, {1500000, B1500000}, {2000000, B2000000}, {2500000, B2500000},
  {3000000, B3000000}, {3500000, B3500000}, {4000000, B4000000},
};
enum { RATES = sizeof rates / sizeof *rates };

int rf_serial_rate(int index) { return index >= 0 && index < RATES ? rates[index].baud : 0; }

static speed_t speed_of(int baud) {
  for (int i = 0; i < RATES; i++) {
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

// Returns true if a new file at `path` would be made in the file system of devices, where it would take a port's name. If /dev
// is an ordinary folder, only files in that folder itself count.
static bool is_among_devices(const char *path) {
  struct stat folder, devices, root;
  const char *slash = strrchr(path, '/');
  char *name = slash == path ? strdup("/") : slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
  bool is_found = name && !stat(name, &folder) && !stat("/dev", &devices) && !stat("/", &root);
  free(name);
  if (!is_found || folder.st_dev != devices.st_dev) return false;
  return devices.st_dev != root.st_dev || folder.st_ino == devices.st_ino;
}

// Returns true for devices that take all bytes: null, zero and full. Source: Documentation/admin-guide/devices.txt, major 1.
static bool is_memory_sink(dev_t device) { return major(device) == 1 && (minor(device) == 3 || minor(device) == 5 || minor(device) == 7); }

// A device is opened only when its kind is known: opening some has effects.
static int open_device(const char *path, const struct stat *status, int baud, rf_results_info *info) {
  int file = rf_file_open_as(path, O_WRONLY | O_NOCTTY | O_NONBLOCK);
  if (file < 0) return file;
  info->kind = isatty(file) ? RF_RESULTS_PORT : RF_RESULTS_STREAM;
  int result = 0;
  if (info->kind == RF_RESULTS_PORT) result = baud ? set_up(file, baud) : 0;
  else if (baud) result = -ENOTTY;
  else if (!is_memory_sink(status->st_rdev)) result = -ENODEV;
  if (!result) return file;
  close(file);
  return result;
}

static int open_file(const char *path, rf_results_info *info) {
  info->kind = RF_RESULTS_FILE;
  int file = rf_file_open_as(path, O_RDWR | O_APPEND | O_NONBLOCK | (info->is_new ? O_CREAT : 0));
  if (file < 0) return file;
  struct stat status;
  int64_t result = fstat(file, &status) ? -errno : S_ISREG(status.st_mode) ? rf_lines_repair(file) : -EAGAIN;
  if (result >= 0) {
    info->cut = result;
    info->is_empty = status.st_size == result;
    return file;
  }
  close(file);
  return (int)result;
}

int rf_results_open(const char *path, int baud, rf_results_info *info) {
  struct stat status;
  *info = (rf_results_info){.kind = RF_RESULTS_FILE};
  if (stat(path, &status)) {
    int result = -errno;
    if (result != -ENOENT || baud || is_among_devices(path)) return result;
    info->is_new = 1;
    return open_file(path, info);
  }
  if (S_ISDIR(status.st_mode)) return -EISDIR;
  if (S_ISCHR(status.st_mode)) return open_device(path, &status, baud, info);
  if (baud) return -ENOTTY;
  if (S_ISREG(status.st_mode)) return open_file(path, info);
  if (!S_ISFIFO(status.st_mode) && !S_ISSOCK(status.st_mode)) return -ENODEV;
  info->kind = RF_RESULTS_STREAM;
  return rf_file_open_as(path, O_WRONLY | O_NONBLOCK);
}

int rf_datagram_open(const char *text, int port) {
  rf_socket_address address;
  socklen_t length = rf_socket_address_parse(text, port, &address);
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
