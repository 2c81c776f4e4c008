// QEMU's virt machine: serial port (PL011), generic timer, power (PSCI), and the memory layout (link.ld).
#if defined(__aarch64__) && !defined(__linux__)
#include "CBoard.h"

extern char __stack_bottom[], __stack_top[], __data_start[], __bss_end[], __heap_start[], __heap_end[], __flash_bytes[], __ram_bytes[];

static rf_heap heap;
static int start_level;

void rf_board_start(uint64_t current_el) {
  start_level = (int)(current_el >> 2);
  rf_heap_start(&heap, __heap_start, (size_t)(__heap_end - __heap_start));
}

const rf_heap *rf_board_heap(void) { return &heap; }
int rf_start_level(void) { return start_level; }

// PL011 (Arm DDI 0183): data at 0, flags at 0x18, of which bit 5 means that the buffer is full.
static void put(char c) {
  volatile uint32_t *port = (volatile uint32_t *)0x09000000;
  while (port[0x18 / 4] & 1u << 5) {}
  port[0] = (uint8_t)c;
}

void rf_console_write(const void *bytes, size_t count) {
  for (const char *c = bytes; count--; c++) {
    if (*c == '\n') put('\r');
    put(*c);
  }
}

rf_memory_use rf_memory(void) {
  const uint64_t *untouched = (const uint64_t *)__stack_bottom;
  while (untouched < (const uint64_t *)__stack_top && *untouched == 0xa5a5a5a5a5a5a5a5) untouched++;
  return (rf_memory_use){
    .flash = (size_t)__flash_bytes,
    .variables = (size_t)(__bss_end - __data_start),
    .stack_used = (size_t)(__stack_top - (const char *)untouched),
    .stack = (size_t)(__stack_top - __stack_bottom),
    .ram = (size_t)__ram_bytes,
  };
}

double rf_seconds(void) {
  uint64_t ticks, frequency;
  __asm__ volatile("isb; mrs %0, cntvct_el0; mrs %1, cntfrq_el0" : "=r"(ticks), "=r"(frequency));
  return (double)ticks / (double)frequency;
}

const char *rf_processor(void) {
  uint64_t midr;
  __asm__("mrs %0, midr_el1" : "=r"(midr));
  switch (midr >> 4 & 0xfff) {
  case 0xd03: return "Cortex-A53";
  case 0xd05: return "Cortex-A55";
  case 0xd08: return "Cortex-A72";
  case 0xd0b: return "Cortex-A76";
  case 0xd0c: return "Neoverse N1";
  default: return "unnamed Arm processor";
  }
}

// SYSTEM_OFF is handled at a higher exception level: by a hypervisor, or by the secure monitor if we started as hypervisor.
void rf_power_off(void) {
  register uint64_t function __asm__("x0") = 0x84000008;
  if (start_level == 2) {
    __asm__ volatile("smc #0" : "+r"(function)::"memory");
  } else {
    __asm__ volatile("hvc #0" : "+r"(function)::"memory");
  }
  for (;;) __asm__ volatile("wfi");
}
#endif
