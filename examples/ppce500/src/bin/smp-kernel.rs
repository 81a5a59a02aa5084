// SPDX-License-Identifier: MIT OR Apache-2.0
//! The demonstration kernel on two CPUs: one installs and starts the other, both take ticks and interrupts between
//! CPUs, threads move between them.
//@ smp=2
#![no_std]
#![no_main]

use core::arch::asm;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use hal_exc_api::cpu::{self, Pvr};
use hal_exc_api::exception::Exception;
use hal_exc_api::fatal::Fatal;
use hal_exc_api::frame::InterruptFrame;
use hal_exc_api::handler::Handled;
use hal_exc_api::install::{CpuMemory, Exceptions, Setup, VectorPage};
use hal_exc_api::irq::{Delivery, IrqEntry, Platform};
use hal_exc_api::irq_manager;
use hal_exc_api::percpu::PerCpu;
use hal_exc_api::pic::{CpuId, CpuInterface, CpuMask, InterProcessor, IpiTarget};
use hal_exc_api::sched::MayReady;
use ppc_kernel::{kernel, smp};
use ppc_openpic::Pic;
use ppc_support::{BootInfo, Failure, println, program};
use ppce500::Board;

program!(main, ppce500::power_off);

static MEMORY: [CpuMemory; 2] = [const { CpuMemory::new() }; 2];
static VECTORS: VectorPage = VectorPage::new();
/// What the second CPU needs to know.
static BOOT: AtomicPtr<BootInfo> = AtomicPtr::new(core::ptr::null_mut());
static TIME_BASE: AtomicU32 = AtomicU32::new(0);

irq_manager! {
    /// The controller's lines.
    static IRQS: IrqManager<Pic, TwoCpus, 268, 2> = TwoCpus, named Irqs;
}

static KICK_ENTRY: IrqEntry = IrqEntry::new("kick", on_kick, &());

/// The CPU side of the interrupt manager.
struct TwoCpus;

/// MSR\[EE\].
const EE: u32 = 0x8000;

impl Platform for TwoCpus {
    fn cpu(&self) -> CpuId {
        CpuId::new(smp::cpu()).unwrap_or(CpuId::BOOT)
    }

    fn in_interrupt(&self) -> bool {
        // SAFETY: managers are used after the install; the level of a thread is 0 on every CPU.
        unsafe { PerCpu::current() }.nest_level() > 0
    }

    fn mask_local(&self) -> u32 {
        let msr: u32;
        // SAFETY: masks external interrupts; `restore_local` undoes it. Not `nomem`: what follows must stay behind it.
        unsafe {
            asm!("mfmsr {old}", "andc {new}, {old}, {ee}", "mtmsr {new}", "isync",
                old = out(reg) msr, new = out(reg) _, ee = in(reg) EE, options(nostack, preserves_flags));
        }
        msr & EE
    }

    fn restore_local(&self, saved: u32) {
        // SAFETY: sets EE if it was set when `mask_local` was called. Not `nomem`: what came before must stay before.
        unsafe {
            asm!("mfmsr {t}", "or {t}, {t}, {ee}", "mtmsr {t}", "isync",
                t = out(reg) _, ee = in(reg) saved, options(nostack, preserves_flags));
        }
    }

    fn is_online(&self, _: CpuId) -> bool {
        true
    }
}

fn setup(boot: &BootInfo, index: usize) -> Result<Setup, Failure> {
    let cpu = cpu::identify(Pvr(boot.pvr))?;
    Ok(Exceptions::new(&cpu, &[&hal_exc_e500::FAMILY])?.memory(&MEMORY[index]).vectors(&VECTORS).fatal(fatal))
}

fn main(boot: &'static BootInfo) -> Result<(), Failure> {
    let board = Board::take(boot)?;
    BOOT.store(core::ptr::from_ref(boot).cast_mut(), Ordering::Relaxed);
    TIME_BASE.store(board.time_base, Ordering::Relaxed);
    let exceptions = setup(boot, 0)?.install()?;
    let pic = board.openpic().start()?;
    let line = pic.ipi_line(0)?;
    IRQS.init(pic)?;
    IRQS.configure(|pic| Ok(pic.init_cpu(CpuId::BOOT)?))?;
    IRQS.install(line, &KICK_ENTRY)?;
    IRQS.enable(line)?;
    exceptions.set_interrupt_handler(Exception::ExternalInput, on_external)?;
    let soc = board.soc;
    smp::run(&exceptions, board.time_base, kick, || {
        // SAFETY: called once; CPU 1 exists, `smp=2` says so.
        Ok(unsafe { ppce500::smp::start_second(boot, &soc, second) }?)
    })
}

/// Interrupts `cpu`.
fn kick(cpu: u8) {
    let (Ok(pic), Some(to)) = (IRQS.controller(), CpuId::new(cpu.into())) else { return };
    // A CPU that the controller does not have was never started.
    let _ = pic.send(TwoCpus.cpu(), 0, IpiTarget::List(CpuMask::only(to)));
}

fn on_kick(_: &'static (), _: Delivery) -> Handled {
    smp::kicked();
    // SAFETY: exceptions are installed; this is a handler behind the manager.
    if let Ok(token) = unsafe { MayReady::here() } {
        kernel::on_kick(&token);
    }
    Handled::Handled
}

extern "C" fn on_external(_: &mut InterruptFrame) -> Handled {
    IRQS.dispatch()
}

/// What the second CPU runs.
fn second() -> ! {
    if let Err(error) = join() {
        println!("result: fail: CPU 1: {error}");
        ppce500::power_off();
    }
    loop {
        core::hint::spin_loop();
    }
}

fn join() -> Result<(), Failure> {
    // SAFETY: `main` stored it before this CPU was let go.
    let boot = unsafe { &*BOOT.load(Ordering::Acquire) };
    let exceptions = setup(boot, 1)?.install_secondary(1)?;
    IRQS.configure(|pic| Ok(pic.init_cpu(TwoCpus.cpu())?))?;
    exceptions.set_interrupt_handler(Exception::ExternalInput, on_external)?;
    smp::join(&exceptions, TIME_BASE.load(Ordering::Relaxed))
}

fn fatal(fatal: &Fatal<'_>) -> ! {
    println!("{fatal}");
    println!("result: fail: a fatal exception");
    ppce500::power_off()
}
