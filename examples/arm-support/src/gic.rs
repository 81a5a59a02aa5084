// SPDX-License-Identifier: MIT OR Apache-2.0
//! Programs that exercise the interrupt controller, for every board and GIC version.
//!
//! A board names its controller, clock and UART in a [`Machine`]; each program is a function that
//! is generic over it and gives the verdict.

mod fiq;
mod irq;
mod nmi;
mod power;
mod priority;
mod restart;
mod sgi;
mod spi;
mod storm;
mod timer;

pub use fiq::fiq;
pub use irq::{Cores, Manager, irq, timer_entry};
pub use nmi::nmi;
pub use power::power;
pub use priority::priority;
pub use restart::restart;
pub use sgi::sgi;
pub use spi::spi;
pub use storm::storm;
pub use timer::timer;

use crate::{MAX_CPUS, cpu, println, smp, vectors};
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use hal_exc_api::irq::IrqEntry;
use hal_exc_api::pic::{
    Acknowledge, Acknowledged, Claim, CpuId, CpuInterface, CpuMask, InterProcessor, InterruptController, IpiTarget,
    Line, LineAffinity, LineMask, LinePending, LinePriority, LineTrigger, PicError, TaskPriority,
};
use pic_gic::access::Mmio;
use pic_gic::v2::GicV2;
use pic_gic::v3::{self, GicV3};
use pic_gic::{Group, IntId};

/// Outcome of a program; the text is the reason of a failure.
pub type Verdict = Result<(), &'static str>;

/// What the programs need of a GIC beyond the controller traits.
pub trait Gic:
    Acknowledge
    + LineMask
    + LinePending
    + LinePriority
    + LineTrigger
    + LineAffinity
    + TaskPriority
    + InterProcessor
    + CpuInterface
    + 'static
{
    /// "GICv1", "GICv2", "GICv3": as the hardware says.
    fn version(&self) -> &'static str;
    /// Whether an acknowledged SGI tells its sender.
    const TELLS_SOURCE: bool;
    /// Whether group 0 leaves the controller as FIQ.
    fn fiq_available(&self) -> bool;
    /// Moves a line to FIQ.
    fn set_fiq(&self, line: Line, fiq: bool) -> Result<(), PicError>;
    /// Acknowledges and ends what this core just took as FIQ; its line. On GICv1 and v2 that may be an ordinary line: both
    /// groups are acknowledged through one register.
    fn take_fiq(&self) -> Option<Line>;
    /// Running priority of this core, 0xFF when idle.
    fn running_priority(&self) -> u8;
    /// Stores the shared lines.
    fn save(&self, words: &mut [u32]) -> Result<(), pic_gic::Error>;
    /// Brings the shared lines back.
    fn restore(&self, words: &[u32]) -> Result<(), pic_gic::Error>;
    /// Stores this core's interface and private lines.
    fn save_cpu(&self, words: &mut [u32]) -> Result<(), pic_gic::Error>;
    /// Brings this core's interface and private lines back.
    fn restore_cpu(&self, words: &[u32]) -> Result<(), pic_gic::Error>;
    /// The controller's part of this core's power-down, after `quiet_cpu`.
    fn sleep(&self) -> Result<(), pic_gic::Error>;
    /// Puts the groups of this core's SGIs and PPIs back to what reset gives, for an image that finds them so.
    fn forget_private(&self);
    /// The same for the shared interrupts; nothing is forwarded any more.
    fn forget_shared(&self);
}

/// Moves interrupts to group 0, where groups can be used; elsewhere there is nothing to do.
fn to_group_0(gic: &GicV2<Mmio>, ids: core::ops::Range<u32>) {
    for id in ids.filter_map(|id| IntId::new(id).ok()) {
        // Refused where software has no groups: then they are as reset left them.
        let _ = gic.distributor().set_group(id, Group::Zero);
    }
}

/// What both drivers have under the same names.
macro_rules! saving {
    ($type:ident) => {
        fn save(&self, words: &mut [u32]) -> Result<(), pic_gic::Error> {
            self.distributor().save(words)
        }
        fn restore(&self, words: &[u32]) -> Result<(), pic_gic::Error> {
            self.distributor().restore(words)
        }
        fn save_cpu(&self, words: &mut [u32]) -> Result<(), pic_gic::Error> {
            $type::save_cpu(self, words)
        }
        fn restore_cpu(&self, words: &[u32]) -> Result<(), pic_gic::Error> {
            $type::restore_cpu(self, words)
        }
        fn running_priority(&self) -> u8 {
            self.interface().running_priority()
        }
        fn fiq_available(&self) -> bool {
            $type::fiq_available(self)
        }
        fn set_fiq(&self, line: Line, fiq: bool) -> Result<(), PicError> {
            $type::set_fiq(self, line, fiq)
        }
    };
}

