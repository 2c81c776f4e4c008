// The first process of the images: mounts the card, loads modules, starts rf-cam as a user without rights, and starts it again
// whenever it ends or hangs. There is no shell and no login; every console shows what it does and what goes wrong.
#ifndef RF_INIT_H
#define RF_INIT_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

// Where the boot partition (read-only: kernel, rf-cam.conf) and the results partition (rf-cam's working folder) are mounted.
#define BOOT "/boot"
#define RESULTS "/results"
#define CONFIG BOOT "/rf-cam.conf"

// The user and the group of rf-cam, by number: there are no names here.
#define RF_USER 1000

// Where rf-cam gives signs of life, and for how long it may give none.
#define NOTIFY_SOCKET "@rf-cam.init"
#define SILENT_SECONDS 30

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

// settings.c: the value of a name in rf-cam.conf, by rf-cam's own rules; false where it has none. `room` counts the 0 at the end.
bool setting(const char *name, char *value, size_t room);
bool setting_in(const char *path, const char *name, char *value, size_t room);

// network.c: gives the first Ethernet port the address that the configuration file names, where it names one.
void network_start(void);

// devices.c: lets rf-cam use its devices; returns a socket, or -1, on which the kernel reports new ones, for `devices_changed`.
int devices_open(void);
void devices_changed(int events);

// watchdog.c: the board's timer, where it has one; to be fed several times a minute from then on.
void watchdog_open(void);
void watchdog_feed(void);

// program.c: a process that becomes rf-cam and prints to `output`; -1 where there can be none (errno).
pid_t program_start(int output);

// supervise.c: starts the program again and again, for good.
[[noreturn]] void supervise(void);

// Seconds since the machine started.
double uptime(void);
#endif
