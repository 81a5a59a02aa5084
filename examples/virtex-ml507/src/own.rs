// SPDX-License-Identifier: MIT OR Apache-2.0
//! An interrupt that a program can raise: the UART asks when its transmit buffer is empty, and it is. The controller has
//! no software interrupts once its inputs are on, and no critical output.

use core::sync::atomic::{AtomicUsize, Ordering};

use hal_exc_api::pic::LineMask;
use ppc_kernel::sources::Sources;
use ppc_support::intc::{Bank, Register};
use ppc_support::mmio::Mmio;

use crate::pic::UART_LINE;
use crate::{Board, uart};

static PIC: AtomicUsize = AtomicUsize::new(0);
static UART: AtomicUsize = AtomicUsize::new(0);

fn device(address: &AtomicUsize) -> Mmio {
    // SAFETY: `arm` stored the device's address before anybody could ask.
    unsafe { Mmio::new(address.load(Ordering::Relaxed)) }
}

/// The UART's interrupt.
#[derive(Debug)]
pub struct OwnUart;

impl OwnUart {
    /// Sets it up.
    ///
    /// # Errors
    /// What the controller says.
    pub fn arm(board: &Board) -> Result<(), hal_exc_api::pic::PicError> {
        PIC.store(board.pic.base(), Ordering::Relaxed);
        UART.store(board.uart.base(), Ordering::Relaxed);
        board.start_pic().enable(UART_LINE)
    }
}

impl Sources for OwnUart {
    const CRITICAL: bool = false;

    fn raise_external() {
        uart::ask(device(&UART));
    }

    fn end_external() -> bool {
        let ours = uart::quiet(device(&UART));
        Self::leave_external();
        ours
    }

    /// A level comes back as long as the device asks.
    fn leave_external() {
        device(&PIC).write(Register::Acknowledge, 1 << UART_LINE.number());
    }

    fn raise_critical() {}

    fn end_critical() {}
}
