// SPDX-License-Identifier: MIT OR Apache-2.0
//! A second system reset in the handler of the first, whose frame has the only place there is: it must be reported. Nothing
//! masks a system reset. (A second machine check cannot be shown: the emulator's `mtmsr` does not set ME.)
//@ qtest
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::exception::Exception;
use hal_exc_api::fatal::Fatal;
use hal_exc_api::frame::IsolatedFrame;
use hal_exc_api::handler::Handled;
use hal_exc_api::install::VectorArea;
use ppc_support::console::notes;
use ppc_support::println;

ppc_support::board_program!(
    mac99,
    &hal_exc_ppc_classic::FAMILY,
    // SAFETY: nothing else lies in the first 12 KiB, which are mapped one to one.
    unsafe { VectorArea::new(0, 0x3000) },
    |exceptions, _| {
        exceptions.set_isolated_handler(Exception::SystemReset, on_reset)?;
        println!("a first system reset");
        reset()
    },
    report = report
);

static TAKEN: AtomicU32 = AtomicU32::new(0);

/// Asks the tool for an edge at the pin, and waits for what comes of it.
fn reset() -> ! {
    for level in 0..=1 {
        println!("@ qtest set_irq_in /machine/unattached/device[0] unnamed-gpio-in 1 {level}");
    }
    loop {
        core::hint::spin_loop();
    }
}

extern "C" fn on_reset(_: &mut IsolatedFrame) -> Handled {
    if TAKEN.fetch_add(1, Ordering::Relaxed) == 0 {
        println!("a second one in its handler");
        reset()
    }
    Handled::NotHandled
}

fn report(fatal: &Fatal<'_>) {
    notes(fatal);
    println!("CPU {}: fatal: {}", fatal.index, fatal.cause);
    println!("handlers called: {}", TAKEN.load(Ordering::Relaxed));
    println!("result: pass");
}
