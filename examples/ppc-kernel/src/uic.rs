// SPDX-License-Identifier: MIT OR Apache-2.0
//! Interrupts of the universal interrupt controller (UIC) of the 4xx chips that a program can raise, one of them routed to
//! the critical input: two lines without a device, set by the status-set register, or the two UARTs.

use ppc_support::dcr;
use ppc_support::mmio::Mmio;

use crate::sources::{self, Sources};

/// DCRs of the first UIC of every 4xx chip (PPC405GP and 440EP User's Manuals, chapter on interrupts).
const STATUS: u32 = 0xC0;
const STATUS_SET: u32 = 0xC1;
const ENABLE: u32 = 0xC2;
const CRITICAL_SELECT: u32 = 0xC3;
const POLARITY: u32 = 0xC4;
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
        // It is taken at once, unless another interrupt came just before: at the return from that one QEMU's 405 has lost
        // the enable. Bounded, because the caller tells when it never comes.
        for _ in 0..1000 {
            // SAFETY: as above.
            if unsafe { dcr::read::<STATUS>() } & CRITICAL == 0 {
                break;
            }
            sources::enable_critical();
        }
    }

    fn end_critical() {
        // SAFETY: as above.
        unsafe { dcr::write::<STATUS>(CRITICAL) };
    }
}

/// Lines of UART 0 and 1 (405EP and 440EP User's Manuals).
const UART_EXTERNAL: u32 = 0x8000_0000;
const UART_CRITICAL: u32 = 0x4000_0000;
/// UART 0 and 1 of both chips.
const UART_0: usize = 0xEF60_0300;
const UART_1: usize = 0xEF60_0400;
/// Interrupt enable register of a 16550, and its bit for "the transmitter is empty".
const IER: usize = 1;
const THRE: u8 = 2;

/// UART 0 makes the external interrupt and UART 1 the critical one, by being ready to send. For an emulator that counts
/// instructions: there QEMU aborts when the store to a DCR raises an interrupt.
#[derive(Debug)]
pub struct Uarts;

fn uart(base: usize) -> Mmio {
    // SAFETY: `arm` was called for a chip with UARTs there.
    unsafe { Mmio::new(base) }
}

impl Uarts {
    /// Sets both up; all other lines are off.
    ///
    /// # Safety
    /// * The chip is a 405EP or 440EP, and nobody else uses its interrupt controller or UART 1, or interrupts of UART 0.
    pub unsafe fn arm() {
        uart(UART_0).write8(IER, 0);
        uart(UART_1).write8(IER, 0);
        // SAFETY: the controller is there, says the caller.
        unsafe {
            dcr::write::<ENABLE>(0);
            dcr::write::<CRITICAL_SELECT>(UART_CRITICAL);
            dcr::write::<POLARITY>(UART_EXTERNAL | UART_CRITICAL); // active high
            dcr::write::<TRIGGER>(0); // level
            dcr::write::<STATUS>(UART_EXTERNAL | UART_CRITICAL); // write 1 to clear
            dcr::write::<ENABLE>(UART_EXTERNAL | UART_CRITICAL);
        }
    }
}

impl Sources for Uarts {
    const CRITICAL: bool = true;

    fn raise_external() {
        uart(UART_0).write8(IER, THRE);
    }

    fn end_external() -> bool {
        // SAFETY: as above.
        let ours = unsafe { dcr::read::<STATUS>() } & UART_EXTERNAL != 0;
        uart(UART_0).write8(IER, 0);
        // SAFETY: as above. The input is low: the bit stays cleared.
        unsafe { dcr::write::<STATUS>(UART_EXTERNAL) };
        ours
    }

    fn leave_external() {}

    fn raise_critical() {
        sources::enable_critical();
        uart(UART_1).write8(IER, THRE);
    }

    fn end_critical() {
        uart(UART_1).write8(IER, 0);
        // SAFETY: as above.
        unsafe { dcr::write::<STATUS>(UART_CRITICAL) };
    }
}
