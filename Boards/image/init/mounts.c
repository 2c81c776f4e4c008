// Mounts the card: the partition with the FAT label RFCAM is the boot partition, and the next one of the same disk holds
// results, whether the card is mmcblk1, sda or vda.
#include "init.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

void mount_system(void) {
  static const struct {
    const char *type, *place;
    unsigned long flags;
  } systems[] = {
    {"proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC},
    {"sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC},
    {"devtmpfs", "/dev", MS_NOSUID | MS_NOEXEC},
    {"tmpfs", "/tmp", MS_NOSUID | MS_NODEV | MS_NOEXEC},
  };
  for (size_t i = 0; i < sizeof systems / sizeof *systems; i++) {
    mkdir(systems[i].place, 0755);
    mount(systems[i].type, systems[i].place, systems[i].type, systems[i].flags, NULL);
  }
  mkdir(BOOT, 0755);
  mkdir(RESULTS, 0755);
}

// FAT32 stores its label in bytes 71-81 of its first sector (Microsoft, FAT: General Overview, 1.03).
static bool is_boot_partition(const char *path) {
  unsigned char sector[512];
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  bool is_read = read(file, sector, sizeof sector) == sizeof sector;
  close(file);
  return is_read && memcmp(sector + 82, "FAT32", 5) == 0 && memcmp(sector + 71, "RFCAM      ", 11) == 0;
}

static bool is_partition(const char *name) {
  char path[300];
  snprintf(path, sizeof path, "/sys/class/block/%s/partition", name);
  return access(path, F_OK) == 0;
}

// Finds the device of the boot partition and stores its path.
static bool find_boot_partition(char *path, size_t room) {
  DIR *folder = opendir("/sys/class/block");
  bool found = false;
  for (struct dirent *entry; folder && !found && (entry = readdir(folder));) {
    if (!is_partition(entry->d_name)) continue;
    snprintf(path, room, "/dev/%s", entry->d_name);
    found = is_boot_partition(path);
  }
  if (folder) closedir(folder);
  return found;
}

// No programs and no devices on the card.
static const unsigned long card_flags = MS_NOATIME | MS_NODEV | MS_NOEXEC | MS_NOSUID;

static void mount_results(const char *path) {
  // Names on FAT are UTF-8. FAT has no owners: all files are rf-cam's. Data reach the card within seconds, without a request to
  // flush them.
  char options[64];
  snprintf(options, sizeof options, "utf8,uid=%d,gid=%d,fmask=0133,dmask=0022", RF_USER, RF_USER);
  if (mount(path, RESULTS, "vfat", card_flags, options) == 0) return;
  int problem = errno;
  if (problem == EROFS || problem == EACCES) {
    report("%s: the card is write-protected: results that go to a file are lost; move the card's switch", path);
    if (mount(path, RESULTS, "vfat", MS_RDONLY | card_flags, options) == 0) return;
  }
  report("%s: the results partition cannot be mounted (%s): format it as FAT32; until then results that go to a file are lost", path,
         strerror(problem));
  // Results that cannot be stored must not fill the memory either.
  mount("tmpfs", RESULTS, "tmpfs", MS_RDONLY, NULL);
}

void mount_card(int seconds) {
  char path[300];
  double end = uptime() + seconds;
  bool found;
  while (!(found = find_boot_partition(path, sizeof path)) && uptime() < end) usleep(100000);
  if (!found) {
    report("no partition with the label RFCAM: no rf-cam.conf; write the image to the card again");
    mount("tmpfs", RESULTS, "tmpfs", MS_RDONLY, NULL);
    return;
  }
  if (mount(path, BOOT, "vfat", MS_RDONLY | card_flags, "utf8")) report("%s: cannot be mounted: %s", path, strerror(errno));
  path[strlen(path) - 1]++; // ...1 to ...2
  mount_results(path);
}
