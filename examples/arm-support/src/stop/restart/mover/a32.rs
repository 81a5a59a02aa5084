// SPDX-License-Identifier: MIT OR Apache-2.0
//! The mover in AArch32: position-independent, registers only.

use core::arch::global_asm;

use super::{AWAIT, CHECK, COMPARE, COPY, FILL, INCREMENT, MULTIPLIER, STORE};

/// Undefined in A32, and in T32 by its low half. Zero would be an instruction that does nothing.
const POISON: u32 = 0xE7F0_DEF0;

global_asm!(
    r#"
    .section .rodata.arm_support_mover, "a"
    .p2align 2
    .arm
    .global arm_support_mover
    .global arm_support_mover_end
arm_support_mover:                      @ r0 list, r1 findings
    movw    r8, #{poison_low}
    movt    r8, #{poison_high}
    movw    r9, #{multiplier_low}
    movt    r9, #{multiplier_high}
    movw    r10, #{increment_low}
    movt    r10, #{increment_high}
1:  mov     r12, r0                     @ this step, for the findings
    ldm     r0!, {{r2-r5}}              @ what, and its operands
    cmp     r2, #{fill}
    beq     10f
    cmp     r2, #{check}
    beq     20f
    cmp     r2, #{store}
    beq     30f
    cmp     r2, #{wait}
    beq     40f
    cmp     r2, #{copy}
    beq     50f
    cmp     r2, #{compare}
    beq     60f
    mov     r2, #0                      @ enter: instructions of the former image are forgotten
    mcr     p15, 0, r2, c7, c5, 0       @ ICIALLU (DDI 0406C, B4.2.1)
    mcr     p15, 0, r2, c7, c5, 6       @ BPIALL
    dsb                                 @ both are done, and all that was written is in memory
    isb                                 @ nothing fetched before is used
    mov     r0, r4
    bx      r3

10: cmp     r3, r4                      @ fill: r3 to r4, numbers from r5
    bhs     1b
    mla     r5, r5, r9, r10             @ next number
    str     r8, [r3], #4                @ poison
    str     r5, [r3], #4                @ number
    b       10b

20: cmp     r3, r4                      @ check the same
    bhs     1b
    mla     r5, r5, r9, r10
    ldr     r6, [r3], #4
    cmp     r6, r8
    ldreq   r6, [r3], #4
    cmpeq   r6, r5
    beq     20b
    b       70f

30: str     r4, [r3]                    @ store r4 at r3
    dsb                                 @ it is there ...
    sev                                 @ ... before anybody is told
    b       1b

40: ldr     r6, [r3]                    @ wait for r4 at r3, at most r5 polls
    cmp     r6, r4
    beq     1b
    subs    r5, r5, #1
    bne     40b
    b       70f

50: cmp     r3, r4                      @ copy from r5 to r3, up to r4
    bhs     1b
    ldr     r6, [r5], #4
    str     r6, [r3], #4
    b       50b

60: cmp     r3, r4                      @ compare the same
    bhs     1b
    ldr     r6, [r5], #4
    ldr     r7, [r3], #4
    cmp     r6, r7
    beq     60b

70: ldr     r6, [r1]                    @ something is not as it should be
    add     r6, r6, #1
    str     r6, [r1]                    @ so often
    str     r12, [r1, #4]               @ in this step
    str     r3, [r1, #8]                @ here, or just before
    b       1b

arm_support_mover_end:
    "#,
    poison_low = const POISON & 0xffff,
    poison_high = const POISON >> 16,
    multiplier_low = const MULTIPLIER & 0xffff,
    multiplier_high = const MULTIPLIER >> 16,
    increment_low = const INCREMENT & 0xffff,
    increment_high = const INCREMENT >> 16,
    fill = const FILL,
    check = const CHECK,
    store = const STORE,
    wait = const AWAIT,
    copy = const COPY,
    compare = const COMPARE,
);
