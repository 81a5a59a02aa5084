// SPDX-License-Identifier: MIT OR Apache-2.0
//! Exceptions by a pin of the CPU, while the program spins with a pattern in all registers; it goes on afterwards.
//!
//! The tool works the pin when a request line is complete (`@ qtest`). The character that completes the line is sent by
//! the instruction in front of the spinning one, so that the edge cannot come too early, however slow the guest or the
//! tool is.

use hal_exc_api::exception::Exception;
use hal_exc_api::frame::IsolatedFrame;
use hal_exc_api::handler::{Handled, IsolatedHandler};
use hal_exc_api::install::Exceptions;
use ppc_support::trial::{Expected, Last, Registers};
use ppc_support::{Failure, ensure, print, println, trial};

/// A pin.
#[derive(Clone, Copy, Debug)]
pub struct Pin {
    /// The exception that it raises.
    pub exception: Exception,
    /// Number of the CPU's input.
    pub input: u32,
    /// The levels that make the edge.
    pub edge: [u32; 2],
    /// [`on_pin`], or a handler that calls it.
    pub handler: IsolatedHandler,
}

static LAST: Last = Last::new();

/// `b .`
const SPIN: u32 = 0x4800_0000;
const TIMES: u32 = 3;

trial!(complete, [], "stb %r5, 0(%r4)", "b .");

/// The body: each pin three times. `console` is the address of the console's transmit register.
///
/// # Errors
/// A frame or a register that is not as expected, or what was refused.
pub fn run(exceptions: &Exceptions, console: usize, pins: &[Pin]) -> Result<(), Failure> {
    let arguments = [console as u32, u32::from(b'\n')];
    for &Pin { exception, input, edge: [first, second], handler } in pins {
        exceptions.set_isolated_handler(exception, handler)?;
        for _ in 0..TIMES {
            let request = "@ qtest set_irq_in /machine/unattached/device[0] unnamed-gpio-in";
            println!("{request} {input} {first}");
            print!("{request} {input} {second}");
            let mut after = Registers::default();
            // SAFETY: the store sends a character, the handler ends the spinning.
            unsafe { complete(&mut after, arguments[0], arguments[1]) };
            let expected = Expected::at_instruction(exception, &after, arguments);
            Expected { pc: after.instruction + 4, ..expected }.check(LAST.take(), &after)?;
            let msr: u32;
            // SAFETY: reads MSR.
            unsafe { core::arch::asm!("mfmsr {}", out(reg) msr, options(nomem, nostack, preserves_flags)) };
            ensure!(msr == after.msr, "{exception}: MSR {msr:08x} afterwards, not {:08x}", after.msr);
        }
        println!("{exception}: taken three times, all registers intact, machine checks on again");
    }
    Ok(())
}

/// Notes the frame, and lets the spinning program go on. Anywhere else it declines, and the report names the place.
pub extern "C" fn on_pin(frame: &mut IsolatedFrame) -> Handled {
    // SAFETY: the interrupted PC lies in the image's code.
    if unsafe { (frame.pc as *const u32).read() } != SPIN {
        return Handled::NotHandled;
    }
    LAST.record(frame.as_frame());
    frame.skip_instruction();
    Handled::Handled
}
