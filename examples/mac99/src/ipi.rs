// SPDX-License-Identifier: MIT OR Apache-2.0
//! An interrupt that a program can raise: inter-processor interrupt 0 of the OpenPIC, sent to the own CPU. The machine
//! has no critical interrupts.

use core::sync::atomic::{AtomicUsize, Ordering};

use ppc_kernel::sources::Sources;
use ppc_support::mmio::Mmio;

use crate::Board;

/// Vector and priority of interrupt 0.
const IPIVPR: usize = 0x10A0;
/// Registers of CPU 0: send, task priority, acknowledge, end of interrupt.
const IPIDR: usize = 0x2_0040;
const CTPR: usize = 0x2_0080;
const IACK: usize = 0x2_00A0;
const EOI: usize = 0x2_00B0;

const PRIORITY: u32 = 8 << 16;
const VECTOR: u32 = 0x40;

static PIC: AtomicUsize = AtomicUsize::new(0);

fn pic() -> Mmio {
    // SAFETY: `arm` stored the address of the controller before anybody could ask.
    unsafe { Mmio::new(PIC.load(Ordering::Relaxed)) }
}

/// Interrupt 0 between processors.
#[derive(Debug)]
pub struct OwnIpi;

impl OwnIpi {
    /// Sets it up.
    pub fn arm(board: &Board) {
        PIC.store(board.pic, Ordering::Relaxed);
        pic().write32_le(IPIVPR, PRIORITY | VECTOR);
        pic().write32_le(CTPR, 0);
    }
}

impl Sources for OwnIpi {
    const CRITICAL: bool = false;

    fn raise_external() {
        pic().write32_le(IPIDR, 1);
    }

    fn end_external() -> bool {
        let ours = pic().read32_le(IACK) & 0xFF == VECTOR;
        if ours {
            pic().write32_le(EOI, 0);
        }
        ours
    }

    /// An edge ends by itself, so it is made again.
    fn leave_external() {
        Self::end_external();
        Self::raise_external();
    }

    fn raise_critical() {}

    fn end_critical() {}
}
