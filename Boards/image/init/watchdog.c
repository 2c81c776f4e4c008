// Uses the board's watchdog, if it has one: a timer that resets the machine unless init feeds it, for a kernel or an init that
// hangs.
// Source: the kernel's Documentation/watchdog/watchdog-api.rst.
#include "init.h"
#include <fcntl.h>
#include <linux/watchdog.h>
#include <sys/ioctl.h>

enum { SECONDS = 60 };

static int timer = -1;

void watchdog_open(void) {
  int seconds = SECONDS;
  timer = open("/dev/watchdog", O_WRONLY | O_CLOEXEC);
  if (timer < 0) return;
  // Some timers have one fixed period, which they report.
  if (ioctl(timer, WDIOC_SETTIMEOUT, &seconds)) ioctl(timer, WDIOC_GETTIMEOUT, &seconds);
  report("watchdog: the machine restarts if init hangs for %d s", seconds);
}

void watchdog_feed(void) {
  if (timer >= 0) ioctl(timer, WDIOC_KEEPALIVE, 0);
}
