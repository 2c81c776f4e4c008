// QEMU plugin: what a program's loads and stores move between caches and memory, from mark to mark. A Cortex-A72 as in the
// RK3399: L1 data cache 32 KB in 2 ways, L2 1 MB in 16 ways; lines of 64 bytes, least recently used goes, writes allocate and
// are written back. No prefetcher, no instruction fetches, no other bus traffic.
// Output: `mark NAME KIND MULTIPLY-ADDS`, then `L1-FILLS L2-READS L2-WRITE-BACKS` in lines since the mark before.
#include "plugin.h"

enum { LINE_SHIFT = 6, L1_SETS = 256, L1_WAYS = 2, L2_SETS = 1024, L2_WAYS = 16 };

typedef struct {
  uint64_t line;
  uint32_t age;
  bool valid, dirty;
} slot;

typedef struct {
  uint64_t misses, write_backs;
  int sets, ways;
  slot *slots;
} cache;

static slot l1_slots[L1_SETS * L1_WAYS], l2_slots[L2_SETS * L2_WAYS];
static cache l1 = {.sets = L1_SETS, .ways = L1_WAYS, .slots = l1_slots};
static cache l2 = {.sets = L2_SETS, .ways = L2_WAYS, .slots = l2_slots};
static uint32_t now;

// Returns true if the line is cached. Otherwise it replaces the oldest line; `*evicted` is set if that line was dirty.
static bool hit(cache *c, uint64_t line, bool is_store, uint64_t *evicted, bool *has_evicted) {
  slot *set = c->slots + line % (uint64_t)c->sets * (uint64_t)c->ways, *oldest = set;
  *has_evicted = false;
  now++;
  for (slot *at = set; at < set + c->ways; at++) {
    if (at->valid && at->line == line) {
      at->age = now;
      at->dirty |= is_store;
      return true;
    }
    if (!at->valid || (oldest->valid && at->age < oldest->age)) oldest = at;
  }
  c->misses++;
  if (oldest->valid && oldest->dirty) {
    c->write_backs++;
    *evicted = oldest->line;
    *has_evicted = true;
  }
  *oldest = (slot){.line = line, .age = now, .valid = true, .dirty = is_store};
  return false;
}

static void touched(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t address, void *user) {
  (void)cpu, (void)user;
  const uint64_t last = (address + (1u << qemu_plugin_mem_size_shift(info)) - 1) >> LINE_SHIFT;
  for (uint64_t line = address >> LINE_SHIFT; line <= last; line++) {
    uint64_t evicted, ignored;
    bool has_evicted, has_ignored;
    if (hit(&l1, line, qemu_plugin_mem_is_store(info), &evicted, &has_evicted)) continue;
    if (has_evicted) {
      // The line comes from above and is whole: an L2 that has lost it reads nothing for it.
      const uint64_t before = l2.misses;
      hit(&l2, evicted, true, &ignored, &has_ignored);
      l2.misses = before;
    }
    hit(&l2, line, false, &ignored, &has_ignored);
  }
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
  (void)id;
  for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++)
    qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(tb, i), touched, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, NULL);
}

static void tell(FILE *to) {
  fprintf(to, "%lu %lu %lu\n", l1.misses, l2.misses, l2.write_backs);
  l1.misses = l1.write_backs = l2.misses = l2.write_backs = 0;
}
