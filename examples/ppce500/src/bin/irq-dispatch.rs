// SPDX-License-Identifier: MIT OR Apache-2.0
//! What `cargo xtask count` measures as `irq-dispatch`: an interrupt that really is pending at the controller, one
//! unshared line, through a manager for one CPU and through a manager for two. By itself it takes one of each.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::exception::Exception;
use hal_exc_api::handler::{Handled, InterruptHandler};
use hal_exc_api::install::{Exceptions, VectorPage};
use hal_exc_api::irq::{self, Delivery, IrqEntry, Platform};
use hal_exc_api::irq_manager;
use hal_exc_api::percpu::PerCpu;
use hal_exc_api::pic::{CpuId, CpuInterface, InterProcessor, IpiTarget};
use pic_openpic::{BigEndian, Mmio, OpenPic, PrivateWindow};
use ppc_openpic::{Cpus, Setup, settle};
use ppc_support::{Failure, ensure, println};

/// The driver with its shortest path.
type Pic = OpenPic<Mmio<BigEndian>, PrivateWindow>;

static VECTORS: VectorPage = VectorPage::new();

/// The CPU side without a clock, whose readings are not part of the path.
struct Plain<const CPUS: usize>;

impl<const CPUS: usize> Platform for Plain<CPUS> {
    #[inline(always)]
    fn cpu(&self) -> CpuId {
        if CPUS == 1 {
            return CpuId::BOOT;
        }
        // SAFETY: the manager is used after the install; the program and its handlers stay on their CPU.
        CpuId::new(unsafe { PerCpu::current_index() } as usize % CpuId::LIMIT).unwrap_or(CpuId::BOOT)
    }

    fn in_interrupt(&self) -> bool {
        Cpus.in_interrupt()
    }

    fn mask_local(&self) -> u32 {
        Cpus.mask_local()
    }

    fn restore_local(&self, saved: u32) {
        Cpus.restore_local(saved);
    }

    fn is_online(&self, cpu: CpuId) -> bool {
        cpu == CpuId::BOOT
    }

    #[inline(always)]
    fn allow_preemption(&self) {
        // SAFETY: sets EE; the handler is behind the manager. Not `nomem`: memory accesses stay on their side of it.
        unsafe { core::arch::asm!("wrteei 1", options(nostack, preserves_flags)) };
    }

    #[inline(always)]
    fn forbid_preemption(&self) {
        // SAFETY: clears EE; as above.
        unsafe { core::arch::asm!("wrteei 0", options(nostack, preserves_flags)) };
    }
}

irq_manager! {
    /// For one CPU.
    static ONE: IrqManager<Pic, Plain<1>, 512, 1> = Plain, named One;
}
irq_manager! {
    /// For two.
    static TWO: IrqManager<Pic, Plain<2>, 512, 2> = Plain, named Two;
}

static COUNT: AtomicU32 = AtomicU32::new(0);
static FOR_ONE: IrqEntry = IrqEntry::new("one", irq_dispatch_driver, &COUNT);
static FOR_TWO: IrqEntry = IrqEntry::new("two", irq_dispatch_driver, &COUNT);

/// Address of the controller, and of the manager's handler that is registered: what the debugger needs to know.
#[unsafe(no_mangle)]
static IRQ_DISPATCH_PIC: AtomicU32 = AtomicU32::new(0);
#[unsafe(no_mangle)]
static IRQ_DISPATCH_HANDLER: AtomicU32 = AtomicU32::new(0);

/// The driver's handler.
#[unsafe(no_mangle)]
#[inline(never)]
fn irq_dispatch_driver(count: &'static AtomicU32, _: Delivery) -> Handled {
    count.fetch_add(1, Ordering::Relaxed);
    Handled::Handled
}

/// The interrupt is to be raised now.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn irq_dispatch_ready() {
    // Not empty, or there would be no place to stop at.
    core::hint::black_box(());
}

fn one(
    exceptions: &Exceptions,
    what: &str,
    handler: InterruptHandler,
    raise: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    exceptions.set_interrupt_handler(Exception::ExternalInput, handler)?;
    IRQ_DISPATCH_HANDLER.store(handler as usize as u32, Ordering::Relaxed);
    let before = COUNT.load(Ordering::Relaxed);
    irq_dispatch_ready();
    raise()?;
    settle();
    let taken = COUNT.load(Ordering::Relaxed) - before;
    ensure!(taken == 1, "{what}: {taken} interrupts, not 1");
    println!("{what}: taken");
    Ok(())
}

fn run(setup: &Setup<'_>) -> Result<(), Failure> {
    let (exceptions, base) = (setup.exceptions, setup.machine.registers);
    IRQ_DISPATCH_PIC.store(base as u32, Ordering::Relaxed);
    let start = || -> Result<Pic, Failure> {
        // SAFETY: the board has mapped the controller there for good; the two drivers are used one after the other.
        let bus = unsafe { Mmio::new(base as *mut u32, BigEndian)? };
        let pic = OpenPic::start_with(bus, &setup.machine.config(), PrivateWindow)?;
        pic.init_cpu(CpuId::BOOT)?;
        Ok(pic)
    };
    ONE.init(start()?)?;
    let line = ONE.controller()?.ipi_line(0)?;
    ONE.install(line, &FOR_ONE)?;
    let handler = irq::exception_handler::<One, 512, 1>()?;
    exceptions.set_interrupt_handler(Exception::ExternalInput, handler)?;
    // SAFETY: the external input has its handler.
    unsafe { exceptions.enable() };
    let send = |pic: &Pic| pic.send(CpuId::BOOT, 0, IpiTarget::Myself);
    one(exceptions, "one CPU", handler, || Ok(send(ONE.controller()?)?))?;
    exceptions.disable();
    TWO.init(start()?)?;
    TWO.install(line, &FOR_TWO)?;
    // SAFETY: as above.
    unsafe { exceptions.enable() };
    one(exceptions, "two CPUs", irq::exception_handler::<Two, 512, 2>()?, || Ok(send(TWO.controller()?)?))
}

ppc_openpic::irq_program!(ppce500, &hal_exc_e500::FAMILY, &VECTORS, run);
