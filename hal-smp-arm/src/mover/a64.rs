// SPDX-License-Identifier: MIT OR Apache-2.0
//! The mover in AArch64, position independent.

use core::arch::global_asm;

global_asm!(
    r#"
    .section .rodata.hal_smp_arm_mover_a64, "a"
    .p2align 2
    .global hal_smp_arm_mover_a64
    .global hal_smp_arm_mover_a64_end
hal_smp_arm_mover_a64:                  // x0: the move
    msr     daifset, #0xf               // masked already; costs nothing to be sure
    ldp     x1, x2, [x0, #0]            // destination, source
    ldr     x3, [x0, #16]               // blocks of 64 bytes
1:  ldp     x4, x5, [x2], #16
    ldp     x6, x7, [x2], #16
    ldp     x8, x9, [x2], #16
    ldp     x10, x11, [x2], #16
    stp     x4, x5, [x1], #16
    stp     x6, x7, [x1], #16
    stp     x8, x9, [x1], #16
    stp     x10, x11, [x1], #16         // one block
    subs    x3, x3, #1
    b.ne    1b
    dsb     sy                          // all of it is in memory
    ldp     x1, x2, [x0, #0]            // once more, to compare
    ldr     x3, [x0, #16]
    lsl     x3, x3, #1                  // in half blocks
2:  ldp     x4, x5, [x2], #16           // what was to be written
    ldp     x6, x7, [x2], #16
    ldp     x8, x9, [x1], #16           // what is there
    ldp     x10, x11, [x1], #16
    cmp     x4, x8
    ccmp    x5, x9, #0, eq
    ccmp    x6, x10, #0, eq
    ccmp    x7, x11, #0, eq
    b.ne    3f
    subs    x3, x3, #1
    b.ne    2b
    tlbi    vmalle1                     // nothing of old tables
    ic      iallu                       // none of the old image's instructions
    dsb     nsh                         // both are complete
    isb                                 // and nothing fetched before is used
    ldr     x6, [x0, #24]               // entry
    ldp     x4, x1, [x0, #32]           // its registers
    ldp     x2, x3, [x0, #48]
    mov     x0, x4
    br      x6
3:  ldr     x6, [x0, #64]               // fallback
    sub     x0, x1, #32                 // where the difference is, to 32 bytes
    br      x6
hal_smp_arm_mover_a64_end:
    "#
);

unsafe extern "C" {
    static hal_smp_arm_mover_a64: u32;
    static hal_smp_arm_mover_a64_end: u32;
}

/// The mover's code, to be copied.
#[must_use]
pub fn code() -> &'static [u32] {
    let (start, end) = (&raw const hal_smp_arm_mover_a64, &raw const hal_smp_arm_mover_a64_end);
    // SAFETY: the assembly above emits whole words between the two symbols, in read-only data.
    unsafe { core::slice::from_raw_parts(start, (end as usize - start as usize) / 4) }
}
