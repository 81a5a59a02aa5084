// SPDX-License-Identifier: MIT OR Apache-2.0
//! Install: from an identified CPU to exceptions that work.
//!
//! The steps, in order: choose the one family that claims the CPU; check the memory it is given; generate,
//! encode, decode and compare every prologue; claim the per-CPU block; mask interrupts; write the prologues, read them back, make
//! them visible to instruction fetch; fill the block; load r13, point the hardware at the vectors; turn machine checks on. What can be
//! known beforehand is found before anything is written; [`Setup::plan`] does only that part. A register that does not take its
//! value, a vector area that does not hold what was written and memory that is not write-back show when they are tried.
//!
//! A handler is set per exception, by the setter of its kind: [`Exceptions::set_handler`] (synchronous),
//! [`Exceptions::set_interrupt_handler`] (asynchronous), [`Exceptions::set_isolated_handler`] (machine check, system reset, debug).
//! One that declines, or none, leads to [`Exceptions::set_global_handler`] and then to the [fatal hook](crate::fatal).

mod error;
mod memory_layout;
mod plan;

use core::sync::atomic::Ordering;

pub use error::{InstallError, StackName};
pub(crate) use memory_layout::GUARD;
pub use memory_layout::{CpuMemory, Layout, MIN_STACK, Range, StackSet, VectorArea, VectorPage};
pub use plan::{MAX_PLAN, Plan, PlannedVector};

use crate::cpu::Cpu;
use crate::exception::Exception;
use crate::family::Family;
use crate::fatal::{FatalHook, GlobalHandler};
use crate::flavor::Class;
use crate::frame::{CriticalFrame, Frame, IsolatedFrame};
use crate::handler::{Handled, Handler, InterruptHandler, IsolatedHandler};
use crate::memory::CodeMemory;
use crate::percpu::{DISPATCH_IDLE, PerCpu};
use crate::vectors::VectorTable;

