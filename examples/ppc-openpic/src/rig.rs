// SPDX-License-Identifier: MIT OR Apache-2.0
//! The manager over the controller, the CPU side of it, and what the programs need of a board.

use core::arch::asm;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use hal_exc_api::cpu::VectorBase;
use hal_exc_api::exception::Exception;
use hal_exc_api::install::Exceptions;
use hal_exc_api::irq::{self, IrqEvent, Platform};
use hal_exc_api::irq_manager;
use hal_exc_api::percpu::PerCpu;
use hal_exc_api::pic::{CpuId, CpuInterface, InterProcessor, IpiTarget, Line};
use pic_openpic::{ByteOrder, Config, Mmio, Model, OpenPic, SharedMsi, registers};
use ppc_support::{Failure, ensure};

use crate::log::{Event, LOG};

/// Driver of the controller; the byte order is a value, so that one body serves all boards.
pub type Pic = OpenPic<Mmio<ByteOrder>>;

irq_manager! {
    /// The controller's lines.
    pub static IRQS: IrqManager<Pic, Cpus, 512, 2> = Cpus, named Irqs;
}

/// What the programs need of a board.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    /// Address of the controller's registers.
    pub registers: usize,
    /// Their byte order.
    pub order: ByteOrder,
    /// Which controller it is.
    pub model: Model,
    /// Clock of its timers.
    pub timer_hz: Option<u32>,
    /// A device with a level line.
    pub device: Device,
}

/// A device that asks for an interrupt until it is told to be quiet.
#[derive(Clone, Copy, Debug)]
pub struct Device {
    /// Its line.
    pub line: Line,
    /// Has it ask.
    pub ask: fn(),
    /// Quiets it.
    pub quiet: fn(),
}

impl Machine {
    /// A machine with a Freescale MPIC: address of its registers, clock of its timers in hertz, a device.
    #[must_use]
    pub fn mpic(registers: usize, timer_hz: u32, device: Device) -> Self {
        Self { registers, order: ByteOrder::Big, model: Model::FREESCALE, timer_hz: Some(timer_hz), device }
    }

    /// The controller's registers.
    ///
    /// # Errors
    /// An unaligned address.
    pub fn bus(&self) -> Result<Mmio<ByteOrder>, Failure> {
        // SAFETY: the board has mapped the controller there for good, and the programs use it through one driver.
        Ok(unsafe { Mmio::new(self.registers as *mut u32, self.order)? })
    }

    /// How the driver starts the controller.
    #[must_use]
    pub fn config(&self) -> Config {
        Config { timer_hz: self.timer_hz, ..Config::new(self.model) }
    }

    /// Takes the controller into service, with every line masked.
    ///
    /// # Errors
    /// What the controller answered.
    pub fn start(&self) -> Result<Pic, Failure> {
        Ok(OpenPic::start(self.bus()?, &self.config())?)
    }

    /// Address of an MPIC's register that raises shared messages.
    #[must_use]
    pub fn message_index(&self) -> usize {
        self.registers + registers::MSIIR.offset()
    }

    /// The messages of an MPIC's first shared register.
    pub(crate) fn shared_messages(&self, pic: &Pic) -> Result<SharedMsi<Mmio<ByteOrder>>, Failure> {
        Ok(pic.shared_msi(0, self.message_index() as u64)?)
    }

    /// Raises message 0 of that register.
    pub(crate) fn send_message(&self) {
        self.words().write32(registers::MSIIR.offset(), 0);
    }

    /// Takes the messages of that register back: reading clears it.
    pub(crate) fn take_messages(&self) {
        let _ = self.words().read32(registers::shared_msi(0).offset());
    }

    /// The registers of an MPIC, for those that the driver leaves alone.
    fn words(&self) -> ppc_support::mmio::Mmio {
        // SAFETY: the board has mapped the controller there for good.
        unsafe { ppc_support::mmio::Mmio::new(self.registers) }
    }
}

/// The CPU side of the interrupt manager: one or two CPUs, handlers are preempted.
#[derive(Clone, Copy, Debug)]
pub struct Cpus;

static ONLINE: AtomicU32 = AtomicU32::new(1);
static BOOK_E: AtomicBool = AtomicBool::new(false);

/// MSR\[EE\].
const EE: u32 = 0x8000;

fn change_msr(set: u32, clear: u32) -> u32 {
    let old: u32;
    // SAFETY: only EE is changed, as the interrupt manager asks. Not `nomem`: memory accesses stay on their side of it.
    unsafe {
        asm!("mfmsr {old}", "andc {new}, {old}, {clear}", "or {new}, {new}, {set}", "mtmsr {new}", "isync",
            old = out(reg) old, new = out(reg) _, clear = in(reg) clear, set = in(reg) set,
            options(nostack, preserves_flags));
    }
    old
}

