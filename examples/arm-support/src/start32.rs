// SPDX-License-Identifier: MIT OR Apache-2.0
//! AArch32 start-up and vectors.
//!
//! Every exception stores its return state on the SVC stack (`srsdb`) and goes on in SVC mode:
//! one stack per core is enough, and a handler may open interrupts again, because the banked
//! LR/SPSR of IRQ and FIQ mode are free as soon as the handler runs (ARM ARM DDI 0406C, B1.9).
//!
//! There are two entries. `_start` is that of a fresh image; `arm_support_warm` is that of a core which comes back into
//! an image whose memory is in use.

use crate::mmu32::prepare;
use crate::start::{ARM_SUPPORT_GATE, GATE_OPEN, STACK_SIZE, rust_entry};
use crate::vectors::{fault_entry, fiq_entry, irq_entry};
use core::arch::global_asm;

global_asm!(
    r#"
    .section .text.start, "ax"
    .arm
    .global _start
    .global arm_support_warm
    .type _start, %function
_start:
    mov     r5, #0                  @ fresh
    b       1f
arm_support_warm:
    mov     r5, #1                  @ memory is in use: no gate, no bss
1:  cpsid   aif, #0x13              @ SVC mode, everything masked: no vectors yet
    mov     r6, r0                  @ what the releasing core passes
    mrc     p15, 0, r0, c1, c0, 0   @ SCTLR
    bic     r0, r0, #(1 << 13)      @ V = 0: vectors where VBAR says
    bic     r0, r0, #(1 << 30)      @ TE = 0: exceptions in ARM state
    mcr     p15, 0, r0, c1, c0, 0
    ldr     r0, =arm_support_vectors
    mcr     p15, 0, r0, c12, c0, 0  @ VBAR
    isb                             @ vectors valid from here on
    mrc     p15, 0, r4, c0, c0, 5   @ MPIDR
    and     r4, r4, #0xff           @ Aff0 is the index on every board here
    cmp     r4, #{max}              @ a core without a stack ...
2:  bhs     2b                      @ ... stays here
    ldr     r0, =__stacks_start
    add     r1, r4, #1
    mov     r2, #{stack}
    mla     sp, r1, r2, r0          @ stack top of this core
    cmp     r5, #0
    bne     6f
    cmp     r4, #0
    bne     4f                      @ others wait at the gate
    ldr     r0, =__bss_start
    ldr     r1, =__bss_end
    mov     r2, #0
3:  cmp     r0, r1
    strlo   r2, [r0], #4            @ clear the bss, whole words (16-byte aligned)
    blo     3b
    bl      {prepare}               @ translation table
    dsb                             @ bss and table visible before the gate opens
    ldr     r1, ={gate}
    mov     r0, #{open}
    str     r0, [r1]                @ open the gate
    dsb
    sev                             @ wake cores that wait by wfe
    b       6f
4:  ldr     r1, ={gate}
5:  ldr     r0, [r1]                @ poll: works with and without events
    cmp     r0, #{open}
    bne     5b
    dmb                             @ nothing of the bss is read earlier
6:  bl      arm_support_mmu_on
    mov     r0, r4                  @ rust_entry(index, argument, warm)
    mov     r1, r6
    mov     r2, r5
    bl      {entry}
7:  b       7b                      @ never returns
    .ltorg
    .size _start, . - _start

    .section .text.vectors, "ax"
    .p2align 5
    .global arm_support_vectors
arm_support_vectors:
    b       .                       @ reset: not taken through VBAR
    b       arm_support_undef
    b       arm_support_svc
    b       arm_support_pabt
    b       arm_support_dabt
    b       .                       @ HYP trap: not taken here
    b       arm_support_irq
    b       arm_support_fiq

    .macro  interrupt_stub name, handler
\name:
    sub     lr, lr, #4              @ preferred return address of IRQ and FIQ
    srsdb   sp!, #0x13              @ LR, SPSR to the SVC stack
    cps     #0x13                   @ go on in SVC mode, masks unchanged
    push    {{r0-r3, r12, lr}}      @ what a call may change
    and     r1, sp, #4              @ AAPCS wants 8-byte alignment
    sub     sp, sp, r1
    push    {{r0, r1}}              @ keeps the correction, and alignment
    bl      \handler
    pop     {{r0, r1}}
    add     sp, sp, r1              @ undo the alignment
    clrex                           @ no reservation survives an exception
    pop     {{r0-r3, r12, lr}}
    rfeia   sp!                     @ back, with the stored CPSR
    .endm

    interrupt_stub arm_support_irq, {irq}
    interrupt_stub arm_support_fiq, {fiq}

    .macro  fault_stub name, kind, back
\name:
    sub     lr, lr, #\back          @ address of the instruction
    srsdb   sp!, #0x13
    cps     #0x13
    pop     {{r1, r2}}              @ pc, cpsr as they were
    mov     r0, #\kind
    bic     sp, sp, #7              @ fatal: alignment need not be undone
    b       {fault}
    .endm

    fault_stub arm_support_undef, 0, 4
    fault_stub arm_support_svc,   1, 4
    fault_stub arm_support_pabt,  2, 4
    fault_stub arm_support_dabt,  3, 8
"#,
    max = const crate::MAX_CPUS,
    stack = const STACK_SIZE,
    gate = sym ARM_SUPPORT_GATE,
    open = const GATE_OPEN,
    prepare = sym prepare,
    entry = sym rust_entry,
    irq = sym irq_entry,
    fiq = sym fiq_entry,
    fault = sym fault_entry,
);
