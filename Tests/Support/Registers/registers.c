#include "registers.h"
#include <stdint.h>

typedef void kernel_fn(const void *args);

#if defined(__x86_64__)
// The registers after the call; `keeps` and the state of both units before it.
typedef struct {
  uint64_t general[6]; // rbx, rbp, r12 to r15
  uint64_t flags;
  uint32_t mxcsr, mxcsr_before;
  uint16_t x87, x87_before;
  uint32_t has_avx;
  uint64_t ymm[16][4];
} registers;
_Static_assert(__builtin_offsetof(registers, ymm) == 72, "the assembly below counts on it");

void rf_registers_call(kernel_fn *kernel, const void *args, registers *after, uint64_t pattern);
__asm__(
  ".text\n.globl rf_registers_call\n.type rf_registers_call, @function\nrf_registers_call:\n"
  "push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n sub $24, %rsp\n mov %rdx, (%rsp)\n"
  "stmxcsr 60(%rdx)\n fnstcw 66(%rdx)\n"
  "mov %rdi, %rax\n mov %rsi, %rdi\n mov %rcx, %rbx\n"
  "lea 1(%rcx), %rbp\n lea 2(%rcx), %r12\n lea 3(%rcx), %r13\n lea 4(%rcx), %r14\n lea 5(%rcx), %r15\n"
  "cmpl $0, 68(%rdx)\n je 1f\n vzeroall\n1: call *%rax\n"
  "mov (%rsp), %rdx\n mov %rbx, (%rdx)\n mov %rbp, 8(%rdx)\n mov %r12, 16(%rdx)\n mov %r13, 24(%rdx)\n mov %r14, 32(%rdx)\n"
  "mov %r15, 40(%rdx)\n pushfq\n pop %rax\n mov %rax, 48(%rdx)\n cld\n stmxcsr 56(%rdx)\n fnstcw 64(%rdx)\n"
  "cmpl $0, 68(%rdx)\n je 2f\n"
#define STORE(n, at) "vmovups %ymm" #n ", " #at "(%rdx)\n"
  STORE(0, 72) STORE(1, 104) STORE(2, 136) STORE(3, 168) STORE(4, 200) STORE(5, 232) STORE(6, 264) STORE(7, 296) STORE(8, 328) STORE(9, 360)
    STORE(10, 392) STORE(11, 424) STORE(12, 456) STORE(13, 488) STORE(14, 520) STORE(
      15,
      552) "vzeroupper\n"
           "2: ldmxcsr 60(%rdx)\n fldcw 66(%rdx)\n add $24, %rsp\n pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n ret\n"
           ".size rf_registers_call, . - rf_registers_call\n");

static const char *const general[] = {"rbx", "rbp", "r12", "r13", "r14", "r15"};
static const char *const upper[] = {
#define UPPER(n) "the upper half of ymm" #n
  UPPER(0), UPPER(1), UPPER(2),  UPPER(3),  UPPER(4),  UPPER(5),  UPPER(6),  UPPER(7),
  UPPER(8), UPPER(9), UPPER(10), UPPER(11), UPPER(12), UPPER(13), UPPER(14), UPPER(15)};
enum { DIRECTION = 1 << 10, MXCSR_CONTROL = 0xffc0, PATTERN = 0x5eed5eed };

const char *rf_registers_broken(kernel_fn *kernel, const void *args) {
  registers after = {.has_avx = __builtin_cpu_supports("avx")};
  rf_registers_call(kernel, args, &after, PATTERN);
  for (uint64_t i = 0; i < 6; i++)
    if (after.general[i] != PATTERN + i) return general[i];
  if (after.flags & DIRECTION) return "the direction flag";
  if ((after.mxcsr ^ after.mxcsr_before) & MXCSR_CONTROL) return "MXCSR";
  if (after.x87 != after.x87_before) return "the x87 control word";
  for (int i = 0; i < 16; i++)
    if (after.ymm[i][2] | after.ymm[i][3]) return upper[i];
  return 0;
}

