// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the assembly of either instruction set defines, as Rust sees it: the way out of the image and back, and
//! position-independent code that runs elsewhere.

use super::platform;
use hal_smp_arm::victim::{Coherency, Departure, Levels};

unsafe extern "C" {
    fn arm_support_excursion(stack: *mut usize, departure: &Departure);
    fn arm_support_resume();
}

/// Where a core enters that comes back.
pub(super) fn warm_address() -> usize {
    crate::start::warm_address()
}

/// Leaves the image for the probe and comes back by its `resume`.
pub(super) fn excursion(stack: *mut usize, departure: &Departure) {
    // SAFETY: the probe brings the image back before it resumes; all registers that a call keeps are on the stack.
    unsafe { arm_support_excursion(stack, departure) }
}

/// Address at which an excursion ends.
pub(super) fn resume_address() -> usize {
    arm_support_resume as *const () as usize
}

/// Called by the excursion: the requester leaves with everything clean.
pub(super) extern "C" fn depart_all(departure: &Departure) -> ! {
    platform::leave(departure, Coherency::Keep, Levels::All)
}

macro_rules! position_independent {
    ($(#[$doc:meta])* $name:ident, $start:ident, $end:ident) => {
        unsafe extern "C" {
            static $start: u32;
            static $end: u32;
        }
        $(#[$doc])*
        pub(super) fn $name() -> &'static [u32] {
            let (start, end) = (&raw const $start, &raw const $end);
            // SAFETY: the assembly emits whole words between the two symbols, in read-only data.
            unsafe { core::slice::from_raw_parts(start, (end as usize - start as usize) / 4) }
        }
    };
}

position_independent!(
    /// Overwrites the image, challenges the parked cores, checks, brings the image back. First argument: the
    /// [`Probe`](super::overwrite::Probe).
    probe, arm_support_probe, arm_support_probe_end);
position_independent!(
    /// A pen that acknowledges and then never looks at its slot again. Registers as for the real one.
    dead_pen, arm_support_dead_pen, arm_support_dead_pen_end);
position_independent!(
    /// The boot pen, or its head: says in the word of the second argument that a core is there. Then it waits for an address in
    /// the flags register of the first one (AArch32), or the loop of the spin table follows (AArch64).
    boot_pen, arm_support_boot_pen, arm_support_boot_pen_end);
