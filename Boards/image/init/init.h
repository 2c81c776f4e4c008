// The first process of the images: mounts the card, loads modules, starts rf-cam as a user without rights, and restarts it when it
// ends or hangs. There is no shell and no login; all consoles show its actions and errors.
#ifndef RF_INIT_H
#define RF_INIT_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

// Mount points of the boot partition (read-only: kernel, rf-cam.conf) and of the results partition (rf-cam's working folder).
#define BOOT "/boot"
#define RESULTS "/results"
#define CONFIG BOOT "/rf-cam.conf"

// The user and group of rf-cam; the image has no names.
#define RF_USER 1000

// Socket for rf-cam's reports that it is alive, and the maximum time between them.
#define NOTIFY_SOCKET "@rf-cam.init"
#define SILENT_SECONDS 30

// console.c: writes a message to /dev/console and all other consoles of the kernel.
void console_open(void);
void console_write(const char *bytes, size_t count);
[[gnu::format(printf, 1, 2)]] void report(const char *format, ...);

// modules.c: loads the modules listed in /modules.load, in this order; modules without a device or already loaded do not count
// as failures.
void modules_load(void);

// mounts.c: mounts the kernel's file systems; then the card, after waiting for it up to `seconds`. Both report errors.
void mount_system(void);
void mount_card(int seconds);

// settings.c: reads the value of a name from rf-cam.conf by rf-cam's rules; false if it has none. `room` includes the final 0.
bool setting(const char *name, char *value, size_t room);
bool setting_in(const char *path, const char *name, char *value, size_t room);

// network.c: sets the address that rf-cam.conf states, if any, at the first Ethernet port.
void network_start(void);

// devices.c: gives rf-cam access to its devices; returns a socket with the kernel's reports of new ones for `devices_changed`, or -1.
int devices_open(void);
void devices_changed(int events);

// watchdog.c: starts the board's timer, if it has one; it must then be fed several times per minute.
void watchdog_open(void);
void watchdog_feed(void);

// program.c: starts rf-cam in a process that prints to `output`; returns -1 and sets errno on failure.
pid_t program_start(int output);

// supervise.c: starts the program and restarts it, without end.
[[noreturn]] void supervise(void);

// Returns the seconds since the machine started.
double uptime(void);
#endif
