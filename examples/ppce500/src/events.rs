// SPDX-License-Identifier: MIT OR Apache-2.0
//! Interrupts that a program can raise: two message-signaled interrupts of the MPIC, one of them routed to the critical
//! input. Version 4.2 of the controller has a level register per source (ILR); the message registers are level
//! sensitive and cleared by reading them.

use core::sync::atomic::{AtomicUsize, Ordering};

use ppc_kernel::sources::Sources;
use ppc_support::mmio::Mmio;

use crate::Soc;

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
pub struct Events;

impl Events {
    /// Sets both up.
    pub fn arm(soc: &Soc) {
        PIC.store(soc.pic, Ordering::Relaxed);
        let pic = pic();
        pic.write32(CTPR, 0);
        for message in [EXTERNAL, CRITICAL] {
            pic.write32(source(message) + 0x10, 1); // destination: CPU 0
            pic.write32(source(message) + 0x18, u32::from(message == CRITICAL)); // ILR: 0 INT, 1 CINT
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

impl Sources for Events {
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

    fn raise_critical() {
        Self::raise(CRITICAL);
    }

    fn end_critical() {
        Self::clear(CRITICAL);
    }
}
