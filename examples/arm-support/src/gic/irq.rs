// SPDX-License-Identifier: MIT OR Apache-2.0
//! The interrupt manager on the GIC: shared lines, each core's timer, calls between cores, and
//! the UART's line moved from core to core. The drivers know the manager and no controller.

use super::{Gic, Machine, Verdict};
use crate::{MAX_CPUS, console, cpu, println, smp, vectors, wait};
use arm_pl011_uart::Interrupts;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use hal_exc_api::handler::Handled;
use hal_exc_api::irq::{Delivery, IrqEntry, IrqManager, Platform};
use hal_exc_api::pic::{CpuId, CpuInterface, CpuMask, InterProcessor, IpiTarget, Line};

/// The manager of these boards.
pub type Manager<C> = IrqManager<C, Cores, 512, MAX_CPUS>;

/// The boards' cores as the manager sees them.
#[derive(Clone, Copy, Debug)]
pub struct Cores;

impl Platform for Cores {
    fn cpu(&self) -> CpuId {
        CpuId::new(cpu::index()).unwrap_or(CpuId::BOOT)
    }

    fn in_interrupt(&self) -> bool {
        // Entries are changed at thread level only in this program.
        false
    }

    fn mask_local(&self) -> u32 {
        let saved = cpu::masks() as u32;
        cpu::mask_irq();
        saved
    }

    fn restore_local(&self, saved: u32) {
        // Bit 7 is I in CPSR and in DAIF.
        if saved & 1 << 7 == 0 {
            // SAFETY: interrupts were open before `mask_local`; nothing else changed them.
            unsafe { cpu::unmask_irq() };
        }
    }

    fn is_online(&self, cpu: CpuId) -> bool {
        smp::is_up(cpu.index())
    }
}

/// Interrupts served per core, and the sender of the last call.
#[derive(Debug)]
struct Driver {
    served: [AtomicU32; MAX_CPUS],
    source: AtomicUsize,
}

impl Driver {
    const fn new() -> Self {
        Self { served: [const { AtomicU32::new(0) }; MAX_CPUS], source: AtomicUsize::new(usize::MAX) }
    }

    fn on(&self, cpu: usize) -> u32 {
        self.served[cpu].load(Ordering::Acquire)
    }

    fn count(&self) {
        super::bump(&self.served[cpu::index()]);
    }
}

static UART: Driver = Driver::new();
static TIMER: Driver = Driver::new();
static CALL: Driver = Driver::new();

