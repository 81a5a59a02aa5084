// SPDX-License-Identifier: MIT OR Apache-2.0
//! Interrupts of an MPIC that a single store makes, into a program that spins behind it with a pattern in all registers.

use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::exception::Exception;
use hal_exc_api::frame::InterruptFrame;
use hal_exc_api::handler::Handled;
use hal_exc_api::irq::{IrqEntry, IrqManager};
use hal_exc_api::irq_manager;
use hal_exc_api::pic::{CpuId, CpuInterface, CriticalRouting, LineMask, Msi, Output};
use pic_openpic::{ByteOrder, Mmio, SharedMsi, registers};
use ppc_exceptions::spin::{self, Instruction};
use ppc_support::platform::SingleCpu;
use ppc_support::shared::Shared;
use ppc_support::{Failure, ensure, println};

use crate::sources::{self, IRQS, SOURCES};
use crate::{Machine, Setup, uart};

irq_manager! {
    /// The 32 messages that share line 224.
    static MESSAGES: IrqManager<SharedMsi<Mmio<ByteOrder>>, SingleCpu, 32, 1> = SingleCpu, named Messages;
}

static SHARED_ENTRY: IrqEntry = IrqEntry::new("shared messages", IrqManager::dispatch_cascaded, &MESSAGES);
static MESSAGE_ENTRY: IrqEntry = IrqEntry::new("message", sources::on_count, &MESSAGE_COUNT);
static MESSAGE_COUNT: AtomicU32 = AtomicU32::new(0);

const MESSAGE: &str = "message-signalled";
const ROUNDS: u32 = 100;
/// A timer period of 2 ms. The timer goes on until its handler stops it, which a slow host may do too late for one more.
const TIMER_TICKS: u32 = 50_000;

/// The body for external interrupts, from every kind of source: UART, message-signalled, inter-processor, controller
/// timer. First one of each with a pattern in all registers, then 100 of each.
///
/// # Errors
/// A register that is not as expected, an interrupt that did not come, or what was refused.
pub fn external(setup: &Setup<'_>) -> Result<(), Failure> {
    let (exceptions, machine) = (setup.exceptions, setup.machine);
    sources::start(machine)?;
    let pic = IRQS.controller()?;
    println!("# {:?}", pic.identity());
    let messages = machine.shared_messages(pic)?;
    let shared = messages.upstream();
    MESSAGES.init(messages)?;
    let message = MESSAGES.configure(|messages| Ok(messages.allocate_msi()?))?;
    IRQS.install(shared, &SHARED_ENTRY)?;
    IRQS.enable(shared)?;
    MESSAGES.install(message.line, &MESSAGE_ENTRY)?;
    MESSAGES.enable(message.line)?;
    spin::connect(exceptions, Some(sources::on_external), None)?;

    let word = |register: usize, value| Instruction::StoreWord((machine.registers + register) as u32, value);
    let [uart, ipi, timer] = SOURCES;
    for (name, count, store) in [
        (uart.name, uart.count, uart::store()),
        (MESSAGE, &MESSAGE_COUNT, Instruction::StoreWord(message.address as u32, message.data)),
        (ipi.name, ipi.count, word(registers::ipi_dispatch(CpuId::BOOT, 0).offset(), 1)),
        (timer.name, timer.count, word(registers::timer_base(0).offset(), TIMER_TICKS)),
    ] {
        // SAFETY: every enabled line has its handler, and each store makes one of them ask.
        let taken = unsafe { spin::one(exceptions, Exception::ExternalInput, store, count)? };
        expect(name, taken, 1)?;
        println!("{name} interrupt: all registers intact");
    }

    many(uart.name, uart.count, uart.cause)?;
    many(MESSAGE, &MESSAGE_COUNT, || Ok(MESSAGES.raise(message.line)?))?;
    many(ipi.name, ipi.count, ipi.cause)?;
    many(timer.name, timer.count, timer.cause)?;
    let spurious = IRQS.cpu_statistics(CpuId::BOOT)?.spurious;
    ensure!(spurious == 0, "{spurious} spurious interrupts");
    Ok(())
}

/// Many interrupts, each made by `cause` and waited for.
fn many(name: &str, count: &AtomicU32, cause: impl Fn() -> Result<(), Failure>) -> Result<(), Failure> {
    let first = count.load(Ordering::Relaxed);
    for round in 1..=ROUNDS {
        cause()?;
        let mut looks = 0;
        while count.load(Ordering::Relaxed) - first < round {
            looks += 1;
            ensure!(looks < PATIENCE, "{name}: interrupt {round} did not come");
        }
    }
    expect(name, count.load(Ordering::Relaxed) - first, ROUNDS)?;
    println!("{name}: {ROUNDS} interrupts");
    println!("@ irq source=\"{name}\" count={}", count.load(Ordering::Relaxed));
    Ok(())
}

/// Looks at a counter before an interrupt counts as lost: half a minute, for a busy host.
const PATIENCE: u32 = 4_000_000_000;

/// Only the timer, which is periodic, may have come more often.
fn expect(name: &str, taken: u32, due: u32) -> Result<(), Failure> {
    let [.., timer] = SOURCES;
    ensure!(taken == due || taken > due && name == timer.name, "{name}: {taken} interrupts, not {due}");
    Ok(())
}

/// The machine, for the critical handler.
static REQUESTS: Shared<Machine> = Shared::new();
static TAKEN: AtomicU32 = AtomicU32::new(0);

/// The body for critical interrupts: two lines of the controller routed to the CPU's critical input, each with a pattern
/// in all registers. Such a line bypasses priorities, acknowledge and end, and interrupts as long as it is active.
///
/// # Errors
/// A register that is not as expected, or what was refused.
pub fn critical(setup: &Setup<'_>) -> Result<(), Failure> {
    let (exceptions, machine) = (setup.exceptions, setup.machine);
    let pic = machine.start()?;
    println!("# MPIC {:?}", pic.identity().mpic_version());
    pic.init_cpu(CpuId::BOOT)?;
    for line in [machine.device.line, machine.shared_messages(&pic)?.upstream()] {
        pic.set_output(line, Output::Critical)?;
        ensure!(pic.output(line)? == Output::Critical, "line {line} stays on {:?}", pic.output(line)?);
        pic.enable(line)?;
    }
    REQUESTS.put(*machine);
    spin::connect(exceptions, None, Some(on_critical))?;
    // Bit 3 of the first shared register.
    let message = Instruction::StoreWord(machine.message_index() as u32, 3 << 24);
    for (name, store) in [("UART", uart::store()), (MESSAGE, message)] {
        // SAFETY: the critical lines have their handler, no other line is enabled, and each store makes one of them ask.
        let taken = unsafe { spin::one(exceptions, Exception::CriticalInput, store, &TAKEN)? };
        ensure!(taken == 1, "{name}: {taken} critical interrupts, not 1");
        println!("{name} critical interrupt: all registers intact");
    }
    Ok(())
}

/// Takes both requests back.
extern "C" fn on_critical(_: &mut InterruptFrame) -> Handled {
    TAKEN.fetch_add(1, Ordering::Relaxed);
    let quiet = REQUESTS.with(|machine| {
        (machine.device.quiet)();
        machine.take_messages();
    });
    if quiet.is_some() { Handled::Handled } else { Handled::NotHandled }
}
