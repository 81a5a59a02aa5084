// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the mover goes if memory did not keep the kernel: there is nobody left to print, but the emulator can be left with
//! a status.

use core::arch::global_asm;

/// Status of the emulator when the copy did not read back.
const STATUS: u32 = 3;

#[cfg(target_arch = "arm")]
global_asm!(
    r#"
    .section .rodata.fallback, "a"
    .p2align 2
    .arm
    .global arm_support_fallback
    .global arm_support_fallback_end
arm_support_fallback:
    mov     r0, #0x20               @ SYS_EXIT_EXTENDED
    adr     r1, 2f
    svc     #0x123456               @ semihosting
1:  b       1b
2:  .word   0x20026, {status}       @ ADP_Stopped_ApplicationExit
arm_support_fallback_end:
"#,
    status = const STATUS,
);

#[cfg(target_arch = "aarch64")]
global_asm!(
    r#"
    .section .rodata.fallback, "a"
    .p2align 3
    .global arm_support_fallback
    .global arm_support_fallback_end
arm_support_fallback:
    mov     w0, #0x20               // SYS_EXIT_EXTENDED
    adr     x1, 2f
    hlt     #0xf000                 // semihosting
1:  b       1b
2:  .quad   0x20026, {status}       // ADP_Stopped_ApplicationExit
arm_support_fallback_end:
"#,
    status = const STATUS,
);

unsafe extern "C" {
    static arm_support_fallback: u32;
    static arm_support_fallback_end: u32;
}

/// The code, to be copied.
pub(super) fn code() -> &'static [u32] {
    let (start, end) = (&raw const arm_support_fallback, &raw const arm_support_fallback_end);
    // SAFETY: the assembly above emits whole words between the two symbols, in read-only data.
    unsafe { core::slice::from_raw_parts(start, (end as usize - start as usize) / 4) }
}