/// The family that claims `cpu`.
///
/// # Errors
/// [`InstallError::NoFamily`] or [`InstallError::SeveralFamilies`], with the PVR.
pub fn choose(cpu: &Cpu, families: &[&'static dyn Family]) -> Result<&'static dyn Family, InstallError> {
    let mut claiming = families.iter().copied().filter(|family| family.claims(cpu));
    let family = claiming.next().ok_or(InstallError::NoFamily { pvr: cpu.pvr(), model: cpu.model().name })?;
    match claiming.next() {
        None => Ok(family),
        Some(second) => Err(InstallError::SeveralFamilies {
            pvr: cpu.pvr(),
            first: family.crate_name(),
            second: second.crate_name(),
        }),
    }
}

/// An install in preparation; made by [`Exceptions::new`].
#[must_use = "nothing is installed before `install`"]
pub struct Setup {
    cpu: Cpu,
    family: &'static dyn Family,
    layout: Option<Layout>,
    vectors: Option<VectorArea>,
    fatal: Option<FatalHook>,
    naked: Option<(Exception, u32)>,
    write_back_check: bool,
}

impl Setup {
    /// Gives the vector of `exception` to the board's own assembly at `address`: a single branch, no wrapper, no handler.
    /// The assembly finds the machine as the hardware left it, may use nothing but r13, and returns by itself. Meant
    /// for FP unavailable, where a unit is switched on and the instruction repeated. One vector can be naked.
    pub fn naked(mut self, exception: Exception, address: u32) -> Self {
        self.naked = Some((exception, address));
        self
    }

    /// Leaves out the test that memory has the write-back attribute, on families whose entry code runs untranslated.
    /// For boards that switch the data cache off.
    pub fn without_write_back_check(mut self) -> Self {
        self.write_back_check = false;
        self
    }

    /// The per-CPU block and the stacks of this CPU.
    pub fn memory(mut self, memory: impl Into<Layout>) -> Self {
        self.layout = Some(memory.into());
        self
    }

    /// Where the vectors go. CPUs that share an area must be of the same model.
    pub fn vectors(mut self, area: impl Into<VectorArea>) -> Self {
        self.vectors = Some(area.into());
        self
    }

    /// Who prints a fatal report and stops the CPU.
    pub fn fatal(mut self, hook: FatalHook) -> Self {
        self.fatal = Some(hook);
        self
    }

    /// The family that serves this CPU.
    #[must_use]
    pub fn family(&self) -> &'static dyn Family {
        self.family
    }

    /// Checks everything and generates the prologues; touches nothing.
    ///
    /// # Errors
    /// [`InstallError`], see there.
    pub fn plan(&self) -> Result<(Plan, Layout), InstallError> {
        let layout = self.layout.ok_or(InstallError::NoMemory)?;
        let area = self.vectors.ok_or(InstallError::NoVectorArea)?;
        layout.check(area.range())?;
        let plan = Plan::new(&self.cpu, self.family, area, self.naked)?;
        Ok((plan, layout))
    }

    /// Everything that an install does but for the hardware's registers: plans, writes the vectors to `memory`, fills
    /// the per-CPU block of CPU `index`. With `write` false it only compares, as a secondary CPU does. For the tests
    /// of families and for tools.
    ///
    /// # Errors
    /// [`InstallError`]; the block stays free then.
    pub fn prepare(&self, memory: &mut impl CodeMemory, index: u32, write: bool) -> Result<Exceptions, InstallError> {
        let (plan, layout) = self.claim()?;
        self.write(memory, &plan, &layout, index, write)
    }

    /// What can be refused while nothing has been touched: the plan is made, the block is this install's.
    fn claim(&self) -> Result<(Plan, Layout), InstallError> {
        let (plan, layout) = self.plan()?;
        let block = layout.per_cpu;
        if block.words.claimed.swap(1, Ordering::AcqRel) != 0 {
            return Err(InstallError::AlreadyInstalled { cpu: block.index() });
        }
        Ok((plan, layout))
    }

    fn write(
        &self,
        memory: &mut impl CodeMemory,
        plan: &Plan,
        layout: &Layout,
        index: u32,
        write: bool,
    ) -> Result<Exceptions, InstallError> {
        let line = u32::from(self.cpu.core().cache_line);
        let written = if write { plan.write(memory, line) } else { plan.verify(memory) };
        if let Err(error) = written {
            layout.per_cpu.words.claimed.store(0, Ordering::Release);
            return Err(error);
        }
        self.fill(layout, plan, index);
        Ok(Exceptions {
            cpu: self.cpu,
            table: plan.table(),
            base: plan.base(),
            family_name: self.family.family_name(&self.cpu),
            per_cpu: layout.per_cpu,
            naked: self.naked.map(|(exception, _)| exception),
        })
    }

    fn fill(&self, layout: &Layout, plan: &Plan, index: u32) {
        let block = layout.per_cpu;
        let words = &block.words;
        let stacks = &layout.stacks;
        let frame_at = |top: u32, size: usize| top - size as u32;
        let msr = self.family.msr(&self.cpu);
        let set = |word: &core::sync::atomic::AtomicU32, value: u32| word.store(value, Ordering::Relaxed);
        set(&words.lock, 0);
        set(&words.nest, 0);
        set(&words.dispatch, DISPATCH_IDLE);
        set(&words.fatal_depth, 0);
        set(&words.debug_save[0], 0);
        set(&words.interrupt_stack, stacks.interrupt.end());
        set(&words.interrupt_stack_low, stacks.interrupt.start + GUARD);
        set(&words.critical_stack_low, stacks.critical.start);
        set(&words.critical_frame, frame_at(stacks.critical.end(), size_of::<CriticalFrame>()));
        set(&words.debug_frame, frame_at(stacks.debug.end(), size_of::<IsolatedFrame>()));
        set(&words.machine_check_frame, frame_at(stacks.machine_check.end(), size_of::<IsolatedFrame>()));
        // Above it a guarded wrapper puts its frame when there is no other stack.
        set(&words.fatal_stack, frame_at(stacks.fatal.end(), size_of::<Frame>()));
        set(&words.msr_handler, msr.handler);
        set(&words.msr_exit, msr.exit);
        set(&words.msr_keep, !(MSR_EE | self.cpu.core().critical_enable));
        set(&words.vector_base, plan.base());
        set(&words.vector_len, plan.len_bytes());
        set(&words.pvr, self.cpu.pvr().0);
        set(&words.index, index);
        // Also those of numbers that no exception has: a damaged prologue loads any number, and a report is to name it.
        for slot in block.slots() {
            slot.store(declines as *mut (), Ordering::Relaxed);
        }
        if let Some(hook) = self.fatal {
            block.set_fatal_hook(hook);
        }
        words.scheduler.store(core::ptr::null_mut(), Ordering::Relaxed);
        words.dispatch_hook.store(crate::sched::ENTRY as *mut (), Ordering::Relaxed);
        crate::sched::arm_guard(block);
    }
}

/// MSR\[EE\], external enable (manual bit 16 of 32).
const MSR_EE: u32 = 0x0000_8000;

/// The handler of every exception that has none. Its address is compared, also from other crates, so it must not be
/// duplicated by inlining.
#[inline(never)]
extern "C" fn declines(_frame: *mut ()) -> Handled {
    Handled::NotHandled
}

/// The exceptions of one CPU, installed.
#[derive(Clone, Copy)]
pub struct Exceptions {
    cpu: Cpu,
    table: &'static VectorTable,
    base: u32,
    family_name: &'static str,
    per_cpu: &'static PerCpu,
    naked: Option<Exception>,
}

impl core::fmt::Debug for Exceptions {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Exceptions({}, {} vectors)", self.cpu, self.table.entries().len())
    }
}

