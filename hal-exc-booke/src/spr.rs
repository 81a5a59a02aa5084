// SPDX-License-Identifier: MIT OR Apache-2.0
//! EVPR, the vector base of 403 and 405. (IVPR and IVORs are in [`ivor`](crate::ivor).)

use core::arch::asm;

use hal_exc_api::install::InstallError;

/// Writes EVPR (SPR 982) and reads it back; only the upper 16 bits exist.
///
/// # Errors
/// [`InstallError::Register`] when it did not take the value.
///
/// # Safety
/// * The CPU is a 403 or 405, and `base` has no lower bits.
/// * The vectors at `base` are written and visible to instruction fetch.
pub unsafe fn set_evpr(base: u32) -> Result<(), InstallError> {
    let found: u32;
    // SAFETY: moves the vectors to where the caller has written them; `isync` orders it before what follows.
    unsafe {
        asm!("mtspr 982, {base}", "isync", "mfspr {found}, 982", base = in(reg) base, found = out(reg) found,
            options(nostack, preserves_flags));
    }
    if found & 0xFFFF_0000 == base { Ok(()) } else { Err(InstallError::Register { name: "evpr", wanted: base, found }) }
}
