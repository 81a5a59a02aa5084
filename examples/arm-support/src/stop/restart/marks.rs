// SPDX-License-Identifier: MIT OR Apache-2.0
//! An empty function for each core, called just before its release: for who watches the execution from outside.

use core::arch::global_asm;

macro_rules! empty_functions {
    ($back:literal) => {
        global_asm!(
            r#"
            .section .text.restart_marks, "ax"
            .p2align 2
            .global arm_support_marks
        arm_support_marks:
            .rept   {cpus}
            "#,
            $back,
            ".endr",
            cpus = const crate::MAX_CPUS,
        );
    };
}

#[cfg(target_arch = "arm")]
empty_functions!("bx lr");
#[cfg(target_arch = "aarch64")]
empty_functions!("ret");

unsafe extern "C" {
    fn arm_support_marks();
}

/// Bytes from one to the next.
pub(super) const STEP: usize = 4;

/// Address of the one of core 0.
pub(super) fn first() -> usize {
    arm_support_marks as *const () as usize
}

/// Calls the one of a core.
pub(super) fn pass(cpu: usize) {
    if cpu < crate::MAX_CPUS {
        // SAFETY: the assembly has an empty function of the C calling convention there.
        let mark: extern "C" fn() = unsafe { core::mem::transmute(first() + cpu * STEP) };
        mark();
    }
}
