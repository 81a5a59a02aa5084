// SPDX-License-Identifier: MIT OR Apache-2.0
//! The one register that places the vectors of a classic core: MSR.

use core::arch::asm;

/// MSR of the CPU that executes this.
#[must_use]
pub fn msr() -> u32 {
    let msr;
    // SAFETY: reading MSR has no side effect. Not `pure`: it changes between calls.
    unsafe { asm!("mfmsr {0}", out(reg) msr, options(nomem, nostack, preserves_flags)) };
    msr
}