impl Gic for GicV2<Mmio> {
    fn version(&self) -> &'static str {
        match GicV2::version(self) {
            pic_gic::Version::V1 => "GICv1",
            _ => "GICv2",
        }
    }
    const TELLS_SOURCE: bool = true;
    fn take_fiq(&self) -> Option<Line> {
        let this = CpuId::new(cpu::index())?;
        match self.acknowledge(this) {
            Acknowledged::Claimed(claim) => {
                let line = claim.line();
                self.end(claim);
                Some(line)
            }
            _ => None,
        }
    }
    /// The interface has no state of its own for that.
    fn sleep(&self) -> Result<(), pic_gic::Error> {
        Ok(())
    }
    fn forget_private(&self) {
        to_group_0(self, 0..32);
    }
    fn forget_shared(&self) {
        self.distributor().set_forwarding(false);
        to_group_0(self, 32..self.distributor().lines().into());
    }
    saving!(GicV2);
}

#[cfg(any(target_arch = "arm", target_arch = "aarch64"))]
impl Gic for GicV3<Mmio, v3::CoreRegisters> {
    fn version(&self) -> &'static str {
        "GICv3"
    }
    const TELLS_SOURCE: bool = false;
    fn take_fiq(&self) -> Option<Line> {
        match self.acknowledge_fiq() {
            v3::AcknowledgedFiq::Interrupt(interrupt) => {
                let line = Line::new(interrupt.id().number() as u16);
                self.end_fiq(interrupt);
                Some(line)
            }
            v3::AcknowledgedFiq::Special(_) => None,
        }
    }
    fn sleep(&self) -> Result<(), pic_gic::Error> {
        self.my_redistributor()?.sleep()
    }
    // Group registers of a GICv3 are unknown after reset: every image sets them.
    fn forget_private(&self) {}
    fn forget_shared(&self) {}
    saving!(GicV3);
}

/// A board as the programs see it.
pub trait Machine: 'static {
    /// Its controller.
    type Pic: Gic + Send;
    /// The controller, made ready by core 0's first call.
    fn pic() -> &'static Self::Pic;
    /// Makes the controller, for the interrupt manager to own.
    fn make() -> Option<Self::Pic>;
    /// The interrupt manager, not yet initialised.
    fn irqs() -> &'static Manager<Self::Pic>;
    /// The timer driver's entry: [`timer_entry`] in a static.
    fn timer_entry() -> &'static IrqEntry;
    /// Starts the other cores; how many run altogether, `None` if one did not come.
    fn boot() -> Option<usize>;
    /// Timer line that each core has for itself.
    const TIMER: Line;
    /// Starts this core's timer.
    fn start_timer(ticks: u32);
    /// Stops this core's timer.
    fn stop_timer();
    /// Timer ticks per second.
    fn frequency() -> u32;
    /// Line of the console's UART.
    const UART: Line;
    /// Ends this core by firmware; returns if there is none.
    fn power_off() {}
    /// Whether that core is off.
    fn is_off(_core: usize) -> bool {
        false
    }
    /// Starts a core that is off again; whether firmware accepts.
    fn power_on(_core: usize) -> bool {
        false
    }
}

/// Lines whose interrupts are counted per core.
pub const COUNTED: usize = 128;

static COUNTS: [[AtomicU32; COUNTED]; MAX_CPUS] = [const { [const { AtomicU32::new(0) }; COUNTED] }; MAX_CPUS];
static SOURCES: [AtomicUsize; MAX_CPUS] = [const { AtomicUsize::new(usize::MAX) }; MAX_CPUS];
static FIQS: [AtomicU32; MAX_CPUS] = [const { AtomicU32::new(0) }; MAX_CPUS];
static STRAYS: AtomicU32 = AtomicU32::new(0);
static HOOK: AtomicUsize = AtomicUsize::new(0);

/// How often `cpu` took `line`.
pub fn count(cpu: usize, line: u16) -> u32 {
    COUNTS[cpu][usize::from(line) % COUNTED].load(Ordering::Acquire)
}

/// How often all cores took `line`.
pub fn total(line: u16) -> u32 {
    (0..MAX_CPUS).map(|cpu| count(cpu, line)).sum()
}

/// How often `cpu` took a FIQ.
pub fn fiqs(cpu: usize) -> u32 {
    FIQS[cpu].load(Ordering::Acquire)
}

/// Sender of the last SGI that `cpu` took, [`KICK`] aside.
pub fn source(cpu: usize) -> Option<usize> {
    Some(SOURCES[cpu].load(Ordering::Acquire)).filter(|&source| source != usize::MAX)
}

