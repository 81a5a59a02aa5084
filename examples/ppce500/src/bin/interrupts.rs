// SPDX-License-Identifier: MIT OR Apache-2.0
//! External interrupts from every kind of source: UART, message-signalled, inter-processor, controller timer. First
//! one of each with a pattern in all registers, then 100 of each.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::cpu::{self, Pvr};
use hal_exc_api::exception::Exception;
use hal_exc_api::fatal::Fatal;
use hal_exc_api::frame::InterruptFrame;
use hal_exc_api::handler::Handled;
use hal_exc_api::install::{CpuMemory, Exceptions, VectorPage};
use hal_exc_api::irq::{Delivery, IrqEntry, IrqManager};
use hal_exc_api::irq_manager;
use hal_exc_api::pic::{CpuId, CpuInterface, InterProcessor, IpiTarget, Msi, Timers};
use pic_openpic::{BigEndian, Mmio, SharedMsi, registers};
use ppc_support::platform::SingleCpu;
use ppc_support::shared::Shared;
use ppc_support::trial::{Expected, Last, Registers};
use ppc_support::{BootInfo, Failure, ensure, println, program, trial};
use ppce500::Pic;

program!(main, ppce500::power_off);

static MEMORY: CpuMemory = CpuMemory::new();
static VECTORS: VectorPage = VectorPage::new();

irq_manager! {
    /// The controller's lines.
    static IRQS: IrqManager<Pic, SingleCpu, 268, 1> = SingleCpu, named Irqs;
}
irq_manager! {
    /// The 32 messages that share line 224.
    static MESSAGES: IrqManager<SharedMsi<Mmio<BigEndian>>, SingleCpu, 32, 1> = SingleCpu, named Messages;
}

static UART_ENTRY: IrqEntry = IrqEntry::new("uart", on_uart, &UARTS);
static SHARED_ENTRY: IrqEntry = IrqEntry::new("shared messages", IrqManager::dispatch_cascaded, &MESSAGES);
static MESSAGE_ENTRY: IrqEntry = IrqEntry::new("message", on_count, &MESSAGE_COUNT);
static IPI_ENTRY: IrqEntry = IrqEntry::new("inter-processor", on_count, &IPIS);
static TIMER_ENTRY: IrqEntry = IrqEntry::new("timer", on_timer, &TIMERS);

static UARTS: AtomicU32 = AtomicU32::new(0);
static MESSAGE_COUNT: AtomicU32 = AtomicU32::new(0);
static IPIS: AtomicU32 = AtomicU32::new(0);
static TIMERS: AtomicU32 = AtomicU32::new(0);

/// The UART, for its handler.
static UART: Shared<ppc_support::mmio::Mmio> = Shared::new();
/// The frame of the interrupt that ended a spinning trial.
static SEEN: Last = Last::new();

const ROUNDS: u32 = 100;
const TIMER: &str = "timer";
/// A timer period of 2 ms. The timer goes on until its handler stops it, which a slow host may do too late for one more.
const TIMER_TICKS: u32 = 50_000;
/// The UART's interrupt enable register, and "transmit buffer empty" in it.
const IER: usize = 1;
const IER_EMPTY: u8 = 1 << 1;
/// `b .`
const SPIN: u32 = 0x4800_0000;

trial!(store_word, [], "stw %r5, 0(%r4)", "b .");
trial!(store_byte, [], "stb %r5, 0(%r4)", "b .");

