// SPDX-License-Identifier: MIT OR Apache-2.0
//! The mover in AArch64: position-independent, registers only.

use core::arch::global_asm;

use super::{AWAIT, CHECK, COMPARE, COPY, FILL, INCREMENT, MULTIPLIER, STORE};

global_asm!(
    r#"
    .section .rodata.arm_support_mover, "a"
    .p2align 2
    .global arm_support_mover
    .global arm_support_mover_end
arm_support_mover:                      // x0 list, x1 findings
    movz    w9, #{multiplier_low}
    movk    w9, #{multiplier_high}, lsl #16
    movz    w10, #{increment_low}
    movk    w10, #{increment_high}, lsl #16
1:  mov     x12, x0                     // this step, for the findings
    ldp     x2, x3, [x0], #16           // what, and its operands
    ldp     x4, x5, [x0], #16
    cmp     x2, #{fill}
    b.eq    10f
    cmp     x2, #{check}
    b.eq    20f
    cmp     x2, #{store}
    b.eq    30f
    cmp     x2, #{wait}
    b.eq    40f
    cmp     x2, #{copy}
    b.eq    50f
    cmp     x2, #{compare}
    b.eq    60f
    dsb     sy                          // enter: all that was written is in memory
    ic      iallu                       // instructions of the former image are forgotten (DDI 0487, C5.3)
    dsb     sy                          // that is done
    isb                                 // nothing fetched before is used
    mov     x0, x4
    br      x3

10: cmp     x3, x4                      // fill: x3 to x4, numbers from w5
    b.hs    1b
    madd    w5, w5, w9, w10             // next number
    str     wzr, [x3], #4               // poison: zero is UDF (DDI 0487, C6.2)
    str     w5, [x3], #4                // number
    b       10b

20: cmp     x3, x4                      // check the same
    b.hs    1b
    madd    w5, w5, w9, w10
    ldr     w6, [x3], #4
    cbnz    w6, 70f
    ldr     w6, [x3], #4
    cmp     w6, w5
    b.eq    20b
    b       70f

30: str     w4, [x3]                    // store w4 at x3
    dsb     sy                          // it is there ...
    sev                                 // ... before anybody is told
    b       1b

40: ldr     w6, [x3]                    // wait for w4 at x3, at most x5 polls
    cmp     w6, w4
    b.eq    1b
    subs    x5, x5, #1
    b.ne    40b
    b       70f

50: cmp     x3, x4                      // copy from x5 to x3, up to x4
    b.hs    1b
    ldp     x6, x7, [x5], #16
    stp     x6, x7, [x3], #16
    b       50b

60: cmp     x3, x4                      // compare the same
    b.hs    1b
    ldr     x6, [x5], #8
    ldr     x7, [x3], #8
    cmp     x6, x7
    b.eq    60b

70: ldr     x6, [x1]                    // something is not as it should be
    add     x6, x6, #1
    str     x6, [x1]                    // so often
    str     x12, [x1, #8]               // in this step
    str     x3, [x1, #16]               // here, or just before
    b       1b

arm_support_mover_end:
    "#,
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
