#include "init.h"
#include <signal.h>
#include <sys/reboot.h>
#include <time.h>

double uptime(void) {
  struct timespec t;
  clock_gettime(CLOCK_BOOTTIME, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(void) {
  // Ctrl-Alt-Delete could restart during a write.
  reboot(RB_DISABLE_CAD);
  signal(SIGPIPE, SIG_IGN);
  mount_system();
  console_open();
  report("started");
  modules_load();
  mount_card(10);
  network_start();
  supervise();
}