/// Shares the UART's line and never has anything to do.
static BYSTANDER: IrqEntry = IrqEntry::new("bystander", |_: &'static Driver, _| Handled::NotHandled, &UART);
static UART_ENTRY: IrqEntry = IrqEntry::new("uart", on_uart, &UART);
static CALL_ENTRY: IrqEntry = IrqEntry::new("call", on_call, &CALL);

fn on_uart(driver: &'static Driver, _delivery: Delivery) -> Handled {
    if let Some(mut uart) = console::uart() {
        uart.set_interrupt_masks(Interrupts::empty());
        uart.clear_interrupts(Interrupts::TXI);
    }
    driver.count();
    Handled::Handled
}

fn on_call(driver: &'static Driver, delivery: Delivery) -> Handled {
    driver.source.store(delivery.source_cpu().map_or(usize::MAX, CpuId::index), Ordering::Relaxed);
    driver.count();
    Handled::Handled
}

fn dispatch<M: Machine>() {
    let _ = M::irqs().dispatch();
}

const CALL_IPI: u8 = 2;

/// Brings up this core's interface, through the manager's controller.
fn open<M: Machine>(this: usize) {
    let me = CpuId::new(this).unwrap_or(CpuId::BOOT);
    let ready = M::irqs().controller().is_ok_and(|pic| pic.init_cpu(me).is_ok());
    // Private lines are each core's own to enable.
    let call = M::irqs().enable(Line::new(CALL_IPI.into()));
    let timer = M::irqs().enable(M::TIMER);
    READY[this].store(u32::from(ready && call.is_ok() && timer.is_ok()), Ordering::Release);
    // SAFETY: the handler is set; no critical section.
    unsafe { cpu::unmask_irq() };
}

static READY: [AtomicU32; MAX_CPUS] = [const { AtomicU32::new(0) }; MAX_CPUS];

fn begin<M: Machine>(_cpu: usize) {
    M::start_timer(M::frequency() / 1000);
}

fn call_next<M: Machine>(this: usize) {
    let next = CALLEE.load(Ordering::Acquire);
    if let (Ok(pic), Some(me), Some(next)) = (M::irqs().controller(), CpuId::new(this), CpuId::new(next)) {
        let _ = pic.send(me, CALL_IPI, IpiTarget::List(CpuMask::only(next)));
    }
}

static CALLEE: AtomicUsize = AtomicUsize::new(0);

fn on_timer<M: Machine>(driver: &'static Driver, _delivery: Delivery) -> Handled {
    M::stop_timer();
    driver.count();
    Handled::Handled
}

/// The program.
pub fn irq<M: Machine>() -> Verdict {
    let manager = M::irqs();
    let pic = M::make().ok_or("no interrupt controller")?;
    println!("controller: {}", pic.version());
    vectors::set_irq_handler(dispatch::<M>);
    pic.init_cpu(CpuId::BOOT).map_err(|_| "core 0's interface refused")?;
    manager.init(pic).map_err(|_| "the manager refused the controller")?;
    manager.install(M::UART, &BYSTANDER).map_err(|_| "an entry was refused")?;
    manager.install(M::UART, &UART_ENTRY).map_err(|_| "an entry was refused")?;
    manager.install(Line::new(CALL_IPI.into()), &CALL_ENTRY).map_err(|_| "an entry was refused")?;
    if manager.install(M::UART, &UART_ENTRY).is_ok() {
        return Err("an entry was installed twice");
    }
    manager.install(M::TIMER, M::timer_entry()).map_err(|_| "an entry was refused")?;
    println!("installed: two on the UART's line, timer, call; twice: refused");

    let cores = M::boot().ok_or("a core did not come")?;
    for (core, ready) in READY.iter().enumerate().take(cores) {
        if !smp::run_on(core, open::<M>) || ready.load(Ordering::Acquire) == 0 {
            return Err("a core's interface refused");
        }
    }
    for core in 0..cores {
        let id = CpuId::new(core).ok_or("too many cores")?;
        manager.set_affinity(M::UART, CpuMask::only(id)).map_err(|_| "the UART's line could not be routed")?;
        let before = UART.on(core);
        crate::print!("#\n");
        let mut uart = console::uart().ok_or("no UART")?;
        uart.set_interrupt_masks(Interrupts::TXI);
        if !wait::until(|| UART.on(core) == before + 1) {
            return Err("the UART's interrupt did not come");
        }
        if !smp::run_on(core, begin::<M>) || !wait::until(|| TIMER.on(core) == 1) {
            return Err("a timer's interrupt did not come");
        }
        let next = (core + 1) % cores;
        CALLEE.store(next, Ordering::Release);
        let calls = CALL.on(next);
        if !smp::run_on(core, call_next::<M>) || !wait::until(|| CALL.on(next) == calls + 1) {
            return Err("a call did not come");
        }
        let told = Some(CALL.source.load(Ordering::Relaxed)).filter(|&source| source != usize::MAX);
        if told != M::Pic::TELLS_SOURCE.then_some(core) {
            return Err("a call's sender is wrong");
        }
        println!("core {core}: UART, timer, call of core {next}");
    }
    let taken = |line| manager.line_statistics(line).map(|statistics| (statistics.taken, statistics.unhandled));
    let expected = Ok((cores as u32, 0));
    if taken(M::UART) != expected || taken(M::TIMER) != expected || taken(Line::new(CALL_IPI.into())) != expected {
        return Err("the manager's counts are wrong");
    }
    println!("counted: {cores} of each, none unhandled");
    let removed = manager.remove(M::UART, &UART_ENTRY).map_err(|_| "an entry could not be removed")?;
    if !removed.is_complete() {
        return Err("an entry that nobody runs is still in use");
    }
    println!("removed");
    Ok(())
}

/// The timer's entry for a machine, to be put into a static.
pub const fn timer_entry<M: Machine>() -> IrqEntry {
    IrqEntry::new("timer", on_timer::<M>, &TIMER)
}
