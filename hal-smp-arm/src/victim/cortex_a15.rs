// SPDX-License-Identifier: MIT OR Apache-2.0
//! Cortex-A15 MPCore (DDI 0438, 2.4 "Power management") and Cortex-A7 (DDI 0464).
//!
//! The level 2 cache is shared by the cluster, stays on and is coherent with the requester: only level 1 is left. A whole
//! cluster that loses power is another matter, and firmware's.

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
            "clrex                           @ no reservation is left that the domain could ask about",
            "tst     r7, #{keep}             @ firmware's bit: stay",
            "bne     5f",
            "mrc     p15, 0, r8, c1, c0, 1   @ ACTLR (DDI 0438, 4.3.28)",
            "bic     r8, r8, #(1 << 6)       @ SMP = 0: no snoop, no broadcast maintenance",
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
