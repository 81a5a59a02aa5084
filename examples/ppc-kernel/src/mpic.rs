// SPDX-License-Identifier: MIT OR Apache-2.0
//! Interrupts of the Freescale MPIC that a program can raise: two message-signaled interrupts, one of them routed to
//! the critical input. The message registers are level sensitive and cleared by reading them.

use core::sync::atomic::{AtomicUsize, Ordering};

use ppc_support::mmio::Mmio;

use crate::sources::{self, Sources};

/// Sources of shared message interrupt registers 0 and 1.
const FIRST_MSI: usize = 224;
const EXTERNAL: usize = 0;
const CRITICAL: usize = 1;

/// Message index register, and the first of the message registers.
const MSIIR: usize = 0x1740;
const MSIR: usize = 0x1600;
/// Current task priority, acknowledge and end of interrupt of this CPU.
const CTPR: usize = 0x80;
const IACK: usize = 0xA0;
const EOI: usize = 0xB0;
/// What acknowledge answers when there is nothing.
const SPURIOUS: u32 = 0xFFFF;
/// IDR\[CI0\]: to the critical input of CPU 0.
const CRITICAL_INPUT_0: u32 = 0x4000_0000;

const fn source(message: usize) -> usize {
    0x1_0000 + 0x20 * (FIRST_MSI + message)
}

static PIC: AtomicUsize = AtomicUsize::new(0);

fn pic() -> Mmio {
    // SAFETY: `arm` stored the mapped address of the controller before anybody could ask.
    unsafe { Mmio::new(PIC.load(Ordering::Relaxed)) }
}

/// Message 0 is the external interrupt, message 1 the critical one, both for CPU 0.
#[derive(Debug)]
pub struct Messages;

impl Messages {
    /// Sets both up. `address` is the effective address of the controller; controllers from version 4 have a level
    /// register per source.
    ///
    /// # Safety
    /// * The controller is there, mapped for good, and nobody else uses these sources.
    pub unsafe fn arm(address: usize) {
        PIC.store(address, Ordering::Relaxed);
        let pic = pic();
        pic.write32(CTPR, 0);
        for message in [EXTERNAL, CRITICAL] {
            let critical = message == CRITICAL;
            // ILR, version 4: 0 INT, 1 CINT. It reads as ones where there is none.
            let has_level_register = pic.read32(source(message) + 0x18) != u32::MAX;
            if has_level_register {
                pic.write32(source(message) + 0x18, u32::from(critical));
            }
            let destination = if critical && !has_level_register { CRITICAL_INPUT_0 } else { 1 };
            pic.write32(source(message) + 0x10, destination);
            pic.write32(source(message), 8 << 16 | (FIRST_MSI + message) as u32); // priority, vector, not masked
        }
    }

    /// Makes message `number` pending.
    fn raise(number: usize) {
        pic().write32(MSIIR, (number as u32) << 29);
    }

    /// Reading takes it back.
    fn clear(number: usize) -> u32 {
        pic().read32(MSIR + 0x10 * number)
    }
}

impl Sources for Messages {
    const CRITICAL: bool = true;

    fn raise_external() {
        Self::raise(EXTERNAL);
    }

    fn end_external() -> bool {
        let vector = pic().read32(IACK) & SPURIOUS;
        if vector == SPURIOUS {
            return false;
        }
        let ours = vector as usize == FIRST_MSI + EXTERNAL && Self::clear(EXTERNAL) != 0;
        pic().write32(EOI, 0);
        ours
    }

    fn leave_external() {
        let _ = pic().read32(IACK);
        pic().write32(EOI, 0);
    }

    fn raise_critical() {
        sources::enable_critical();
        Self::raise(CRITICAL);
    }

    fn end_critical() {
        Self::clear(CRITICAL);
    }
}
