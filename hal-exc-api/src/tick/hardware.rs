// SPDX-License-Identifier: MIT OR Apache-2.0
//! The timer registers of the CPU that this code runs on.

use core::arch::asm;

use super::{Decrementer, DecrementerTick, Period, ReloadTick, ReloadTimer, Tick, TickError, TimeBase, timer_of};
use crate::cpu::{Cpu, TickTimer};

/// TCR\[DIE\] or TCR\[PIE\]: the exception is enabled. Manual: bit 5.
const TCR_DIE: u32 = 0x0400_0000;
/// TCR\[ARE\]: reload at zero. Manual: bit 9.
const TCR_ARE: u32 = 0x0040_0000;
/// TSR\[DIS\] or TSR\[PIS\]: the exception is pending; writing 1 takes it back. Manual: bit 4.
const TSR_DIS: u32 = 0x0800_0000;

macro_rules! read_spr {
    ($number:literal) => {{
        let value: u32;
        // SAFETY: reads a timer register that the value's constructor promised to exist; no memory, no flags, no stack.
        // Not `pure`: it counts.
        unsafe {
            asm!(concat!("mfspr {}, ", $number), // the register counts by itself
                 out(reg) value, options(nomem, nostack, preserves_flags))
        };
        value
    }};
}

macro_rules! write_spr {
    ($number:literal, $value:expr) => {{
        let value: u32 = $value;
        // SAFETY: writes a timer register that the value's constructor promised to be ours. Not `nomem`: what the timer
        // interrupt does must not be moved across.
        unsafe {
            asm!(concat!("mtspr ", $number, ", {}"), // takes effect at once; interrupts by it are asynchronous anyway
                 in(reg) value, options(nostack, preserves_flags))
        };
    }};
}

/// Joins the halves of the time base. When the upper half changed between the reads, the lower one has just
/// wrapped, and a second reading of it belongs to the second upper half: no loop is needed.
fn join(upper: u32, lower: u32, upper_again: u32, lower_again: impl FnOnce() -> u32) -> u64 {
    let lower = if upper == upper_again { lower } else { lower_again() };
    u64::from(upper_again) << 32 | u64::from(lower)
}

/// The time base as classic cores and the 405 read it: `mftb`.
#[derive(Debug)]
pub struct ClassicTimeBase(());

impl ClassicTimeBase {
    /// The time base of this CPU.
    ///
    /// # Safety
    /// * This CPU is a classic one other than the 601, or a 405: others do not have `mftb`, or lack the time base.
    #[must_use]
    pub const unsafe fn new() -> Self {
        Self(())
    }
}

/// `mftb r3,268`, as a word: LLVM's assembler turns the mnemonic into `mfspr`, which old cores do not take for it.
const MFTB: u32 = 0x7C6C_42E6;
/// `mftb r3,269`.
const MFTBU: u32 = 0x7C6D_42E6;

macro_rules! mftb {
    ($word:ident) => {{
        let value: u32;
        // SAFETY: `ClassicTimeBase::new` promised a core with `mftb`; no memory, no flags, no stack. Not `pure`: it counts.
        unsafe {
            asm!(".long {word}", // half of the time base into r3
                 word = const $word, out("r3") value, options(nomem, nostack, preserves_flags))
        };
        value
    }};
}

impl TimeBase for ClassicTimeBase {
    fn now(&self) -> u64 {
        join(mftb!(MFTBU), mftb!(MFTB), mftb!(MFTBU), || mftb!(MFTB))
    }
}

/// The time base as Book E cores read it: `mfspr` 268 and 269. (`mftb` is illegal on e500v1 and e500v2.)
#[derive(Debug)]
pub struct BookeTimeBase(());

impl BookeTimeBase {
    /// The time base of this CPU.
    ///
    /// # Safety
    /// * This CPU is a Book E one (440, 460, e200, e500).
    #[must_use]
    pub const unsafe fn new() -> Self {
        Self(())
    }
}

impl TimeBase for BookeTimeBase {
    fn now(&self) -> u64 {
        join(read_spr!(269), read_spr!(268), read_spr!(269), || read_spr!(268))
    }
}

/// The decrementer of a classic core (SPR 22).
#[derive(Debug)]
pub struct ClassicDecrementer(ClassicTimeBase);

impl TimeBase for ClassicDecrementer {
    fn now(&self) -> u64 {
        self.0.now()
    }
}

impl Decrementer for ClassicDecrementer {
    fn set(&mut self, counts: u32) {
        write_spr!(22, counts);
    }
}

/// The decrementer of a Book E core (SPR 22) with its reload value (DECAR, SPR 54).
#[derive(Debug)]
pub struct BookeDecrementer(BookeTimeBase);

impl TimeBase for BookeDecrementer {
    fn now(&self) -> u64 {
        self.0.now()
    }
}

impl ReloadTimer for BookeDecrementer {
    const CAN_REALIGN: bool = true;

    fn hold(&mut self) {
        write_spr!(22, Period::MAX);
    }

    fn enable(&mut self, counts: u32) {
        write_spr!(54, counts);
        write_spr!(340, read_spr!(340) | TCR_DIE | TCR_ARE);
    }

    fn load(&mut self, counts: u32) {
        write_spr!(22, counts);
    }

    fn acknowledge(&mut self) {
        write_spr!(336, TSR_DIS);
    }