/// Why a handler cannot be set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum HandlerError {
    /// This CPU has no such vector.
    NoVector {
        /// The exception.
        exception: Exception,
        /// The model.
        model: &'static str,
    },
    /// The exception exists, but its handlers have another signature.
    WrongKind {
        /// The exception.
        exception: Exception,
        /// The setter that takes its handlers.
        use_instead: &'static str,
    },
    /// The vector was given to the board's own assembly ([`Setup::naked`]): no handler would ever be called.
    Naked {
        /// The exception.
        exception: Exception,
    },
}

impl core::fmt::Display for HandlerError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NoVector { exception, model } => write!(f, "{model} has no {exception} vector"),
            Self::WrongKind { exception, use_instead } => {
                write!(f, "handlers of {exception} are set by `{use_instead}`")
            }
            Self::Naked { exception } => write!(f, "the {exception} vector is naked and calls no handler"),
        }
    }
}

impl core::error::Error for HandlerError {}

macro_rules! handler_functions {
    ($kind:literal, $class:pat, $asynchronous:expr, $type:ident, $set:ident, $get:ident, $clear:ident) => {
        #[doc = concat!("Sets the handler of ", $kind, "; returns the one it replaces.")]
        ///
        /// # Errors
        /// [`HandlerError`] when this CPU has no such vector, its handlers are of another kind, or the vector is naked.
        pub fn $set(&self, exception: Exception, handler: $type) -> Result<Option<$type>, HandlerError> {
            let slot = self.slot_for(exception, stringify!($set))?;
            let old = slot.swap(handler as *mut (), Ordering::AcqRel);
            // SAFETY: the slot of this kind holds `declines` or what this function stored.
            Ok((old != declines as *mut ()).then(|| unsafe { core::mem::transmute::<*mut (), $type>(old) }))
        }

        #[doc = concat!("The handler of ", $kind, ", if one is set.")]
        ///
        /// # Errors
        /// As for setting it.
        pub fn $get(&self, exception: Exception) -> Result<Option<$type>, HandlerError> {
            let now = self.slot_for(exception, stringify!($set))?.load(Ordering::Acquire);
            // SAFETY: the slot of this kind holds `declines` or what the setter stored.
            Ok((now != declines as *mut ()).then(|| unsafe { core::mem::transmute::<*mut (), $type>(now) }))
        }

        #[doc = concat!("Clears the handler of ", $kind, "; the global handler gets it from now on. Returns the old one.")]
        ///
        /// # Errors
        /// As for setting it.
        pub fn $clear(&self, exception: Exception) -> Result<Option<$type>, HandlerError> {
            let old = self.slot_for(exception, stringify!($set))?.swap(declines as *mut (), Ordering::AcqRel);
            // SAFETY: the slot of this kind holds `declines` or what the setter stored.
            Ok((old != declines as *mut ()).then(|| unsafe { core::mem::transmute::<*mut (), $type>(old) }))
        }
    };
}

impl Exceptions {
    /// Begins an install on `cpu` with whichever of `families` claims it.
    ///
    /// # Errors
    /// [`InstallError::NoFamily`] or [`InstallError::SeveralFamilies`], with the PVR.
    #[expect(clippy::new_ret_no_self, reason = "a builder comes first; the install makes the value")]
    pub fn new(cpu: &Cpu, families: &[&'static dyn Family]) -> Result<Setup, InstallError> {
        let family = choose(cpu, families)?;
        Ok(Setup { cpu: *cpu, family, layout: None, vectors: None, fatal: None, naked: None, write_back_check: true })
    }

    /// The CPU.
    #[must_use]
    pub fn cpu(&self) -> &Cpu {
        &self.cpu
    }

    /// Its vectors.
    #[must_use]
    pub fn table(&self) -> &'static VectorTable {
        self.table
    }

    /// Where its vectors lie.
    #[must_use]
    pub fn vector_base(&self) -> u32 {
        self.base
    }

