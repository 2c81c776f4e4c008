// Reports a fault on the console before the machine stops. Has its own stack and depends on the serial port only.
#if defined(__aarch64__) && !defined(__linux__)
#include "CBoard.h"

extern char __stack_bottom[];

static void print(const char *text) {
  size_t count = 0;
  while (text[count]) count++;
  rf_console_write(text, count);
}

static void say_number(const char *name, uint64_t value) {
  char digits[16];
  for (int i = 0; i < 16; i++) digits[i] = "0123456789abcdef"[value >> (60 - 4 * i) & 15];
  print(name);
  rf_console_write(digits, sizeof digits);
}

// ESR_EL1.EC (Arm ARM, D19.2.40).
static const char *class_of(uint64_t esr) {
  switch (esr >> 26) {
  case 0x00: return "unknown instruction";
  case 0x07: return "floating point is off";
  case 0x21: return "instruction fetch from memory that is not mapped or not executable";
  case 0x22: return "misaligned program counter";
  case 0x25: return esr & 1 << 6 ? "write to memory that is not mapped or read-only" : "read of memory that is not mapped";
  case 0x26: return "misaligned stack pointer";
  case 0x2f: return "error from outside the processor";
  case 0x3c: return "trap: a check of the program failed";
  default: return "other exception";
  }
}

[[noreturn]] void rf_fault(uint64_t vector, uint64_t esr, uint64_t elr, uint64_t far, uint64_t sp) {
  int is_stack = esr >> 26 == 0x25 && far < (uint64_t)__stack_bottom && far >= (uint64_t)__stack_bottom - 0x200000;
  print("\nfault: ");
  print(is_stack ? "stack overflow" : vector % 4 ? "unexpected interrupt" : class_of(esr));
  say_number("\nfault: at 0x", elr);
  say_number(", address 0x", far);
  say_number(", stack 0x", sp);
  say_number(", syndrome 0x", esr);
  print("\nfault: llvm-symbolizer --obj=firmware.elf prints the place\n");
  rf_power_off();
}
#endif