/// Acknowledgements that were no interrupt of a line: 1022 and worse.
pub fn strays() -> u32 {
    STRAYS.load(Ordering::Acquire)
}

/// Sets what every handler calls between acknowledge and end, with CPU and line.
pub fn set_hook(hook: fn(usize, Line)) {
    HOOK.store(hook as usize, Ordering::Release);
}

/// One writer per counter, so that no atomic read-modify-write is needed.
fn bump(counter: &AtomicU32) {
    counter.store(counter.load(Ordering::Relaxed).wrapping_add(1), Ordering::Release);
}

fn take_irq<M: Machine>() {
    let this = cpu::index();
    let Some(id) = CpuId::new(this) else { return };
    match M::pic().acknowledge(id) {
        Acknowledged::Claimed(claim) => {
            let line = claim.line();
            if line.number() != u16::from(KICK) {
                SOURCES[this].store(claim.source_cpu().map_or(usize::MAX, CpuId::index), Ordering::Relaxed);
            }
            let hook = HOOK.load(Ordering::Acquire);
            if hook != 0 {
                // SAFETY: only `set_hook` writes the word, and it stores a `fn(usize, Line)`.
                let hook: fn(usize, Line) = unsafe { core::mem::transmute(hook) };
                hook(this, line);
            }
            bump(&COUNTS[this][line.index() % COUNTED]);
            M::pic().end(claim);
        }
        Acknowledged::Spurious => {}
        Acknowledged::Unknown(_) => bump(&STRAYS),
    }
}

fn fiq_entry<M: Machine>() {
    let this = cpu::index();
    match M::pic().take_fiq() {
        Some(fiq::LINE) => bump(&FIQS[this]),
        Some(line) => bump(&COUNTS[this][line.index() % COUNTED]),
        None => bump(&STRAYS),
    }
}

/// The SGI that wakes an idle core for a task; its count means nothing.
const KICK: u8 = 0;

fn kick<M: Machine>(cpu: usize) {
    let me = CpuId::new(crate::cpu::index()).unwrap_or(CpuId::BOOT);
    if let Some(cpu) = CpuId::new(cpu) {
        let _ = M::pic().send(me, KICK, IpiTarget::List(CpuMask::only(cpu)));
    }
}

/// Brings up this core's interface, with interrupts open.
fn open<M: Machine>(this: usize) {
    let ready = CpuId::new(this)
        .is_some_and(|id| M::pic().init_cpu(id).and_then(|()| M::pic().enable(Line::new(KICK.into()))).is_ok());
    if ready {
        // SAFETY: handlers were set by core 0 before any core came here; no critical section.
        unsafe {
            cpu::unmask_irq();
            cpu::unmask_fiq();
        }
        bump(&READY[this]);
    }
}

static READY: [AtomicU32; MAX_CPUS] = [const { AtomicU32::new(0) }; MAX_CPUS];

/// Starts all cores, sets the handlers, brings up every core's interface; the number of cores.
pub fn setup<M: Machine>() -> Result<usize, &'static str> {
    setup_with::<M>(|| Ok(()))
}

/// [`setup`], with `first` done on core 0 once its own interface works and before the others'.
fn setup_with<M: Machine>(first: impl FnOnce() -> Verdict) -> Result<usize, &'static str> {
    vectors::set_irq_handler(take_irq::<M>);
    vectors::set_fiq_handler(fiq_entry::<M>);
    let pic = M::pic();
    println!("controller: {}", pic.version());
    open::<M>(0);
    first()?;
    let cores = M::boot().ok_or("a core did not come")?;
    for core in 1..cores {
        if !smp::run_on(core, open::<M>) {
            return Err("a core did not bring up its interface");
        }
    }
    if (0..cores).any(|core| READY[core].load(Ordering::Acquire) == 0) {
        return Err("a core's interface refused to come up");
    }
    if usize::from(pic.cpu_count()) < cores {
        return Err("the controller serves fewer CPUs than run");
    }
    smp::set_kick(Some(kick::<M>));
    println!("cores: {cores}");
    Ok(cores)
}

/// A line that tests raise by software: no device of the boards uses it.
const fn spare(n: u16) -> Line {
    Line::new(56 + n)
}

/// Ends a program: nothing stray was acknowledged, and this core is idle.
fn clean<M: Machine>() -> Verdict {
    if strays() != 0 {
        return Err("an acknowledge gave no interrupt");
    }
    if M::pic().running_priority() != 0xff {
        return Err("core 0 is not idle at the end");
    }
    Ok(())
}