    /// The family that serves it, as output names it.
    #[must_use]
    pub fn family_name(&self) -> &'static str {
        self.family_name
    }

    /// Its block.
    #[must_use]
    pub fn per_cpu(&self) -> &'static PerCpu {
        self.per_cpu
    }

    fn slot_for(
        &self,
        exception: Exception,
        setter: &'static str,
    ) -> Result<&core::sync::atomic::AtomicPtr<()>, HandlerError> {
        let entry =
            self.table.find(exception).ok_or(HandlerError::NoVector { exception, model: self.cpu.model().name })?;
        if self.naked == Some(exception) {
            return Err(HandlerError::Naked { exception });
        }
        let right = match (entry.class(), entry.asynchronous) {
            (Class::Standard, false) => "set_handler",
            (Class::Standard | Class::Critical, _) => "set_interrupt_handler",
            (Class::Debug | Class::MachineCheck, _) => "set_isolated_handler",
        };
        if right == setter {
            Ok(self.per_cpu.slot(exception, entry.asynchronous))
        } else {
            Err(HandlerError::WrongKind { exception, use_instead: right })
        }
    }

    handler_functions!("a synchronous exception", Class::Standard, false, Handler, set_handler, handler, clear_handler);
    handler_functions!(
        "an asynchronous exception",
        Class::Standard | Class::Critical,
        true,
        InterruptHandler,
        set_interrupt_handler,
        interrupt_handler,
        clear_interrupt_handler
    );
    handler_functions!(
        "machine check, system reset or debug",
        Class::Debug | Class::MachineCheck,
        _,
        IsolatedHandler,
        set_isolated_handler,
        isolated_handler,
        clear_isolated_handler
    );

    /// Sets who takes every exception that no handler handled; `None` makes such an exception fatal.
    pub fn set_global_handler(&self, handler: Option<GlobalHandler>) {
        self.per_cpu.set_global_handler(handler);
    }
}

#[cfg(target_arch = "powerpc")]
mod hardware {
    use core::arch::asm;

    use core::sync::atomic::Ordering;

    use super::{Exceptions, Frame, InstallError, MSR_EE, Setup};
    use crate::exception::Exception;
    use crate::handler::Handled;
    use crate::memory::VectorMemory;

    /// MSR\[ME\], machine check enable (manual bit 19 of 32).
    const MSR_ME: u32 = 0x0000_1000;
    /// MSR\[RI\], recoverable (manual bit 30 of 32).
    const MSR_RI: u32 = 0x0000_0002;

    impl Setup {
        /// Installs the exceptions of the boot CPU: writes the vectors, fills the block, points the hardware at them,
        /// turns machine checks on. Asynchronous exceptions stay masked until [`Exceptions::enable`].
        ///
        /// # Errors
        /// [`InstallError`]; the hardware is as it was, MSR too, unless the error is one that shows only when it is tried:
        /// [`InstallError::ReadBack`], [`InstallError::Register`] or [`InstallError::NotWriteBack`]. After these EE and CE are
        /// off, because no vector can be trusted.
        pub fn install(self) -> Result<Exceptions, InstallError> {
            self.install_on(0, true)
        }

        /// Installs on another CPU, which shares the vector area that the boot CPU has written. The words are compared,
        /// not written.
        ///
        /// # Errors
        /// [`InstallError`], as for [`install`](Self::install); [`InstallError::ReadBack`] when the area does not hold this
        /// CPU's vectors.
        pub fn install_secondary(self, index: u32) -> Result<Exceptions, InstallError> {
            self.install_on(index, false)
        }

        fn install_on(self, index: u32, write: bool) -> Result<Exceptions, InstallError> {
            let (given, real) = (self.cpu.pvr(), crate::cpu::read_pvr());
            if given != real {
                return Err(InstallError::WrongCpu { given, real });
            }
            // Before interrupts are masked: a second install on a CPU that is at work is refused and changes nothing.
            let (plan, layout) = self.claim()?;
            mask(self.cpu.core().critical_enable);
            let exceptions = self.write(&mut VectorMemory(()), &plan, &layout, index, write)?;
            // SAFETY: r13 is reserved in this ABI, nobody but the wrappers uses it, and the block is 'static.
            unsafe { asm!("mr 13, {0}", in(reg) exceptions.per_cpu.r13(), options(nomem, nostack, preserves_flags)) };
            // SAFETY: the prologues are written and visible, asynchronous exceptions are masked.
            unsafe { self.family.point(&self.cpu, exceptions.base, exceptions.table) }?;
            let recoverable = if self.cpu.features().contains(crate::cpu::Features::RI) { MSR_RI } else { 0 };
            // SAFETY: machine checks and recoverable exceptions have their vectors now.
            unsafe { set_by_return(MSR_ME | recoverable, 0) };
            if self.write_back_check && self.family.enters_untranslated() {
                check_write_back(&exceptions)?;
            }
            Ok(exceptions)
        }
    }