    fn remaining(&self) -> u32 {
        read_spr!(22)
    }

    fn stop(&mut self) {
        write_spr!(340, read_spr!(340) & !(TCR_DIE | TCR_ARE));
        write_spr!(336, TSR_DIS);
    }
}

/// The programmable interval timer of a 405 (SPR 987).
#[derive(Debug)]
pub struct Pit(ClassicTimeBase);

impl TimeBase for Pit {
    fn now(&self) -> u64 {
        self.0.now()
    }
}

impl ReloadTimer for Pit {
    /// A write of the counter is a write of the reload value too.
    const CAN_REALIGN: bool = false;

    /// 0 stops the counter without an exception.
    fn hold(&mut self) {
        write_spr!(987, 0);
    }

    /// The reload value comes with [`load`](ReloadTimer::load).
    fn enable(&mut self, _counts: u32) {
        write_spr!(986, read_spr!(986) | TCR_DIE | TCR_ARE);
    }

    fn load(&mut self, counts: u32) {
        write_spr!(987, counts);
    }

    fn acknowledge(&mut self) {
        write_spr!(984, TSR_DIS);
    }

    fn remaining(&self) -> u32 {
        read_spr!(987)
    }

    fn stop(&mut self) {
        write_spr!(986, read_spr!(986) & !(TCR_DIE | TCR_ARE));
        write_spr!(984, TSR_DIS);
    }
}

/// The time base of this CPU, however it is read here.
#[derive(Debug)]
pub enum CpuTimeBase {
    /// By `mftb`.
    Classic(ClassicTimeBase),
    /// By `mfspr`.
    Booke(BookeTimeBase),
}

impl CpuTimeBase {
    /// The time base of `cpu`.
    ///
    /// # Errors
    /// [`TickError::NoTimeBase`] for the 601, the 403 and the e200z0.
    ///
    /// # Safety
    /// * This code runs on `cpu`.
    pub unsafe fn of(cpu: &Cpu) -> Result<Self, TickError> {
        match timer_of(cpu)? {
            // SAFETY: the cores with these timers are the classic ones and the 405.
            TickTimer::Decrementer | TickTimer::Pit => Ok(Self::Classic(unsafe { ClassicTimeBase::new() })),
            // SAFETY: the cores with this timer are the Book E ones.
            TickTimer::DecrementerReload => Ok(Self::Booke(unsafe { BookeTimeBase::new() })),
        }
    }
}

impl TimeBase for CpuTimeBase {
    fn now(&self) -> u64 {
        match self {
            Self::Classic(time_base) => time_base.now(),
            Self::Booke(time_base) => time_base.now(),
        }
    }
}

/// The tick of this CPU, whichever timer makes it.
#[derive(Debug)]
pub enum CpuTick {
    /// Classic decrementer.
    Decrementer(DecrementerTick<ClassicDecrementer>),
    /// Book E decrementer.
    DecrementerReload(ReloadTick<BookeDecrementer>),
    /// 405 PIT.
    Pit(ReloadTick<Pit>),
}

impl CpuTick {
    /// Starts ticks of `period` on `cpu`. They are delivered once MSR\[EE\] is set.
    ///
    /// # Errors
    /// [`TickError::NoTimeBase`] for the 601, the 403 and the e200z0.
    ///
    /// # Safety
    /// * This code runs on `cpu`, in supervisor state.
    /// * Nobody else uses the decrementer (or the PIT) and its bits of TCR and TSR, from now on.
    /// * A handler for the decrementer exception is installed before MSR\[EE\] is set; it calls
    ///   [`Tick::on_interrupt`] on this CPU.
    pub unsafe fn start(cpu: &Cpu, period: Period) -> Result<Self, TickError> {
        // SAFETY: that the code runs on `cpu` is passed on.
        let time_base = unsafe { CpuTimeBase::of(cpu)? };
        Ok(match (time_base, cpu.core().tick) {
            (CpuTimeBase::Booke(time_base), _) => {
                Self::DecrementerReload(ReloadTick::start(BookeDecrementer(time_base), period))
            }
            (CpuTimeBase::Classic(time_base), TickTimer::Pit) => Self::Pit(ReloadTick::start(Pit(time_base), period)),
            (CpuTimeBase::Classic(time_base), _) => {
                Self::Decrementer(DecrementerTick::start(ClassicDecrementer(time_base), period))
            }
        })
    }
}

impl Tick for CpuTick {
    fn on_interrupt(&mut self) -> u32 {
        match self {
            Self::Decrementer(tick) => tick.on_interrupt(),
            Self::DecrementerReload(tick) => tick.on_interrupt(),
            Self::Pit(tick) => tick.on_interrupt(),
        }
    }

    fn ticks(&self) -> u64 {
        match self {
            Self::Decrementer(tick) => tick.ticks(),
            Self::DecrementerReload(tick) => tick.ticks(),
            Self::Pit(tick) => tick.ticks(),
        }
    }

    fn missed(&self) -> u64 {
        match self {
            Self::Decrementer(tick) => tick.missed(),
            Self::DecrementerReload(tick) => tick.missed(),
            Self::Pit(tick) => tick.missed(),
        }
    }

    fn stop(&mut self) {
        match self {
            Self::Decrementer(tick) => tick.stop(),
            Self::DecrementerReload(tick) => tick.stop(),
            Self::Pit(tick) => tick.stop(),
        }
    }
}