fn main(boot: &'static BootInfo) -> Result<(), Failure> {
    let board = ppce500::Board::take(boot)?;
    let cpu = cpu::identify(Pvr(boot.pvr))?;
    println!("# {cpu}");
    let exceptions =
        Exceptions::new(&cpu, &[&hal_exc_e500::FAMILY])?.memory(&MEMORY).vectors(&VECTORS).fatal(fatal).install()?;

    let pic = board.start_pic()?;
    println!("# {:?}", pic.identity());
    let (ipi, timer) = (pic.ipi_line(0)?, pic.timer_line(0)?);
    let messages = pic.shared_msi(0, board.msi_address() as u64)?;
    let shared = messages.upstream();
    IRQS.init(pic)?;
    MESSAGES.init(messages)?;
    IRQS.configure(|pic| Ok(pic.init_cpu(CpuId::BOOT)?))?;
    let message = MESSAGES.configure(|messages| Ok(messages.allocate_msi()?))?;
    for (line, entry) in
        [(ppce500::UART_LINE, &UART_ENTRY), (shared, &SHARED_ENTRY), (ipi, &IPI_ENTRY), (timer, &TIMER_ENTRY)]
    {
        IRQS.install(line, entry)?;
        IRQS.enable(line)?;
    }
    MESSAGES.install(message.line, &MESSAGE_ENTRY)?;
    MESSAGES.enable(message.line)?;
    exceptions.set_interrupt_handler(Exception::ExternalInput, on_external)?;
    // SAFETY: every line that is enabled has its handler.
    unsafe { exceptions.enable() };

    let pic = board.soc.pic;
    let ier = (board.soc.uart.base() + IER) as u32;
    let ipi_register = (pic + registers::ipi_dispatch(CpuId::BOOT, 0).offset()) as u32;
    let timer_register = (pic + registers::timer_base(0).offset()) as u32;
    UART.put(board.soc.uart);
    run("UART", store_byte, [ier, IER_EMPTY.into()], &UARTS)?;
    run("message-signalled", store_word, [message.address as u32, message.data], &MESSAGE_COUNT)?;
    run("inter-processor", store_word, [ipi_register, 1], &IPIS)?;
    run(TIMER, store_word, [timer_register, TIMER_TICKS], &TIMERS)?;

    many("UART", &UARTS, || {
        board.soc.uart.write8(IER, IER_EMPTY);
        Ok(())
    })?;
    many("message-signalled", &MESSAGE_COUNT, || Ok(MESSAGES.raise(message.line)?))?;
    many("inter-processor", &IPIS, || Ok(IRQS.configure(|pic| Ok(pic.send(CpuId::BOOT, 0, IpiTarget::Myself)?))?))?;
    many(TIMER, &TIMERS, || Ok(IRQS.configure(|pic| Ok(pic.start_timer(0, TIMER_TICKS)?))?))?;
    let spurious = IRQS.cpu_statistics(CpuId::BOOT)?.spurious;
    ensure!(spurious == 0, "{spurious} spurious interrupts");
    Ok(())
}

type Trial = unsafe extern "C" fn(&mut Registers, u32, u32);

/// One interrupt, made by a store, into a program that spins with the pattern.
fn run(name: &str, trial: Trial, arguments: [u32; 2], count: &AtomicU32) -> Result<(), Failure> {
    let before = count.load(Ordering::Relaxed);
    let mut after = Registers::default();
    // SAFETY: the store makes an interrupt whose handler ends the spinning.
    unsafe { trial(&mut after, arguments[0], arguments[1]) };
    let expected = Expected::at_instruction(Exception::ExternalInput, &after, arguments);
    let expected = Expected { pc: after.instruction + 4, ..expected };
    expected.check_interrupt(SEEN.take(), &after)?;
    let taken = count.load(Ordering::Relaxed) - before;
    ensure!(taken == 1 || taken > 1 && name == TIMER, "{name}: {taken} interrupts, not 1");
    println!("{name} interrupt: all registers intact");
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
    let taken = count.load(Ordering::Relaxed) - first;
    ensure!(taken == ROUNDS || taken > ROUNDS && name == TIMER, "{name}: {taken} interrupts, not {ROUNDS}");
    println!("{name}: {ROUNDS} interrupts");
    println!("@ irq source=\"{name}\" count={}", count.load(Ordering::Relaxed));
    Ok(())
}

/// Looks at a counter before an interrupt counts as lost: seconds.
const PATIENCE: u32 = 500_000_000;

/// Serves the controller, and lets a spinning program go on.
extern "C" fn on_external(frame: &mut InterruptFrame) -> Handled {
    let handled = IRQS.dispatch();
    // SAFETY: the interrupted PC lies in the image's code.
    if unsafe { (frame.pc as *const u32).read() } == SPIN {
        SEEN.record_interrupt(frame);
        frame.pc += 4;
    }
    handled
}

fn on_count(count: &'static AtomicU32, _: Delivery) -> Handled {
    count.fetch_add(1, Ordering::Relaxed);
    Handled::Handled
}

/// The transmit buffer stays empty: no more interrupts until somebody asks again.
fn on_uart(count: &'static AtomicU32, delivery: Delivery) -> Handled {
    UART.with(|uart| uart.write8(IER, 0));
    on_count(count, delivery)
}

/// One period is enough.
fn on_timer(count: &'static AtomicU32, delivery: Delivery) -> Handled {
    match IRQS.configure(|pic| Ok(pic.stop_timer(0)?)) {
        Ok(()) => on_count(count, delivery),
        Err(_) => Handled::NotHandled,
    }
}

fn fatal(fatal: &Fatal<'_>) -> ! {
    println!("{fatal}");
    println!("result: fail: a fatal exception");
    ppce500::power_off()
}
