// SPDX-License-Identifier: MIT OR Apache-2.0
//! The mover in AArch32, position independent.

use core::arch::global_asm;

global_asm!(
    r#"
    .section .rodata.hal_smp_arm_mover_a32, "a"
    .p2align 2
    .arm
    .global hal_smp_arm_mover_a32
    .global hal_smp_arm_mover_a32_end
hal_smp_arm_mover_a32:                  @ r0: the move
    cpsid   aif                         @ masked already; costs nothing to be sure
    ldr     r1, [r0, #0]                @ destination
    ldr     r2, [r0, #8]                @ source
    ldr     r3, [r0, #16]               @ blocks of 64 bytes
1:  ldm     r2!, {{r4-r11}}
    stm     r1!, {{r4-r11}}             @ half a block
    ldm     r2!, {{r4-r11}}
    stm     r1!, {{r4-r11}}             @ the other half
    subs    r3, r3, #1
    bne     1b
    dsb                                 @ all of it is in memory
    ldr     r1, [r0, #0]                @ once more, to compare
    ldr     r2, [r0, #8]
    ldr     r3, [r0, #16]
    lsl     r3, r3, #2                  @ in quarters of a block
2:  ldm     r2!, {{r4-r7}}              @ what was to be written
    ldm     r1!, {{r8-r11}}             @ what is there
    cmp     r4, r8
    cmpeq   r5, r9
    cmpeq   r6, r10
    cmpeq   r7, r11
    bne     3f
    subs    r3, r3, #1
    bne     2b
    mov     r4, #0
    mcr     p15, 0, r4, c8, c7, 0       @ TLBIALL: nothing of old tables
    mcr     p15, 0, r4, c7, c5, 6       @ BPIALL: no branch of the old image
    mcr     p15, 0, r4, c7, c5, 0       @ ICIALLU: none of its instructions
    dsb                                 @ all three are complete
    isb                                 @ and nothing fetched before is used
    ldr     r6, [r0, #24]               @ entry
    ldr     r1, [r0, #40]               @ its registers
    ldr     r2, [r0, #48]
    ldr     r3, [r0, #56]
    ldr     r0, [r0, #32]
    bx      r6
3:  ldr     r6, [r0, #64]               @ fallback
    sub     r0, r1, #16                 @ where the difference is, to 16 bytes
    bx      r6
hal_smp_arm_mover_a32_end:
    "#
);

unsafe extern "C" {
    static hal_smp_arm_mover_a32: u32;
    static hal_smp_arm_mover_a32_end: u32;
}

/// The mover's code, to be copied.
#[must_use]
pub fn code() -> &'static [u32] {
    let (start, end) = (&raw const hal_smp_arm_mover_a32, &raw const hal_smp_arm_mover_a32_end);
    // SAFETY: the assembly above emits whole words between the two symbols, in read-only data.
    unsafe { core::slice::from_raw_parts(start, (end as usize - start as usize) / 4) }
}
