// SPDX-License-Identifier: MIT OR Apache-2.0
//! Machine check (pin 3, falling edge) and system reset (pin 1, QEMU takes the rising edge), while the program spins with a pattern in all registers; it
//! goes on afterwards.
//@ qtest
#![no_std]
#![no_main]

use hal_exc_api::exception::Exception;
use hal_exc_api::frame::IsolatedFrame;
use hal_exc_api::handler::Handled;
use ppc_support::trial::{Expected, Last, Registers};
use ppc_support::{BootInfo, Failure, ensure, print, println, program, trial};

program!(main, mac99::power_off);

static LAST: Last = Last::new();

/// The pins, by number, and the levels that make the edge.
const MACHINE_CHECK: (u32, [u32; 2]) = (3, [1, 0]);
const RESET: (u32, [u32; 2]) = (1, [0, 1]);

// Sends the character that completes the request, and spins: the edge cannot come too early.
trial!(complete, [], "stb %r5, 0(%r4)", "b .");

fn main(boot: &'static BootInfo) -> Result<(), Failure> {
    let (board, _cpu, setup) = mac99::Board::setup(boot)?;
    let exceptions = setup.install()?;
    let arguments = [board.escc.data_address() as u32, u32::from(b'\n')];
    for ((pin, [first, second]), exception) in
        [(MACHINE_CHECK, Exception::MachineCheck), (RESET, Exception::SystemReset)]
    {
        exceptions.set_isolated_handler(exception, on_pin)?;
        for _ in 0..3 {
            let request = "@ qtest set_irq_in /machine/unattached/device[0] unnamed-gpio-in";
            println!("{request} {pin} {first}");
            print!("{request} {pin} {second}");
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

extern "C" fn on_pin(frame: &mut IsolatedFrame) -> Handled {
    LAST.record(frame.as_frame());
    frame.skip_instruction();
    Handled::Handled
}
