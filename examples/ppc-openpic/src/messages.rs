// SPDX-License-Identifier: MIT OR Apache-2.0
//! Message-signalled interrupts of the MPIC: 32 of them are a controller of their own, cascaded below one line.

use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::handler::Handled;
use hal_exc_api::irq::{Delivery, IrqEntry, IrqManager};
use hal_exc_api::irq_manager;
use hal_exc_api::pic::{Line, Msi, MsiMessage, PicError};
use pic_openpic::{ByteOrder, Mmio, SharedMsi};
use ppc_support::{Failure, ensure, println};

use crate::{Cpus, IRQS, Setup, settle, take_over};

irq_manager! {
    /// The 32 messages that share a line.
    static MESSAGES: IrqManager<SharedMsi<Mmio<ByteOrder>>, Cpus, 32, 2> = Cpus, named Messages;
}

static SHARED_ENTRY: IrqEntry = IrqEntry::new("shared messages", IrqManager::dispatch_cascaded, &MESSAGES);
static ENTRY: IrqEntry = IrqEntry::new("message", on_message, &SEEN);

/// Bit n: message n came. And how many did.
static SEEN: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];

fn on_message(seen: &'static [AtomicU32; 2], delivery: Delivery) -> Handled {
    seen[0].fetch_or(1 << delivery.line().number(), Ordering::Relaxed);
    seen[1].fetch_add(1, Ordering::Relaxed);
    Handled::Handled
}

fn take() -> (u32, u32) {
    settle();
    (SEEN[0].swap(0, Ordering::Relaxed), SEEN[1].swap(0, Ordering::Relaxed))
}

/// What a device does.
fn fire(message: MsiMessage) {
    // SAFETY: the index register of the mapped controller; a store raises the message and nothing else.
    unsafe { (message.address as usize as *mut u32).write_volatile(message.data) };
}

fn expect(what: &str, expected: (u32, u32)) -> Result<(), Failure> {
    let seen = take();
    ensure!(seen == expected, "{what}: {seen:x?}, not {expected:x?}");
    println!("{what}");
    Ok(())
}

/// The body.
///
/// # Errors
/// A message that came or did not come, or what was refused.
pub fn run(setup: &Setup<'_>) -> Result<(), Failure> {
    take_over(setup.exceptions, setup.machine)?;
    let messages = IRQS.controller()?.shared_msi(3, setup.machine.message_index() as u64)?;
    let above = messages.upstream();
    MESSAGES.init(messages)?;
    IRQS.install(above, &SHARED_ENTRY)?;
    println!("register 3 is on line {above}");

    let mut last = None;
    for number in 0..32 {
        let message = MESSAGES.configure(|pic| Ok(pic.allocate_msi()?))?;
        ensure!(message.line == Line::new(number), "message {number} has line {}", message.line);
        fire(message);
        ensure!(take() == (0, 0), "message {number} came although it is masked");
        if number == 7 {
            MESSAGES.install(message.line, &ENTRY)?;
            expect("fired while masked: it comes when it is enabled", (1 << 7, 1))?;
            fire(message);
            expect("fired: it comes once", (1 << 7, 1))?;
            MESSAGES.disable(message.line)?;
            fire(message);
            expect("disabled: it does not come", (0, 0))?;
            MESSAGES.enable(message.line)?;
            expect("enabled again: it comes", (1 << 7, 1))?;
            MESSAGES.raise(message.line)?;
            expect("raised by software: it comes", (1 << 7, 1))?;
        }
        last = Some(message);
    }
    let full = MESSAGES.controller()?.allocate_msi().err();
    ensure!(full == Some(PicError::NoFreeMsi { count: 32 }), "the 33rd: {full:?}");
    println!("32 allocated, the 33rd refused");

    let seven = Line::new(7);
    let message = last.ok_or(Failure::new("no message"))?;
    let message = MsiMessage { line: seven, data: message.data & !(31 << 24) | 7 << 24, ..message };
    ensure!(MESSAGES.remove(seven, &ENTRY)?.is_complete(), "the removal was not complete");
    MESSAGES.configure(|pic| Ok(pic.free_msi(seven)?))?;
    fire(message);
    expect("freed: it does not come", (0, 0))?;
    let again = MESSAGES.controller()?.free_msi(seven).err();
    ensure!(again == Some(PicError::MsiNotAllocated { line: seven }), "freed twice: {again:?}");
    println!("freed twice: refused");
    let reused = MESSAGES.configure(|pic| Ok(pic.allocate_msi()?))?;
    ensure!(reused == message, "{reused:?} is not what was freed");
    MESSAGES.install(seven, &ENTRY)?;
    expect("allocated again: what was sent meanwhile is forgotten", (0, 0))?;
    fire(reused);
    expect("fired: it comes", (1 << 7, 1))
}
