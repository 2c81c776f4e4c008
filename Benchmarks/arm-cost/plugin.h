// The part of QEMU's plugin interface, version 1, that the two plugins use (docs/devel/tcg-plugins.rst): Debian's package has
// the programs but not the header. And the marks: a guest's write to standard output that begins with "mark" ends a part of
// its work.
#ifndef RF_QEMU_PLUGIN_H
#define RF_QEMU_PLUGIN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORTED __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
typedef uint32_t qemu_plugin_meminfo_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
enum qemu_plugin_mem_rw { QEMU_PLUGIN_MEM_R = 1, QEMU_PLUGIN_MEM_W, QEMU_PLUGIN_MEM_RW };

typedef void (*translate_callback)(qemu_plugin_id_t, struct qemu_plugin_tb *);
typedef void (*execute_callback)(unsigned cpu, void *user);
typedef void (*memory_callback)(unsigned cpu, qemu_plugin_meminfo_t, uint64_t address, void *user);
typedef void (*syscall_callback)(qemu_plugin_id_t, unsigned cpu, int64_t number, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                                 uint64_t, uint64_t);
typedef void (*exit_callback)(qemu_plugin_id_t, void *user);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, translate_callback);
void qemu_plugin_register_vcpu_syscall_cb(qemu_plugin_id_t, syscall_callback);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, exit_callback, void *user);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, execute_callback, enum qemu_plugin_cb_flags, void *user);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *, memory_callback, enum qemu_plugin_cb_flags, enum qemu_plugin_mem_rw,
                                      void *user);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t index);
bool qemu_plugin_mem_is_store(qemu_plugin_meminfo_t);
unsigned qemu_plugin_mem_size_shift(qemu_plugin_meminfo_t);

EXPORTED int qemu_plugin_version = 1;

// Defined by each plugin: `translated` instruments a block, `tell` prints the counts since the last mark.
static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
static void tell(FILE *out);

static FILE *out;

// User-mode emulation maps the guest's memory as it is, so its text can be read in place; any other line is not a mark.
enum { GUEST_WRITE = 64 };
static const char *mark_of(int64_t number, uint64_t file, uint64_t address) {
  if (number != GUEST_WRITE || file != 1 || !address) return NULL;
  const char *text = (const char *)(uintptr_t)address;
  return strncmp(text, "mark ", 5) == 0 ? text + 5 : NULL;
}

static void called(qemu_plugin_id_t id, unsigned cpu, int64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                   uint64_t f, uint64_t g, uint64_t h) {
  (void)id, (void)cpu, (void)c, (void)d, (void)e, (void)f, (void)g, (void)h;
  const char *mark = mark_of(number, a, b);
  if (!mark) return;
  fprintf(out, "mark %.*s\n", (int)strcspn(mark, "\n"), mark);
  tell(out);
}

static void finish(qemu_plugin_id_t id, void *user) {
  (void)id, (void)user;
  fclose(out);
}

// Argument out=FILE: where the results go.
EXPORTED int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
  (void)info;
  for (int i = 0; i < argc && !out; i++)
    if (strncmp(argv[i], "out=", 4) == 0) out = fopen(argv[i] + 4, "w");
  if (!out) return 1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_vcpu_syscall_cb(id, called);
  qemu_plugin_register_atexit_cb(id, finish, NULL);
  return 0;
}
#endif
