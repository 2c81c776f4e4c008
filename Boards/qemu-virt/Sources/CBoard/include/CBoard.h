// The machine under the firmware: console, memory, clock, power. Everything that is not the detector.
#ifndef RF_CBOARD_H
#define RF_CBOARD_H
#include <stddef.h>
#include <stdint.h>
#include "heap.h"

#pragma clang assume_nonnull begin

// Writes bytes to the serial port and waits until they are on their way; "\n" becomes "\r\n".
void rf_console_write(const void *bytes, size_t count);

// Bytes: what flash holds (code, constants, first values of variables), and what RAM holds.
typedef struct {
  size_t flash, variables, stack_used, stack, ram;
} rf_memory_use;
rf_memory_use rf_memory(void);
// The one heap; its bound is __heap_bytes of the linker script.
const rf_heap *rf_board_heap(void);

// Seconds since the processor's counter started.
double rf_seconds(void);

// The processor's name as MIDR_EL1 tells it, and the exception level (1 or 2) at which the firmware was started.
const char *rf_processor(void);
int rf_start_level(void);

// Off by PSCI (Arm DEN 0022), or asleep where that does not answer.
[[noreturn]] void rf_power_off(void);

#pragma clang assume_nonnull end
#endif
