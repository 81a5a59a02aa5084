// SPDX-License-Identifier: MIT OR Apache-2.0
//! AArch64 start-up and vectors.
//!
//! A core may arrive at EL3, EL2 or EL1; the program always runs at EL1 with SPx. From EL3 it is
//! **secure** EL1 (SCR_EL3.NS stays 0), so that group 0 and FIQ are the program's own. The GIC
//! system registers are opened on the way down where the CPU has them (ID_AA64PFR0_EL1.GIC).
//!
//! There are two entries. `_start` is that of a fresh image; `arm_support_warm` is that of a core which comes back into
//! an image whose memory is in use. At either a core arrives with MMU and caches off; [`crate::start::restart`] sees to it.

use crate::mmu64::prepare;
use crate::start::{ARM_SUPPORT_ARRIVAL, ARM_SUPPORT_GATE, GATE_OPEN, STACK_SIZE, rust_entry};
use crate::vectors::{fault_entry, fiq_entry, irq_entry};
use core::arch::global_asm;

global_asm!(
    r#"
    .section .text.start, "ax"
    .global _start
    .global arm_support_warm
    .type _start, %function
_start:
    mov     x21, xzr                // fresh
    b       1f
arm_support_warm:
    mov     x21, #1                 // memory is in use: no gate, no bss
1:  msr     daifset, #0xf           // everything masked: no vectors yet
    mov     x22, x0                 // what the releasing core passes
    mrs     x1, id_aa64pfr0_el1
    ubfx    x1, x1, #24, #4         // x1: GIC system registers there?
    adr     x2, 5f                  // x2: where EL1 goes on
    mov     x3, #0x3c5              // x3: SPSR: DAIF masked, EL1h
    mrs     x23, currentel
    lsr     x23, x23, #2            // x23: level of arrival
    cmp     x23, #3
    b.eq    3f
    cmp     x23, #2
    b.eq    2f
    b       5f                      // EL1 already
3:  mov     x0, #(1 << 10)          // SCR_EL3: RW, secure, IRQ and FIQ stay below
    orr     x0, x0, #0x30           // RES1 bits
    msr     scr_el3, x0
    msr     cptr_el3, xzr           // FP and SIMD not trapped
    mov     x0, #(1 << 1)           // ACTLR_EL3, A53, A57, A72: CPUECTLR_EL1 open to lower levels
    msr     actlr_el3, x0
    msr     actlr_el2, x0
    mrs     x0, S3_1_C15_C2_1       // CPUECTLR_EL1: the same three cores have it
    orr     x0, x0, #(1 << 6)       // SMPEN, before any cache is on
    msr     S3_1_C15_C2_1, x0
    isb
    cbz     x1, 4f
    mov     x0, #0xf                // ICC_SRE_EL3: SRE, DFB, DIB, Enable
    msr     S3_6_C12_C12_5, x0
    isb
4:  msr     spsr_el3, x3
    msr     elr_el3, x2
    eret                            // to secure EL1
2:  mov     x0, #(1 << 31)          // HCR_EL2.RW: EL1 is AArch64
    msr     hcr_el2, x0
    mov     x0, #3                  // CNTHCTL_EL2: physical counter and timer open to EL1
    msr     cnthctl_el2, x0
    msr     cntvoff_el2, xzr        // virtual count = physical count
    mov     x0, #0x33ff             // CPTR_EL2: FP and SIMD not trapped, RES1
    msr     cptr_el2, x0
    cbz     x1, 4f
    mov     x0, #0xf                // ICC_SRE_EL2
    msr     S3_4_C12_C9_5, x0
    isb
4:  msr     spsr_el2, x3
    msr     elr_el2, x2
    eret
5:  ldr     x0, =0x30d00800         // SCTLR_EL1: RES1 bits only. MMU and caches off, little-endian
    msr     sctlr_el1, x0           // unknown after reset
    mov     x0, #(3 << 20)          // CPACR_EL1.FPEN: the compiler may use SIMD
    msr     cpacr_el1, x0
    ldr     x0, =arm_support_vectors
    msr     vbar_el1, x0
    isb                             // both valid from here on
    msr     spsel, #1               // SP_EL1, also when started again
    mrs     x19, mpidr_el1
    and     x19, x19, #0xff         // Aff0 is the index on every board here
    cmp     x19, #{max}             // a core without a stack ...
6:  b.hs    6b                      // ... stays here
    ldr     x0, =__stacks_start
    add     x1, x19, #1
    mov     x2, #{stack}
    madd    x0, x1, x2, x0
    mov     sp, x0                  // stack top of this core
    ldr     x20, ={gate}
    cbnz    x21, 9f
    cbnz    x19, 8f                 // others wait at the gate
    cmp     x23, #1
    b.eq    61f                     // a restart, or a loader that hands over at EL1
    ldr     x0, ={arrival}
    str     w23, [x0]
61:
    ldr     x0, =__bss_start
    ldr     x1, =__bss_end
7:  cmp     x0, x1
    b.hs    71f
    str     xzr, [x0], #8           // clear the bss (16-byte aligned)
    b       7b
71: bl      {prepare}               // translation tables
    ldr     x0, =__bss_start        // written without caches: no cache may hold what was there before
    ldr     x1, =__image_end
    mrs     x2, ctr_el0
    ubfx    w2, w2, #16, #4         // DminLine
    mov     w3, #4
    lsl     w2, w3, w2              // smallest line in bytes
72: dc      ivac, x0                // nothing in this range is dirty: a loader and a restart leave memory in order
    add     x0, x0, x2
    cmp     x0, x1
    b.lo    72b
    dsb     sy                      // bss and tables visible before the gate opens
    mov     w0, #{open}
    str     w0, [x20]               // open the gate
    dsb     sy
    sev                             // wake cores that wait by wfe
    b       9f
8:  ldr     w0, [x20]               // poll: works with and without events
    cmp     w0, #{open}
    b.ne    8b
    dmb     sy                      // nothing of the bss is read earlier
9:  bl      arm_support_mmu_on
    mov     x0, x19                 // rust_entry(index, argument, warm)
    mov     x1, x22
    mov     x2, x21
    mov     x29, xzr                // end of the frame chain
    bl      {entry}
91: b       91b                     // never returns
    .ltorg
    .size _start, . - _start

    .section .text.vectors, "ax"
    .p2align 11
    .global arm_support_vectors
arm_support_vectors:
    .macro  fault_slot kind
    .p2align 7
    mov     x0, #\kind              // which vector
    mrs     x1, elr_el1             // where
    mrs     x2, spsr_el1
    b       {fault}
    .endm
    .macro  branch_slot target
    .p2align 7
    b       \target
    .endm
    fault_slot 0                    // current EL, SP0: not used
    fault_slot 1
    fault_slot 2
    fault_slot 3
    fault_slot 4                    // current EL, SPx: synchronous
    branch_slot arm_support_irq
    branch_slot arm_support_fiq
    fault_slot 7                    // SError
    fault_slot 8                    // lower ELs: nothing runs there
    fault_slot 9
    fault_slot 10
    fault_slot 11
    fault_slot 12
    fault_slot 13
    fault_slot 14
    fault_slot 15

    .macro  interrupt_stub name, handler
\name:
    sub     sp, sp, #704            // 192 bytes general, 512 bytes SIMD
    stp     x0, x1, [sp, #0]
    stp     x2, x3, [sp, #16]
    stp     x4, x5, [sp, #32]
    stp     x6, x7, [sp, #48]
    stp     x8, x9, [sp, #64]
    stp     x10, x11, [sp, #80]
    stp     x12, x13, [sp, #96]
    stp     x14, x15, [sp, #112]
    stp     x16, x17, [sp, #128]
    stp     x18, x30, [sp, #144]
    mrs     x0, elr_el1             // free for a nested exception afterwards
    mrs     x1, spsr_el1
    stp     x0, x1, [sp, #160]
    add     x0, sp, #192            // SIMD: a call keeps only half of v8-v15
    stp     q0, q1, [x0, #0]
    stp     q2, q3, [x0, #32]
    stp     q4, q5, [x0, #64]
    stp     q6, q7, [x0, #96]
    stp     q8, q9, [x0, #128]
    stp     q10, q11, [x0, #160]
    stp     q12, q13, [x0, #192]
    stp     q14, q15, [x0, #224]
    stp     q16, q17, [x0, #256]
    stp     q18, q19, [x0, #288]
    stp     q20, q21, [x0, #320]
    stp     q22, q23, [x0, #352]
    stp     q24, q25, [x0, #384]
    stp     q26, q27, [x0, #416]
    stp     q28, q29, [x0, #448]
    stp     q30, q31, [x0, #480]
    bl      \handler
    add     x0, sp, #192
    ldp     q0, q1, [x0, #0]
    ldp     q2, q3, [x0, #32]
    ldp     q4, q5, [x0, #64]
    ldp     q6, q7, [x0, #96]
    ldp     q8, q9, [x0, #128]
    ldp     q10, q11, [x0, #160]
    ldp     q12, q13, [x0, #192]
    ldp     q14, q15, [x0, #224]
    ldp     q16, q17, [x0, #256]
    ldp     q18, q19, [x0, #288]
    ldp     q20, q21, [x0, #320]
    ldp     q22, q23, [x0, #352]
    ldp     q24, q25, [x0, #384]
    ldp     q26, q27, [x0, #416]
    ldp     q28, q29, [x0, #448]
    ldp     q30, q31, [x0, #480]
    ldp     x0, x1, [sp, #160]
    msr     elr_el1, x0             // handlers leave with interrupts masked again
    msr     spsr_el1, x1
    ldp     x18, x30, [sp, #144]
    ldp     x16, x17, [sp, #128]
    ldp     x14, x15, [sp, #112]
    ldp     x12, x13, [sp, #96]
    ldp     x10, x11, [sp, #80]
    ldp     x8, x9, [sp, #64]
    ldp     x6, x7, [sp, #48]
    ldp     x4, x5, [sp, #32]
    ldp     x2, x3, [sp, #16]
    ldp     x0, x1, [sp, #0]
    add     sp, sp, #704
    eret
    .endm

    interrupt_stub arm_support_irq, {irq}
    interrupt_stub arm_support_fiq, {fiq}
"#,
    max = const crate::MAX_CPUS,
    stack = const STACK_SIZE,
    gate = sym ARM_SUPPORT_GATE,
    open = const GATE_OPEN,
    entry = sym rust_entry,
    prepare = sym prepare,
    arrival = sym ARM_SUPPORT_ARRIVAL,
    irq = sym irq_entry,
    fiq = sym fiq_entry,
    fault = sym fault_entry,
);
