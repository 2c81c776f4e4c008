// The machine below the firmware: console, memory, clock, power.
#ifndef RF_CBOARD_H
#define RF_CBOARD_H
#include <stddef.h>
#include <stdint.h>
#include "heap.h"

#pragma clang assume_nonnull begin

// Writes bytes to the serial port and waits until it has accepted them; "\n" becomes "\r\n".
void rf_console_write(const void *bytes, size_t count);

// Numbers of bytes in flash (code, constants, initial values of variables) and in RAM.
typedef struct {
  size_t flash, variables, stack_used, stack, ram;
} rf_memory_use;
rf_memory_use rf_memory(void);
// The only heap; its limit is __heap_bytes of the linker script.
const rf_heap *rf_board_heap(void);

// Returns the seconds since the processor's counter started.
double rf_seconds(void);

// Return the processor's name from MIDR_EL1, and the exception level (1 or 2) at which the firmware was started.
const char *rf_processor(void);
int rf_start_level(void);

// Switches off by PSCI (Arm DEN 0022), or sleeps if PSCI does not respond.
[[noreturn]] void rf_power_off(void);

#pragma clang assume_nonnull end
#endif
