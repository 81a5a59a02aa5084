// SPDX-License-Identifier: MIT OR Apache-2.0
//! The machine-check pin of an e500.

use core::arch::asm;

use hal_exc_api::exception::Exception;
use hal_exc_api::frame::{Frame, IsolatedFrame};
use hal_exc_api::handler::Handled;
use hal_exc_api::install::Exceptions;
use ppc_support::Failure;

use crate::pins::{self, Pin};

/// The emulator calls the pin RESET_CORE.
const MACHINE_CHECK: Pin =
    Pin { exception: Exception::MachineCheck, input: 0, edge: [0, 1], handler: on_machine_check };

/// `rfmci`.
const RFMCI: u32 = 0x4C00_004C;

/// The body: machine checks by the pin. `console` is the address of the console's transmit register.
///
/// # Errors
/// A frame or a register that is not as expected, or what was refused.
pub fn machine_check(exceptions: &Exceptions, console: usize) -> Result<(), Failure> {
    exceptions.set_handler(Exception::Program, on_program)?;
    pins::run(exceptions, console, &[MACHINE_CHECK])
}

extern "C" fn on_machine_check(frame: &mut IsolatedFrame) -> Handled {
    // SAFETY: all of MCSR's bits are write 1 to clear.
    unsafe { asm!("mtspr 572, {}", in(reg) u32::MAX, options(nostack, preserves_flags)) };
    pins::on_pin(frame)
}

/// QEMU's e500v2 does not know `rfmci`, which the e500v2 has: what the instruction would have done.
extern "C" fn on_program(frame: &mut Frame) -> Handled {
    // SAFETY: the PC lies in the image's code.
    if unsafe { (frame.pc as *const u32).read() } != RFMCI {
        return Handled::NotHandled;
    }
    let (pc, msr);
    // SAFETY: reads MCSRR0 and MCSRR1.
    unsafe {
        asm!("mfspr {pc}, 570", "mfspr {msr}, 571", pc = out(reg) pc, msr = out(reg) msr,
            options(nomem, nostack, preserves_flags));
    }
    (frame.pc, frame.msr) = (pc, msr);
    Handled::Handled
}
