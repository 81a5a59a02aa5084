// SPDX-License-Identifier: MIT OR Apache-2.0
//! Machine check (pin 3, falling edge) and system reset (pin 1, QEMU takes the rising edge), while the program spins with a pattern in all registers; it
//! goes on afterwards.
//@ qtest
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::exception::Exception;
use hal_exc_api::frame::IsolatedFrame;
use hal_exc_api::handler::Handled;
use ppc_support::trial::{Expected, Last, Registers};
use ppc_support::{BootInfo, Failure, ensure, println, program, trial};

program!(main, mac99::power_off);

static LAST: Last = Last::new();
/// The pins, by number.
const MACHINE_CHECK: u32 = 3;
const RESET: u32 = 1;
/// The one in use.
static PIN: AtomicU32 = AtomicU32::new(0);

/// `b .`
const SPIN: u32 = 0x4800_0000;

trial!(spin, [], "b .");

fn main(boot: &'static BootInfo) -> Result<(), Failure> {
    let (_board, _cpu, setup) = mac99::Board::setup(boot)?;
    let exceptions = setup.install()?;
    for (pin, exception) in [(MACHINE_CHECK, Exception::MachineCheck), (RESET, Exception::SystemReset)] {
        exceptions.set_isolated_handler(exception, on_pin)?;
        for round in 1..=3 {
            PIN.store(pin, Ordering::Relaxed);
            raise();
            let mut after = Registers::default();
            // SAFETY: the handler ends the spinning.
            unsafe { spin(&mut after, pin, round) };
            let expected = Expected::at_instruction(exception, &after, [pin, round]);
            expected.check(LAST.take(), &after)?;
            let msr: u32;
            // SAFETY: reads MSR.
            unsafe { core::arch::asm!("mfmsr {}", out(reg) msr, options(nomem, nostack, preserves_flags)) };
            ensure!(msr == after.msr, "{exception}: MSR {msr:08x} afterwards, not {:08x}", after.msr);
        }
        println!("{exception}: taken three times, all registers intact, machine checks on again");
    }
    Ok(())
}

/// Asks for an edge of the pin; it comes with the last line, so that nothing is printed meanwhile.
fn raise() {
    let pin = PIN.load(Ordering::Relaxed);
    for level in if pin == MACHINE_CHECK { [1, 0] } else { [0, 1] } {
        println!("@ qtest set_irq_in /machine/unattached/device[0] unnamed-gpio-in {pin} {level}");
    }
}

/// The edge may come before the program spins: then another one is asked for.
extern "C" fn on_pin(frame: &mut IsolatedFrame) -> Handled {
    // SAFETY: the interrupted PC lies in the image's code.
    if unsafe { (frame.pc as *const u32).read() } == SPIN {
        LAST.record(frame.as_frame());
        frame.skip_instruction();
    } else {
        raise();
    }
    Handled::Handled
}