// Functions that break the rules, each one.
#define BREAKER(name, text) \
  void rf_break_##name(const void *args); \
  __asm__(".text\n.globl rf_break_" #name "\nrf_break_" #name ":\n" text "\n ret\n");
BREAKER(rbx, "xor %ebx, %ebx")
BREAKER(r15, "inc %r15")
BREAKER(flag, "std")
BREAKER(mxcsr, "stmxcsr -8(%rsp)\n orl $0x8000, -8(%rsp)\n ldmxcsr -8(%rsp)")
BREAKER(x87, "fnstcw -8(%rsp)\n xorw $0x300, -8(%rsp)\n fldcw -8(%rsp)")
BREAKER(ymm, "vpcmpeqd %xmm0, %xmm0, %xmm0\n vinsertf128 $1, %xmm0, %ymm0, %ymm9")
static const rf_register_breaker breakers[] = {
  {"rbx", rf_break_rbx},
  {"r15", rf_break_r15},
  {"the direction flag", rf_break_flag},
  {"MXCSR", rf_break_mxcsr},
  {"the x87 control word", rf_break_x87},
  {"the upper half of ymm9", rf_break_ymm}};
#elif defined(__aarch64__)
typedef struct {
  uint64_t general[11]; // x19 to x29
  uint64_t vector[8];   // d8 to d15
  uint64_t fpcr, fpcr_before;
} registers;

void rf_registers_call(kernel_fn *kernel, const void *args, registers *after, uint64_t pattern);
__asm__(".text\n.globl rf_registers_call\n.type rf_registers_call, %function\nrf_registers_call:\n"
        "stp x29, x30, [sp, #-176]!\n stp x19, x20, [sp, #16]\n stp x21, x22, [sp, #32]\n stp x23, x24, [sp, #48]\n"
        "stp x25, x26, [sp, #64]\n stp x27, x28, [sp, #80]\n stp d8, d9, [sp, #96]\n stp d10, d11, [sp, #112]\n"
        "stp d12, d13, [sp, #128]\n stp d14, d15, [sp, #144]\n str x2, [sp, #160]\n mrs x9, fpcr\n str x9, [x2, #160]\n"
        "mov x19, x3\n add x20, x3, #1\n add x21, x3, #2\n add x22, x3, #3\n add x23, x3, #4\n add x24, x3, #5\n add x25, x3, #6\n"
        "add x26, x3, #7\n add x27, x3, #8\n add x28, x3, #9\n add x29, x3, #10\n"
        "fmov d8, x19\n fmov d9, x20\n fmov d10, x21\n fmov d11, x22\n fmov d12, x23\n fmov d13, x24\n fmov d14, x25\n fmov d15, x26\n"
        "mov x9, x0\n mov x0, x1\n blr x9\n ldr x9, [sp, #160]\n"
        "stp x19, x20, [x9]\n stp x21, x22, [x9, #16]\n stp x23, x24, [x9, #32]\n stp x25, x26, [x9, #48]\n stp x27, x28, [x9, #64]\n"
        "str x29, [x9, #80]\n stp d8, d9, [x9, #88]\n stp d10, d11, [x9, #104]\n stp d12, d13, [x9, #120]\n stp d14, d15, [x9, #136]\n"
        "mrs x10, fpcr\n str x10, [x9, #152]\n ldr x10, [x9, #160]\n msr fpcr, x10\n"
        "ldp x19, x20, [sp, #16]\n ldp x21, x22, [sp, #32]\n ldp x23, x24, [sp, #48]\n ldp x25, x26, [sp, #64]\n"
        "ldp x27, x28, [sp, #80]\n ldp d8, d9, [sp, #96]\n ldp d10, d11, [sp, #112]\n ldp d12, d13, [sp, #128]\n"
        "ldp d14, d15, [sp, #144]\n ldp x29, x30, [sp], #176\n ret\n"
        ".size rf_registers_call, . - rf_registers_call\n");

static const char *const general[] = {"x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29"};
static const char *const vector[] = {"v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15"};
enum { PATTERN = 0x5eed5eed };

const char *rf_registers_broken(kernel_fn *kernel, const void *args) {
  registers after = {0};
  rf_registers_call(kernel, args, &after, PATTERN);
  for (uint64_t i = 0; i < 11; i++)
    if (after.general[i] != PATTERN + i) return general[i];
  for (uint64_t i = 0; i < 8; i++)
    if (after.vector[i] != PATTERN + i) return vector[i];
  return after.fpcr == after.fpcr_before ? 0 : "FPCR";
}

// Functions that break the rules, each one.
#define BREAKER(name, text) \
  void rf_break_##name(const void *args); \
  __asm__(".text\n.globl rf_break_" #name "\nrf_break_" #name ":\n" text "\n ret\n");
BREAKER(x19, "mov x19, xzr")
BREAKER(x28, "add x28, x28, #1")
BREAKER(v8, "movi v8.2d, #0")
BREAKER(v15, "fmov d15, xzr")
BREAKER(fpcr, "mrs x9, fpcr\n eor x9, x9, #0x1000000\n msr fpcr, x9")
static const rf_register_breaker breakers[] = {
  {"x19", rf_break_x19}, {"x28", rf_break_x28}, {"v8", rf_break_v8}, {"v15", rf_break_v15}, {"FPCR", rf_break_fpcr}};
#else
const char *rf_registers_broken(kernel_fn *kernel, const void *args) {
  kernel(args);
  return 0;
}
static const rf_register_breaker breakers[] = {};
#endif

const rf_register_breaker *rf_register_breakers(size_t *count) {
  *count = sizeof breakers / sizeof(rf_register_breaker);
  return breakers;
}
