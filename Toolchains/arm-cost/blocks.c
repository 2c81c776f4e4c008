// QEMU plugin: how often every translated block ran, from mark to mark. Output: a line `mark NAME KIND MULTIPLY-ADDS`, then
// `ADDRESS INSTRUCTIONS COUNT` for each block that ran since the mark before.
#include "plugin.h"

typedef struct block {
  uint64_t address, instructions, count, told;
  struct block *next;
} block;

static block *blocks;
static FILE *out;

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
  (void)id;
  block *new = calloc(1, sizeof *new);
  if (!new) abort();
  *new = (block){.address = qemu_plugin_tb_vaddr(tb), .instructions = qemu_plugin_tb_n_insns(tb), .next = blocks};
  blocks = new;
  qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &new->count, 1);
}

static void called(qemu_plugin_id_t id, unsigned cpu, int64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                   uint64_t f, uint64_t g, uint64_t h) {
  (void)id, (void)cpu, (void)c, (void)d, (void)e, (void)f, (void)g, (void)h;
  const char *mark = mark_of(number, a, b);
  if (!mark) return;
  fprintf(out, "mark %.*s\n", (int)strcspn(mark, "\n"), mark);
  for (block *at = blocks; at; at = at->next) {
    if (at->count > at->told) fprintf(out, "%lx %lu %lu\n", at->address, at->instructions, at->count - at->told);
    at->told = at->count;
  }
}

static void finish(qemu_plugin_id_t id, void *user) {
  (void)id, (void)user;
  fclose(out);
}

EXPORTED int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
  (void)info;
  if (!(out = output_of(argc, argv))) return 1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_vcpu_syscall_cb(id, called);
  qemu_plugin_register_atexit_cb(id, finish, NULL);
  return 0;
}
