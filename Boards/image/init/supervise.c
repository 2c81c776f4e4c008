// Restarts rf-cam when it ends or hangs, after growing pauses of up to half a minute: the console is not flooded, every restart is
// reported, and the device never gives up.
#define _GNU_SOURCE // pipe2
#include "init.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LONGEST_WAIT = 30, GOOD_RUN = 60 }; // seconds

static int signs = -1, devices = -1; // sockets: what rf-cam and the kernel send

// Opens the socket for reports that rf-cam is alive: any datagram counts (sd_notify(3)).
static void open_signs(void) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  size_t count = strlen(NOTIFY_SOCKET);
  memcpy(name.sun_path + 1, &NOTIFY_SOCKET[1], count - 1); // the first byte, 0, replaces the @
  signs = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (signs < 0 || bind(signs, (struct sockaddr *)&name, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + count))) {
    report("rf-cam cannot be supervised, a hang remains: %s", strerror(errno));
    if (signs >= 0) close(signs);
    signs = -1;
  }
}

static bool has_sign(void) {
  char message[256];
  bool has = false;
  while (recv(signs, message, sizeof message, 0) >= 0) has = true;
  return has;
}

// Ends a hanging program. If the kernel cannot end it, only a restart frees its driver.
static void end_silent(pid_t child, int tries) {
  if (tries > 1) {
    report("rf-cam cannot be killed: a driver hangs; the machine restarts");
    reboot(RB_AUTOBOOT);
  }
  report("rf-cam has not reported for %d s: it is killed", SILENT_SECONDS);
  kill(child, SIGKILL);
}

// Copies the program's output to the consoles until it closes the pipe; meanwhile supervises it and gives it new devices.
static void watch(pid_t child, int pipe) {
  double last_sign = uptime();
  char bytes[4096];
  for (int tries = 0;;) {
    struct pollfd waited[] = {{.fd = pipe, .events = POLLIN}, {.fd = signs, .events = POLLIN}, {.fd = devices, .events = POLLIN}};
    poll(waited, 3, 1000);
    watchdog_feed();
    if (waited[2].revents) devices_changed(devices);
    if (signs < 0 || (waited[1].revents && has_sign())) last_sign = uptime();
    if (uptime() - last_sign > SILENT_SECONDS) {
      end_silent(child, ++tries);
      last_sign = uptime();
    }
    if (!waited[0].revents) continue;
    ssize_t count = read(pipe, bytes, sizeof bytes);
    if (count > 0) console_write(bytes, (size_t)count);
    else if (count == 0 || errno != EINTR) return;
  }
}

// Returns the status of the process; the status of other processes is discarded.
static int wait_for(pid_t child) {
  int status = 0;
  for (;;) {
    pid_t ended = wait(&status);
    if (ended == child) return status;
    if (ended < 0 && errno != EINTR) return 0;
  }
}

static void tell_end(int status, int seconds) {
  if (WIFSIGNALED(status)) {
    report("rf-cam was ended by signal %d (%s); again in %d s", WTERMSIG(status), strsignal(WTERMSIG(status)), seconds);
  } else if (WEXITSTATUS(status) == 2) {
    report("rf-cam.conf has an error (see the lines above): correct it on any computer; again in %d s", seconds);
  } else if (WEXITSTATUS(status) == 0) {
    report("rf-cam has come to the end of its source; again in %d s", seconds);
  } else {
    report("rf-cam ended with status %d (see the lines above); again in %d s", WEXITSTATUS(status), seconds);
  }
}

// Returns how the run ended; stores its duration in *seconds.
static int run(double *seconds) {
  double start = uptime();
  int ends[2];
  if (pipe2(ends, O_CLOEXEC)) return 0;
  pid_t child = program_start(ends[1]);
  close(ends[1]);
  if (child < 0) report("no process can be started: %s", strerror(errno));
  else watch(child, ends[0]);
  close(ends[0]);
  int status = child < 0 ? 0 : wait_for(child);
  *seconds = uptime() - start;
  return status;
}

static void rest(int seconds) {
  for (double end = uptime() + seconds; uptime() < end;) {
    watchdog_feed();
    struct pollfd waited = {.fd = devices, .events = POLLIN};
    poll(&waited, 1, 500);
    if (waited.revents) devices_changed(devices);
  }
}

void supervise(void) {
  open_signs();
  devices = devices_open();
  watchdog_open();
  for (int wait = 1;;) {
    double seconds = 0;
    report("starting rf-cam");
    int status = run(&seconds);
    if (seconds >= GOOD_RUN) wait = 1;
    tell_end(status, wait);
    rest(wait);
    wait = wait * 2 < LONGEST_WAIT ? wait * 2 : LONGEST_WAIT;
  }
}