    /// MSR\[DR\], data translation (manual bit 27 of 32).
    const MSR_DR: u32 = 0x0000_0010;

    /// Entry code on these cores runs untranslated, which means write-back cached; the stacks must have the same
    /// attribute when they are translated. `dcbz` on a line that is not write-back raises an alignment exception on most
    /// parts, so one is tried at the bottom of the interrupt stack (founding design: caching assumption). Without
    /// translation there is nothing to compare.
    fn check_write_back(exceptions: &Exceptions) -> Result<(), InstallError> {
        let msr: u32;
        // SAFETY: reading MSR has no side effect.
        unsafe { asm!("mfmsr {0}", out(reg) msr, options(nomem, nostack, preserves_flags)) };
        if msr & MSR_DR == 0 {
            return Ok(());
        }
        let words = &exceptions.per_cpu.words;
        let line = u32::from(exceptions.cpu.core().cache_line);
        // A whole line inside the stack, above the guard word, which is set already.
        let address = words.interrupt_stack_low.load(Ordering::Relaxed).next_multiple_of(line);
        let slot = exceptions.per_cpu.slot(Exception::Alignment, false);
        let before = slot.swap(refuses_dcbz as *mut (), Ordering::AcqRel);
        let taken: u32;
        // SAFETY: the line lies in the interrupt stack, which nobody uses yet; the handler skips the instruction and
        // says so in r3.
        unsafe {
            asm!("li 3, 0", "dcbz 0, {0}", in(reg) address, out("r3") taken, options(nostack, preserves_flags));
        }
        slot.store(before, Ordering::Release);
        // The line may have held the guard word.
        crate::sched::arm_guard(exceptions.per_cpu);
        if taken == 0 { Ok(()) } else { Err(InstallError::NotWriteBack { address }) }
    }

    /// The alignment handler during the check: the `dcbz` was refused.
    extern "C" fn refuses_dcbz(frame: &mut Frame) -> Handled {
        frame.gpr[3] = 1;
        frame.skip_instruction();
        Handled::Handled
    }

    /// Masks standard and critical interrupts.
    fn mask(critical_enable: u32) {
        // SAFETY: clearing enables breaks nothing; `isync` makes it take effect before anything that follows. Not
        // `nomem`: accesses must not move above it.
        unsafe {
            asm!(
                "mfmsr {old}",
                "andc {old}, {old}, {off}",
                "mtmsr {old}",
                "isync",
                old = out(reg) _,
                off = in(reg) MSR_EE | critical_enable,
                options(nostack, preserves_flags),
            );
        }
    }

    /// Sets and clears MSR bits by a return from interrupt, the only way that changes ME on every core and also
    /// synchronises the context.
    ///
    /// # Safety
    /// * SRR0/1 are not in use: standard exceptions are masked and none is under way.
    /// * The caller may have the bits in `set` on.
    unsafe fn set_by_return(set: u32, clear: u32) {
        // SAFETY: goes on at the next instruction with the new MSR; LR is clobbered and said so. Not `nomem`.
        unsafe {
            asm!(
                "bcl 20, 31, 2f",        // LR = address of the next instruction
                "2: mflr {t}",
                "addi {t}, {t}, 3f-2b",
                "mtspr 26, {t}",         // SRR0
                "mfmsr {t}",
                "or {t}, {t}, {set}",
                "andc {t}, {t}, {clear}",
                "mtspr 27, {t}",         // SRR1
                "rfi",
                "3:",
                t = out(reg_nonzero) _,
                set = in(reg) set,
                clear = in(reg) clear,
                out("lr") _,
                options(nostack, preserves_flags),
            );
        }
    }

    impl Exceptions {
        /// Lets external interrupts, the tick and critical interrupts in.
        ///
        /// # Safety
        /// * Handlers for every source that can be pending are in place.
        /// * No critical section that relies on masked interrupts is open.
        pub unsafe fn enable(&self) {
            // SAFETY: the caller answers for what comes in now.
            unsafe {
                asm!(
                    "mfmsr {t}",
                    "or {t}, {t}, {on}",
                    "mtmsr {t}",
                    "isync",
                    t = out(reg) _,
                    on = in(reg) MSR_EE | self.cpu.core().critical_enable,
                    options(nostack, preserves_flags),
                );
            }
        }

        /// Masks external interrupts, the tick and critical interrupts.
        pub fn disable(&self) {
            mask(self.cpu.core().critical_enable);
        }
    }
}
