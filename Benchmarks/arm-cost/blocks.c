// QEMU plugin: how often every translated block ran, and how often it ran on into the one that follows it in memory, from mark
// to mark. Output: a line `start ADDRESS` with the first instruction's address, since a position-independent program is
// loaded anywhere; per mark a line `mark NAME KIND MULTIPLY-ADDS`, then for each block that ran since the mark before
// `ADDRESS INSTRUCTIONS COUNT`, and for each that others ran on into `ADDRESS INSTRUCTIONS ADDRESS INSTRUCTIONS COUNT`.
#include "plugin.h"

typedef struct block {
  uint64_t address, instructions, count, told;
  struct block *next;
  struct entry *entries;
} block;

// A block from which another was entered without a jump.
typedef struct entry {
  const block *from;
  uint64_t count, told;
  struct entry *next;
} entry;

static block *blocks, *last;

static entry *entry_from(block *to, const block *from) {
  for (entry *at = to->entries; at; at = at->next)
    if (at->from == from) return at;
  entry *new = calloc(1, sizeof *new);
  if (!new) abort();
  *new = (entry){.from = from, .next = to->entries};
  return to->entries = new;
}

static void executed(unsigned cpu, void *user) {
  (void)cpu;
  block *const now = user;
  now->count++;
  if (last && last->address + 4 * last->instructions == now->address) entry_from(now, last)->count++;
  last = now;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
  (void)id;
  if (!blocks) fprintf(out, "start %lx\n", qemu_plugin_tb_vaddr(tb));
  block *new = calloc(1, sizeof *new);
  if (!new) abort();
  *new = (block){.address = qemu_plugin_tb_vaddr(tb), .instructions = qemu_plugin_tb_n_insns(tb), .next = blocks};
  blocks = new;
  qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, QEMU_PLUGIN_CB_NO_REGS, new);
}

static void tell(FILE *to) {
  for (block *at = blocks; at; at = at->next) {
    if (at->count > at->told) fprintf(to, "%lx %lu %lu\n", at->address, at->instructions, at->count - at->told);
    at->told = at->count;
    for (entry *by = at->entries; by; by = by->next) {
      if (by->count > by->told)
        fprintf(to, "%lx %lu %lx %lu %lu\n", by->from->address, by->from->instructions, at->address, at->instructions,
                by->count - by->told);
      by->told = by->count;
    }
  }
}
