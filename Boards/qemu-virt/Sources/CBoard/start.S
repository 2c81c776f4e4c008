// From reset to main. A processor starts in flash at address 0, or a boot loader enters here, at exception level 1 or 2, with
// the MMU off. All memory is then device memory: no caches, and real cores fault on unaligned vector loads (QEMU does not).
// The MMU and the caches are therefore switched on before any compiled code runs. The tables are constants in flash.
// Register fields: Arm Architecture Reference Manual for A-profile, D19.2; descriptors: D8.3.
#if defined(__aarch64__) && !defined(__linux__)
    .section .text.boot, "ax"
    .global _start
_start:
    mrs   x0, mpidr_el1              // other cores sleep
    tst   x0, #0xffffff
    b.ne  park
    mrs   x20, CurrentEL
    cmp   x20, #(2 << 2)
    b.lo  at_el1
    b.eq  at_el2
    adr   x0, at_el3_text            // not supported: only a message is printed
    ldr   x1, =0x09000000
1:  ldrb  w2, [x0], #1
    cbz   w2, park
    str   w2, [x1]
    b     1b
park:
    wfe
    b     park

at_el2:                              // boot loaders hand over at EL2: go down to EL1
    mov   x0, #(1 << 31)             // HCR_EL2.RW: EL1 is AArch64, and nothing is trapped
    msr   hcr_el2, x0
    mov   x0, #0x33ff                // CPTR_EL2: floating point is not trapped
    msr   cptr_el2, x0
    mov   x0, #3                     // CNTHCTL_EL2: EL1 may read the counter
    msr   cnthctl_el2, x0
    msr   cntvoff_el2, xzr
    mrs   x0, midr_el1               // what EL1 reads as its processor
    msr   vpidr_el2, x0
    mrs   x0, mpidr_el1
    msr   vmpidr_el2, x0
    mov   x0, #0x3c5                 // EL1h, interrupts masked
    msr   spsr_el2, x0
    adr   x0, at_el1
    msr   elr_el2, x0
    eret

at_el1:
    ldr   x0, =0x30d00800            // SCTLR_EL1: reserved bits as they must be, MMU and caches off
    msr   sctlr_el1, x0
    mov   x0, #(3 << 20)             // CPACR_EL1: floating point and vectors on
    msr   cpacr_el1, x0
    adr   x0, vectors
    msr   vbar_el1, x0
    ldr   x0, =0xff04                // MAIR_EL1: 0 = device nGnRE, 1 = normal, write-back
    msr   mair_el1, x0
    ldr   x0, =0x100803520           // TCR_EL1: 32-bit addresses, 4 KiB pages, walks cached, no upper half
    msr   tcr_el1, x0
    adr   x0, level1
    msr   ttbr0_el1, x0
    ic    iallu
    tlbi  vmalle1
    dsb   sy
    isb
    mrs   x0, sctlr_el1
    ldr   x1, =0x8100d               // M, C, SA (aligned stack), I, WXN (writable memory is not executable)
    orr   x0, x0, x1
    msr   sctlr_el1, x0
    isb

    ldr   x0, =__fault_stack_top     // faults have a stack of their own, to report an overflow of the other
    mov   sp, x0
    msr   spsel, #0
    ldr   x0, =__stack_top
    mov   sp, x0

    ldr   x0, =__stack_bottom        // a pattern shows the maximum depth of the stack
    ldr   x1, =__stack_top
    ldr   x2, =0xa5a5a5a5a5a5a5a5
1:  str   x2, [x0], #8
    cmp   x0, x1
    b.lo  1b
    ldr   x0, =__data_start
    ldr   x1, =__data_end
    ldr   x2, =__data_load
2:  cmp   x0, x1
    b.hs  3f
    ldr   x3, [x2], #8
    str   x3, [x0], #8
    b     2b
3:  ldr   x0, =__bss_start
    ldr   x1, =__bss_end
4:  cmp   x0, x1
    b.hs  5f
    str   xzr, [x0], #8
    b     4b
5:  mov   x0, x20
    bl    rf_board_start
    bl    main
    bl    rf_power_off
    b     park

at_el3_text:
    .asciz "fault: started at exception level 3: start at 1 or 2, as boot loaders and QEMU (without secure=on) do\r\n"

    .macro vector number
    .balign 0x80
    msr   spsel, #1
    mov   x0, #\number
    mrs   x1, esr_el1
    mrs   x2, elr_el1
    mrs   x3, far_el1
    mrs   x4, sp_el0
    b     rf_fault
    .endm
    .balign 0x800
vectors:
    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    vector \number
    .endr

    // Blocks of 2 MiB; all other addresses are unmapped, and access to them is a fault.
    .set  BLOCK, 0x200000
    .set  TABLE, 3
    .set  FLASH, 0x0040000000000785  // block, normal memory, read-only, inner shareable, accessed; not for EL0
    .set  RAM, 0x0060000000000705    // block, normal memory, not executable
    .set  DEVICE, 0x0060000000000401 // block, device memory, not executable
    .macro blocks first, count, attributes
    .set  address, \first
    .rept \count
    .quad address | \attributes
    .set  address, address + BLOCK
    .endr
    .endm

    .balign 4096
low:                                 // 0 ... 1 GiB
    blocks 0, 32, FLASH
    .fill 72 - 32, 8, 0
    blocks 0x09000000, 1, DEVICE     // the serial port
    .fill 512 - 73, 8, 0
high:                                // 1 ... 2 GiB
    .quad 0                          // below the stack
    blocks 0x40200000, 32, RAM
    .fill 512 - 33, 8, 0
level1:
    .quad low + TABLE
    .quad high + TABLE
    .quad 0
    .quad 0
#endif
