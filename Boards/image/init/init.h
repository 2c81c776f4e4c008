// The first process of the images: mounts the card, loads modules, starts rf-cam and starts it again whenever it ends. It
// has no shell and no login; all that it does and all that goes wrong is said on every console.
#ifndef RF_INIT_H
#define RF_INIT_H
#include <stdbool.h>
#include <stddef.h>

// Where the boot partition (read-only: kernel, rf-cam.conf) and the results partition (rf-cam's working folder) are mounted.
#define BOOT "/boot"
#define RESULTS "/results"
#define CONFIG BOOT "/rf-cam.conf"

// console.c: /dev/console and every other console that the kernel has.
void console_open(void);
void console_write(const char *bytes, size_t count);
[[gnu::format(printf, 1, 2)]] void say(const char *format, ...);

// modules.c: loads those that /modules.load names, in its order; those whose device is missing or that are there do not
// count as failures.
void modules_load(void);

// mounts.c: what the kernel shows of itself; then the card, for which it waits `seconds` at most. Both say what is missing.
void mount_system(void);
void mount_card(int seconds);

// network.c: gives the first Ethernet port the address that the configuration file names, where it names one.
void network_start(void);

// supervise.c: starts the program again and again, for good.
[[noreturn]] void supervise(void);

// Seconds since the machine started.
double uptime(void);
#endif
