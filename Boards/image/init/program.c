// Starts rf-cam as a user without rights: cameras are untrusted, and a fault in the decoder must not give control of the machine.
// rf-cam can read the card, write the results partition and use the devices that devices.c gives it.
#define _GNU_SOURCE // setresuid
#include "init.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char program[] = "/bin/rf-cam";

// System calls that rf-cam does not need. Most of them require root's rights anyway, but faults of the kernel may not.
static const uint32_t denied[] = {
  SYS_acct,
  SYS_add_key,
  SYS_adjtimex,
  SYS_bpf,
  SYS_chroot,
  SYS_clock_settime,
  SYS_delete_module,
  SYS_finit_module,
  SYS_fsopen,
  SYS_init_module,
  SYS_io_uring_setup,
  SYS_kexec_load,
  SYS_keyctl,
  SYS_mount,
  SYS_move_mount,
  SYS_open_by_handle_at,
  SYS_open_tree,
  SYS_perf_event_open,
  SYS_personality,
  SYS_pivot_root,
  SYS_process_vm_readv,
  SYS_process_vm_writev,
  SYS_ptrace,
  SYS_quotactl,
  SYS_reboot,
  SYS_request_key,
  SYS_setdomainname,
  SYS_sethostname,
  SYS_setns,
  SYS_settimeofday,
  SYS_swapoff,
  SYS_swapon,
  SYS_umount2,
  SYS_unshare,
  SYS_userfaultfd,
};

#ifdef __x86_64__
enum { ARCHITECTURE = AUDIT_ARCH_X86_64, MOST_CALL = 0x3fffffff }; // beyond: the x32 calls
#else
enum { ARCHITECTURE = AUDIT_ARCH_AARCH64, MOST_CALL = 0x7fffffff };
#endif

// A filter for the kernel: refuses the calls above with EPERM, and kills a process that makes calls of another architecture.
// Source: the kernel's Documentation/userspace-api/seccomp_filter.rst.
static int deny_calls(void) {
  enum { COUNT = sizeof denied / sizeof *denied, HEAD = 5 };
  struct sock_filter code[HEAD + COUNT + 2] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)ARCHITECTURE, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, MOST_CALL, COUNT + 1, 0),
  };
  for (int i = 0; i < COUNT; i++)
    code[HEAD + i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, denied[i], (uint8_t)(COUNT - i), 0);
  code[HEAD + COUNT] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  code[HEAD + COUNT + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
  struct sock_fprog filter = {.len = HEAD + COUNT + 2, .filter = code};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

// Drops root's rights permanently; after a failure (false) no program must be started.
static bool drop_rights(void) {
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)) return false;
  return setgroups(0, NULL) == 0 && setresgid(RF_USER, RF_USER, RF_USER) == 0 && setresuid(RF_USER, RF_USER, RF_USER) == 0 &&
         prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && deny_calls() == 0;
}

// Runs in the child: sets its output to the pipe, its folder to the results partition, and the socket for sd_notify(3).
[[noreturn]] static void become_program(int output) {
  char period[32];
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  signal(SIGPIPE, SIG_DFL);
  snprintf(period, sizeof period, "%d000000", SILENT_SECONDS);
  setenv("NOTIFY_SOCKET", NOTIFY_SOCKET, 1);
  setenv("WATCHDOG_USEC", period, 1);
  if (!drop_rights()) {
    dprintf(STDERR_FILENO, "rf-cam is not started as root, and root's rights cannot be given up: %s\n", strerror(errno));
    _exit(126);
  }
  if (chdir(RESULTS)) dprintf(STDERR_FILENO, RESULTS ": %s\n", strerror(errno));
  if (access(CONFIG, F_OK)) {
    dprintf(STDERR_FILENO, CONFIG " is missing: defaults, results on this console\n");
    execl(program, program, "camera", NULL);
  } else {
    execl(program, program, "--config", CONFIG, NULL);
  }
  dprintf(STDERR_FILENO, "%s: %s: build the image again\n", program, strerror(errno));
  _exit(127);
}

pid_t program_start(int output) {
  pid_t child = fork();
  if (child == 0) become_program(output);
  return child;
}