/// The lower half of the time base.
fn now() -> u32 {
    let time: u32;
    if BOOK_E.load(Ordering::Relaxed) {
        // SAFETY: a Book E core has SPR 268.
        unsafe { asm!("mfspr {}, 268", out(reg) time, options(nomem, nostack, preserves_flags)) };
    } else {
        // SAFETY: `mftb r3,268`, as a word because the assembler makes `mfspr` of it, which old cores lack.
        unsafe { asm!(".long 0x7C6C42E6", out("r3") time, options(nomem, nostack, preserves_flags)) };
    }
    time
}

impl Platform for Cpus {
    const CLOCK: Option<fn() -> u32> = Some(now);

    fn cpu(&self) -> CpuId {
        // SAFETY: managers are used after the install; programs and handlers stay on their CPU.
        CpuId::new(unsafe { PerCpu::current() }.index() as usize).unwrap_or(CpuId::BOOT)
    }

    fn in_interrupt(&self) -> bool {
        // SAFETY: as above.
        unsafe { PerCpu::current() }.nest_level() > 0
    }

    fn mask_local(&self) -> u32 {
        change_msr(0, EE) & EE
    }

    fn restore_local(&self, saved: u32) {
        change_msr(saved, 0);
    }

    fn is_online(&self, cpu: CpuId) -> bool {
        ONLINE.load(Ordering::Acquire) >> cpu.index() & 1 != 0
    }

    fn allow_preemption(&self) {
        change_msr(EE, 0);
    }

    fn forbid_preemption(&self) {
        change_msr(0, EE);
    }

    fn report(&self, event: IrqEvent) {
        LOG.push(match event {
            IrqEvent::Spurious { .. } => Event::Spurious,
            IrqEvent::Unhandled { has_entries: false, .. } => Event::NoHandler,
            IrqEvent::Unhandled { .. } => Event::NotResponsible,
            IrqEvent::StormMasked { .. } => Event::Masked,
            IrqEvent::StormNotMasked { .. } => Event::NotMasked,
            _ => Event::Unknown,
        });
    }
}

/// Says that the executing CPU takes interrupts.
pub fn online() {
    ONLINE.fetch_or(1 << Cpus.cpu().index(), Ordering::Release);
}

/// The executing CPU.
pub fn here() -> CpuId {
    Cpus.cpu()
}

/// Starts the controller, gives it to the manager and takes external interrupts on the boot CPU.
///
/// # Errors
/// What the driver, the manager or the exceptions refused.
pub fn take_over(exceptions: &Exceptions, machine: &Machine) -> Result<(), Failure> {
    BOOK_E.store(exceptions.cpu().core().vector_base != VectorBase::MsrIp, Ordering::Relaxed);
    IRQS.init(machine.start()?)?;
    join(exceptions)
}

/// Takes external interrupts on the executing CPU.
pub(crate) fn join(exceptions: &Exceptions) -> Result<(), Failure> {
    IRQS.configure(|pic| Ok(pic.init_cpu(here())?))?;
    exceptions.set_interrupt_handler(Exception::ExternalInput, irq::exception_handler::<Irqs, 512, 2>()?)?;
    // SAFETY: the exception has its handler, and no line is enabled before it has an entry or is meant to have none.
    unsafe { exceptions.enable() };
    online();
    Ok(())
}

/// The line of inter-processor interrupt `number`.
///
/// # Errors
/// There is none.
pub fn ipi(number: u8) -> Result<Line, Failure> {
    Ok(IRQS.controller()?.ipi_line(number)?)
}

/// Sends inter-processor interrupt `number`.
///
/// # Errors
/// What the driver refused.
pub fn send(number: u8, to: IpiTarget) -> Result<(), Failure> {
    Ok(IRQS.controller()?.send(here(), number, to)?)
}

/// Lets pass more time than an interrupt takes to arrive.
pub fn settle() {
    for n in 0..20_000 {
        core::hint::black_box(n);
    }
}

/// Waits, bounded, until `done`. What is waited for may come from another CPU, or from the emulator's side, that a busy host
/// holds back.
///
/// # Errors
/// It did not become so in half a minute.
pub fn wait_for(what: &str, done: impl Fn() -> bool) -> Result<(), Failure> {
    for _ in 0..4_000_000_000u32 {
        if done() {
            return Ok(());
        }
    }
    ensure!(done(), "{what} did not come");
    Ok(())
}
