// Gives rf-cam, which runs as a user of its own, access to the cameras and to the serial port that rf-cam.conf names for results.
// Disks, other ports and the watchdog remain root's.
#include "init.h"
#include <dirent.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void give(const char *path) {
  struct stat info;
  if (stat(path, &info) == 0 && S_ISCHR(info.st_mode) && info.st_gid != RF_USER && chown(path, 0, RF_USER) == 0) chmod(path, 0660);
}

static void give_cameras(void) {
  DIR *folder = opendir("/sys/class/video4linux");
  for (struct dirent *entry; folder && (entry = readdir(folder));) {
    char path[300];
    snprintf(path, sizeof path, "/dev/%s", entry->d_name);
    if (entry->d_name[0] != '.') give(path);
  }
  if (folder) closedir(folder);
}

// `results = /dev/ttyUSB0@115200`; other destinations need no device, or are invalid on a board.
static void give_port(void) {
  char path[64];
  if (!setting("results", path, sizeof path)) return;
  path[strcspn(path, "@")] = '\0';
  if (strncmp(path, "/dev/tty", 8) == 0 && !strchr(path + 8, '/')) give(path);
}

int devices_open(void) {
  struct sockaddr_nl name = {.nl_family = AF_NETLINK, .nl_groups = 1}; // the kernel's reports of devices
  int events = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
  if (events < 0 || bind(events, (struct sockaddr *)&name, sizeof name))
    report("devices that are connected later cannot be used; those connected now can");
  give_cameras();
  give_port();
  return events;
}

void devices_changed(int events) {
  // Independent of the kind of change, because reports are lost if there are too many.
  char bytes[8192];
  while (recv(events, bytes, sizeof bytes, 0) > 0) {}
  give_cameras();
  give_port();
}
