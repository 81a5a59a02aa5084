// SPDX-License-Identifier: MIT OR Apache-2.0
//! Cortex-A9 MPCore (DDI 0388, 2.4 "Power management"; DDI 0407, SCU).
//!
//! The level 1 data cache is all that a core has for itself. The PL310 behind the SCU is shared and outside the core's
//! hierarchy: the requester cleans it before it lets anybody read what it wrote.

use core::arch::asm;

use hal_smp_api::victim::{Step, follows};

use super::a32::{cache_off, clean_invalidate, translation_off_and_jump};
use super::{Departure, Manner};

/// The order of [`leave`], after the steps of the board.
pub const STEPS: [Step; 9] = [
    Step::EndOfInterrupt,
    Step::MaskAll,
    Step::ReportEntered,
    Step::QuietDevices,
    Step::CacheOff,
    Step::CleanInvalidate,
    Step::LeaveCoherency,
    Step::TranslationOff,
    Step::JumpToPen,
];
const _: () = assert!(follows(&STEPS));

/// Leaves the image.
///
/// # Safety
/// See [`Leave`](super::a32::Leave).
pub unsafe fn leave(departure: &Departure, manner: Manner) -> ! {
    // SAFETY: never returns; the caller vouches for state and target.
    unsafe {
        asm!(
            cache_off!(),
            clean_invalidate!(),
            "tst     r7, #{keep}             @ firmware's bit: stay",
            "bne     5f",
            "mrc     p15, 0, r8, c1, c0, 1   @ ACTLR (DDI 0388, 4.3.10)",
            "bic     r8, r8, #(1 << 6)       @ SMP = 0: no snoop reaches this core",
            "bic     r8, r8, #(1 << 0)       @ FW = 0: no broadcast maintenance either",
            "mcr     p15, 0, r8, c1, c0, 1",
            "isb                             @ the core is outside",
            "dsb                             @ and every request from inside is answered",
            "5:",
            translation_off_and_jump!(),
            in("r0") departure,
            in("r1") manner.flags(),
            keep = const Manner::KEEP,
            all = const Manner::ALL,
            options(noreturn)
        )
    }
}
