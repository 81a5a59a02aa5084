// SPDX-License-Identifier: MIT OR Apache-2.0
//! The loop in which a core waits for its word in [`Rows`](super::Rows): gate of a shared release word, and the spin table
//! that the next image is told of.
//!
//! The rows follow the code at once. A core arrives with MMU and data cache off and nothing in its registers, finds
//! its row by MPIDR, and leaves as the boot protocol wants it: `x0` to `x3` zero. A core without a row stays for good.

core::arch::global_asm!(
    r#"
    .section .rodata.hal_smp_arm_hold_a64, "a"
    .p2align 6
    .global hal_smp_arm_hold_a64
    .global hal_smp_arm_hold_a64_end
hal_smp_arm_hold_a64:
    msr     daifset, #0xf           // nothing of an image may be taken from here
    mrs     x4, mpidr_el1
    and     x5, x4, #0xff00000000   // Aff3
    and     x4, x4, #0xffffff       // Aff2 to Aff0
    orr     x4, x4, x5
    adr     x5, 4f                  // the rows behind the code
1:  ldr     x6, [x5]
    cmp     x6, x4
    b.eq    2f                      // this core's
    cmn     x6, #1
    b.eq    3f                      // the end: not listed
    add     x5, x5, #{row}
    b       1b
2:  ldr     x6, [x5, #8]            // the release word, from memory
    cbnz    x6, 5f
    wfe                             // the writer sends an event
    b       2b
3:  wfe                             // not wanted, ever
    b       3b
5:  ic      iallu                   // what was at the entry's address before
    dsb     nsh
    isb
    mov     x0, xzr                 // as the boot protocol has it
    mov     x1, xzr
    mov     x2, xzr
    mov     x3, xzr
    br      x6
    .p2align 6
4:
hal_smp_arm_hold_a64_end:
"#,
    row = const super::ROW,
);

unsafe extern "C" {
    static hal_smp_arm_hold_a64: u32;
    static hal_smp_arm_hold_a64_end: u32;
}

/// The loop's instructions, position-independent, entry first; a multiple of 64 bytes.
#[must_use]
pub fn code() -> &'static [u32] {
    let start = &raw const hal_smp_arm_hold_a64;
    let end = &raw const hal_smp_arm_hold_a64_end;
    // SAFETY: the assembly above emits whole words between the two symbols, in read-only data.
    unsafe { core::slice::from_raw_parts(start, (end.addr() - start.addr()) / 4) }
}
