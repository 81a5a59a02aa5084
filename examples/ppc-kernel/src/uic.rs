// SPDX-License-Identifier: MIT OR Apache-2.0
//! Interrupts of the universal interrupt controller (UIC) of the 4xx chips that a program can raise: two lines without
//! a device, set by the status-set register, one of them routed to the critical input.

use ppc_support::dcr;

use crate::sources::{self, Sources};

/// DCRs of the first UIC of every 4xx chip (PPC405GP and 440EP User's Manuals, chapter on interrupts).
const STATUS: u32 = 0xC0;
const STATUS_SET: u32 = 0xC1;
const ENABLE: u32 = 0xC2;
const CRITICAL_SELECT: u32 = 0xC3;
const TRIGGER: u32 = 0xC5;

/// Two lines that no device of the boards uses here: 20 and 21 in the manual's numbering.
const EXTERNAL: u32 = 0x8000_0000 >> 20;
const CRITICAL: u32 = 0x8000_0000 >> 21;

/// Line 20 is the external interrupt, line 21 the critical one.
#[derive(Debug)]
pub struct Lines;

impl Lines {
    /// Sets both up; all other lines are off.
    ///
    /// # Safety
    /// * The chip has a UIC at DCR 0xC0, and nobody else uses it.
    pub unsafe fn arm() {
        // SAFETY: the controller is there, says the caller.
        unsafe {
            dcr::write::<ENABLE>(0);
            dcr::write::<CRITICAL_SELECT>(CRITICAL);
            dcr::write::<TRIGGER>(EXTERNAL | CRITICAL); // edge: a set bit stays until it is cleared
            dcr::write::<STATUS>(EXTERNAL | CRITICAL); // write 1 to clear
            dcr::write::<ENABLE>(EXTERNAL | CRITICAL);
        }
    }
}

impl Sources for Lines {
    const CRITICAL: bool = true;

    fn raise_external() {
        // SAFETY: `arm` was called for a chip with a UIC.
        unsafe { dcr::write::<STATUS_SET>(EXTERNAL) };
    }

    fn end_external() -> bool {
        // SAFETY: as above.
        unsafe {
            let ours = dcr::read::<STATUS>() & EXTERNAL != 0;
            dcr::write::<STATUS>(EXTERNAL);
            ours
        }
    }

    fn leave_external() {}

    fn raise_critical() {
        sources::enable_critical();
        // SAFETY: as above.
        unsafe { dcr::write::<STATUS_SET>(CRITICAL) };
    }

    fn end_critical() {
        // SAFETY: as above.
        unsafe { dcr::write::<STATUS>(CRITICAL) };
    }
}
