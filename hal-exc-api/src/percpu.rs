// SPDX-License-Identifier: MIT OR Apache-2.0
//! The per-CPU block: everything that entry and exit code needs, within reach of r13.
//!
//! r13 is the small-data register of the PowerPC ABIs; the compiler never allocates it. Each CPU keeps an
//! address inside its own block there ([`PerCpu::r13`]), so that the first instruction at a vector can store into it without
//! setting up a register, and so that nothing is shared between CPUs.
//!
//! ```text
//!   r13 - 256   64 slots: handlers of asynchronous exceptions   (vector word = -256 + 4 * number)
//!   r13         fields, see PerCpu
//!   r13 + 256   64 slots: handlers of synchronous exceptions    (vector word = +256 + 4 * number)
//! ```
//!
//! # The dispatch word
//!
//! One word says whether a dispatch is wanted (bit 31 *clear*) and how many forbid it (bits 30 to 0, a count). It is 0 exactly when
//! a dispatch is wanted and nobody forbids it, so an exit decides with one comparison. The nesting level is a word of its own:
//! a dispatch happens at level 0 only.

use core::mem::offset_of;
use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering};

use crate::exception::{Exception, MAX_EXCEPTIONS};
use crate::fatal::{FatalHook, GlobalHandler};
use crate::flavor::Class;
use crate::frame::{Frame, FullFrame, InterruptFrame};
use crate::insn;
use crate::prologue::{Park, Template};
use crate::vectors::VectorEntry;

/// The words that the wrappers read and write; offsets are distances from r13.
///
/// Every word has one writer at a time: this CPU, at the level that the comment names.
#[repr(C)]
pub(crate) struct Words {
    /// Target of the store that drops a reservation on the way out.
    pub(crate) reservation: AtomicU32,
    /// Not zero from the first instruction of a standard interrupt until it has raised `nest`.
    pub(crate) lock: AtomicU32,
    /// Levels of asynchronous exceptions that have not left yet.
    pub(crate) nest: AtomicU32,
    /// Zero when a dispatch is wanted and not forbidden; see the module.
    pub(crate) dispatch: AtomicU32,
    /// Top of the interrupt stack (the address behind its last byte).
    pub(crate) interrupt_stack: AtomicU32,
    /// Where the frame of a critical, debug, machine-check exception goes: each on its own stack.
    pub(crate) critical_frame: AtomicU32,
    pub(crate) debug_frame: AtomicU32,
    pub(crate) machine_check_frame: AtomicU32,
    /// Top of the stack on which a fatal report is printed.
    pub(crate) fatal_stack: AtomicU32,
    /// MSR in which handlers run, where the wrapper sets one (classic: translation on, RI).
    pub(crate) msr_handler: AtomicU32,
    /// MSR from the end of the handler to the return instruction: all that could dispatch is masked.
    pub(crate) msr_exit: AtomicU32,
    /// r1 and r3 as a critical, debug, machine-check prologue found them. The first word of `debug_save` also says that a
    /// debug exception is under way: its exit clears it.
    pub(crate) critical_save: [AtomicU32; 2],
    pub(crate) debug_save: [AtomicU32; 2],
    pub(crate) machine_check_save: [AtomicU32; 2],
    /// r4 and CTR while a trampoline is under way: standard, critical, debug, machine check.
    pub(crate) park: [[AtomicU32; 2]; 4],
    /// What a guarded prologue and wrapper keep while they find out whether the interrupted stack is there: r4, r3, CR,
    /// vector word, r1; and r4 and CTR while a trampoline is under way.
    pub(crate) fault_save: [AtomicU32; 7],
    /// MSR bits that stay while a fatal report is printed: all but EE and this core's critical enable.
    pub(crate) msr_keep: AtomicU32,
    /// What the exits call for a dispatch: it checks the interrupt stack and goes on in the scheduler.
    pub(crate) dispatch_hook: AtomicPtr<()>,
    /// The scheduler's dispatch function; null = no scheduler.
    pub(crate) scheduler: AtomicPtr<()>,
    /// The lowest address at which a nested interrupt may still begin: the bottom of the interrupt stack and a reserve. The
    /// guard word lies at the bottom itself.
    pub(crate) interrupt_stack_low: AtomicU32,
    /// Lowest address of the critical stack.
    pub(crate) critical_stack_low: AtomicU32,
    /// How many fatal reports have begun on this CPU.
    pub(crate) fatal_depth: AtomicU32,
    /// Watched interrupts since the last watched tick, and watched ticks in a row that hit an interrupt handler.
    pub(crate) interrupts: AtomicU32,
    pub(crate) late_ticks: AtomicU32,
    /// Vector area, trampolines included: where a lock store may stand.
    pub(crate) vector_base: AtomicU32,
    pub(crate) vector_len: AtomicU32,
    /// The global handler and the fatal hook, as function addresses; 0 = none.
    pub(crate) global_handler: AtomicPtr<()>,
    pub(crate) fatal_hook: AtomicPtr<()>,
    /// PVR of this CPU, for reports.
    pub(crate) pvr: AtomicU32,
    /// Index of this CPU, 0 for the boot CPU.
    pub(crate) index: AtomicU32,
    /// Whether an install has claimed the block.
    pub(crate) claimed: AtomicU32,
    /// For the operating system.
    pub(crate) user: AtomicUsize,
}

/// One CPU's block. Make one `static` per CPU (it is part of [`crate::install::CpuMemory`]).
#[repr(C, align(64))]
pub struct PerCpu {
    asynchronous: [AtomicPtr<()>; MAX_EXCEPTIONS],
    pub(crate) words: Words,
    #[cfg(target_pointer_width = "32")]
    padding: [u32; (4 * MAX_EXCEPTIONS - size_of::<Words>()) / 4],
    synchronous: [AtomicPtr<()>; MAX_EXCEPTIONS],
}

#[cfg(target_pointer_width = "32")]
const _: () = {
    use crate::exception::VectorWord;
    let words = offset_of!(PerCpu, words) as i32;
    assert!(offset_of!(PerCpu, asynchronous) as i32 - words == VectorWord::ASYNCHRONOUS_BASE as i32);
    assert!(offset_of!(PerCpu, synchronous) as i32 - words == VectorWord::SYNCHRONOUS_BASE as i32);
};

/// Offsets from r13 for the wrapper macros; not for anybody else.
#[doc(hidden)]
pub mod offset {
    use super::{Words, offset_of};

    pub const RESERVATION: usize = offset_of!(Words, reservation);
    pub const LOCK: usize = offset_of!(Words, lock);
    pub const NEST: usize = offset_of!(Words, nest);
    pub const DISPATCH: usize = offset_of!(Words, dispatch);
    pub const INTERRUPT_STACK: usize = offset_of!(Words, interrupt_stack);
    pub const INTERRUPT_STACK_LOW: usize = offset_of!(Words, interrupt_stack_low);
    pub const CRITICAL_FRAME: usize = offset_of!(Words, critical_frame);
    pub const DEBUG_FRAME: usize = offset_of!(Words, debug_frame);
    pub const MACHINE_CHECK_FRAME: usize = offset_of!(Words, machine_check_frame);
    pub const FATAL_STACK: usize = offset_of!(Words, fatal_stack);
    pub const MSR_HANDLER: usize = offset_of!(Words, msr_handler);
    pub const MSR_EXIT: usize = offset_of!(Words, msr_exit);
    pub const CRITICAL_SAVE: usize = offset_of!(Words, critical_save);
    pub const DEBUG_SAVE: usize = offset_of!(Words, debug_save);
    pub const MACHINE_CHECK_SAVE: usize = offset_of!(Words, machine_check_save);
    pub const PARK_STANDARD: usize = offset_of!(Words, park);
    pub const PARK_CRITICAL: usize = PARK_STANDARD + 8;
    pub const PARK_DEBUG: usize = PARK_STANDARD + 16;
    pub const PARK_MACHINE_CHECK: usize = PARK_STANDARD + 24;
    pub const FAULT_SAVE: usize = offset_of!(Words, fault_save);
    pub const MSR_KEEP: usize = offset_of!(Words, msr_keep);
    pub const FATAL_DEPTH: usize = offset_of!(Words, fatal_depth);
    pub const VECTOR_BASE: usize = offset_of!(Words, vector_base);
    pub const VECTOR_LEN: usize = offset_of!(Words, vector_len);
    pub const DISPATCH_HOOK: usize = offset_of!(Words, dispatch_hook);
    pub const SCHEDULER: usize = offset_of!(Words, scheduler);
}

// `stwcx.` has no displacement: the scratch word must be at r13 itself.
const _: () = assert!(offset::RESERVATION == 0);

/// Set in the dispatch word while no dispatch is wanted; the bits below count who forbids it.
pub const DISPATCH_IDLE: u32 = 0x8000_0000;

/// The lock store: the first word of every standard interrupt's prologue.
pub const LOCK_STORE: u32 = insn::stw(1, offset::LOCK as i16, 13);

/// The first word of a debug prologue.
pub(crate) const DEBUG_STORE: u32 = insn::stw(1, offset::DEBUG_SAVE as i16, 13);

impl Template {
    /// The opening of the prologue of `entry`; `None` for a naked vector, which has no prologue.
    #[must_use]
    pub const fn of(entry: &VectorEntry) -> Option<Self> {
        if matches!(entry.flavor, crate::flavor::Flavor::Naked) {
            return None;
        }
        Some(match entry.class() {
            Class::Standard if entry.asynchronous => Self {
                first: LOCK_STORE,
                // Below the stack pointer, where the wrapper puts the frame next. Whoever interrupts in
                // between has a stack of its own.
                second: insn::stw(
                    3,
                    offset_of!(InterruptFrame, r3_to_r12) as i16 - size_of::<InterruptFrame>() as i16,
                    1,
                ),
                park: parked_at(offset::PARK_STANDARD),
            },
            Class::Standard => Self {
                first: insn::stwu(1, -(size_of::<Frame>() as i16), 1),
                second: insn::stw(3, frame_gpr(3), 1),
                park: Park { base: 1, r4: frame_gpr(4), ctr: offset_of!(FullFrame, ctr) as i16 },
            },
            Class::Critical => saving(offset::CRITICAL_SAVE, offset::PARK_CRITICAL),
            Class::Debug => saving(offset::DEBUG_SAVE, offset::PARK_DEBUG),
            Class::MachineCheck => saving(offset::MACHINE_CHECK_SAVE, offset::PARK_MACHINE_CHECK),
        })
    }
}

impl Template {
    /// The opening of a *guarded* prologue, of an exception that the push of a frame may raise itself: it touches no
    /// stack.
    #[must_use]
    pub const fn guarded() -> Self {
        Self {
            first: insn::stw(4, offset::FAULT_SAVE as i16, 13),
            second: insn::stw(3, offset::FAULT_SAVE as i16 + 4, 13),
            park: parked_at(offset::FAULT_SAVE + 20),
        }
    }
}

const fn frame_gpr(n: u8) -> i16 {
    offset_of!(FullFrame, gpr) as i16 + 4 * n as i16
}

const fn parked_at(offset: usize) -> Park {
    Park { base: 13, r4: offset as i16, ctr: offset as i16 + 4 }
}

const fn saving(save: usize, park: usize) -> Template {
    Template { first: insn::stw(1, save as i16, 13), second: insn::stw(3, save as i16 + 4, 13), park: parked_at(park) }
}

#[expect(clippy::declare_interior_mutable_const, reason = "initial value of array elements")]
const ZERO: AtomicU32 = AtomicU32::new(0);
#[expect(clippy::declare_interior_mutable_const, reason = "initial value of array elements")]
const EMPTY: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());

impl PerCpu {
    /// A block that no CPU uses yet.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "made once per CPU, in a static")]
    pub const fn new() -> Self {
        Self {
            asynchronous: [EMPTY; MAX_EXCEPTIONS],
            words: Words {
                reservation: ZERO,
                lock: ZERO,
                nest: ZERO,
                dispatch: AtomicU32::new(DISPATCH_IDLE),
                interrupt_stack: ZERO,
                critical_frame: ZERO,
                debug_frame: ZERO,
                machine_check_frame: ZERO,
                fatal_stack: ZERO,
                msr_handler: ZERO,
                msr_exit: ZERO,
                critical_save: [ZERO; 2],
                debug_save: [ZERO; 2],
                machine_check_save: [ZERO; 2],
                park: [const { [ZERO; 2] }; 4],
                fault_save: [ZERO; 7],
                msr_keep: ZERO,
                dispatch_hook: EMPTY,
                scheduler: EMPTY,
                interrupt_stack_low: ZERO,
                critical_stack_low: ZERO,
                fatal_depth: ZERO,
                interrupts: ZERO,
                late_ticks: ZERO,
                vector_base: ZERO,
                vector_len: ZERO,
                global_handler: EMPTY,
                fatal_hook: EMPTY,
                pvr: ZERO,
                index: ZERO,
                claimed: ZERO,
                user: AtomicUsize::new(0),
            },
            #[cfg(target_pointer_width = "32")]
            padding: [0; _],
            synchronous: [EMPTY; MAX_EXCEPTIONS],
        }
    }

    /// What r13 must hold for this block.
    #[must_use]
    pub fn r13(&self) -> usize {
        &raw const self.words as usize
    }

    /// All slots, those of numbers that no exception has included.
    pub(crate) fn slots(&self) -> impl Iterator<Item = &AtomicPtr<()>> {
        self.asynchronous.iter().chain(&self.synchronous)
    }

    /// The slot of `exception` in the table that its kind uses.
    pub(crate) fn slot(&self, exception: Exception, asynchronous: bool) -> &AtomicPtr<()> {
        let table = if asynchronous { &self.asynchronous } else { &self.synchronous };
        &table[exception.number() as usize]
    }

    pub(crate) fn global_handler(&self) -> Option<GlobalHandler> {
        let address = self.words.global_handler.load(Ordering::Relaxed);
        // SAFETY: only `set_global_handler` stores here, from a `GlobalHandler`; null is `None`.
        unsafe { core::mem::transmute::<*mut (), Option<GlobalHandler>>(address) }
    }

    pub(crate) fn set_global_handler(&self, handler: Option<GlobalHandler>) {
        let address = handler.map_or(core::ptr::null_mut(), |handler| handler as *mut ());
        self.words.global_handler.store(address, Ordering::Relaxed);
    }

    pub(crate) fn fatal_hook(&self) -> Option<FatalHook> {
        let address = self.words.fatal_hook.load(Ordering::Relaxed);
        // SAFETY: only `set_fatal_hook` stores here, from a `FatalHook`; null is `None`.
        unsafe { core::mem::transmute::<*mut (), Option<FatalHook>>(address) }
    }

    pub(crate) fn set_fatal_hook(&self, hook: FatalHook) {
        self.words.fatal_hook.store(hook as *mut (), Ordering::Relaxed);
    }

    /// Index of this CPU; the boot CPU has 0.
    #[must_use]
    #[inline]
    pub fn index(&self) -> u32 {
        self.words.index.load(Ordering::Relaxed)
    }

    /// How many asynchronous exceptions have been entered and not left on this CPU; 0 in a thread and in its
    /// synchronous exceptions.
    #[must_use]
    pub fn nest_level(&self) -> u32 {
        self.words.nest.load(Ordering::Relaxed)
    }

    /// How many [`disable_dispatch`](Self::disable_dispatch) are open on this CPU.
    #[must_use]
    pub fn dispatch_disable_level(&self) -> u32 {
        self.words.dispatch.load(Ordering::Relaxed) & !DISPATCH_IDLE
    }

    /// Whether a dispatch is wanted and allowed, by request and disable level; the nesting level is not looked at.
    #[must_use]
    pub fn dispatch_due(&self) -> bool {
        self.words.dispatch.load(Ordering::Relaxed) == 0
    }

    /// Whether somebody asked for a dispatch that has not happened yet.
    #[must_use]
    pub fn dispatch_requested(&self) -> bool {
        self.words.dispatch.load(Ordering::Relaxed) & DISPATCH_IDLE == 0
    }

    /// Asks for a dispatch on this CPU at the first allowed point.
    ///
    /// The update is atomic (reservation), so a critical interrupt in the middle of it loses nothing. Where there is a token,
    /// [`MayReady::request_dispatch`](crate::sched::MayReady::request_dispatch) does the same without `unsafe`.
    ///
    /// ```compile_fail,E0133
    /// use hal_exc_api::percpu::PerCpu;
    /// fn on_machine_check(cpu: &PerCpu) {
    ///     cpu.request_dispatch(); // needs `unsafe`: a machine check may not
    /// }
    /// ```
    ///
    /// # Safety
    /// * Not called in a handler of an asynchronous machine check, system reset or debug, nor in a fatal report: these may
    ///   have interrupted the scheduler itself.
    /// * The caller runs on the CPU of this block, or the CPU is not running yet.
    pub unsafe fn request_dispatch(&self) {
        self.words.dispatch.fetch_and(!DISPATCH_IDLE, Ordering::Relaxed);
    }

    /// Takes the request back: what [`Scheduler::dispatch`](crate::sched::Scheduler::dispatch) does before it decides who runs.
    ///
    /// ```compile_fail,E0133
    /// use hal_exc_api::percpu::PerCpu;
    /// fn on_machine_check(cpu: &PerCpu) {
    ///     cpu.clear_dispatch_request(); // needs `unsafe`: the request would be lost
    /// }
    /// ```
    ///
    /// # Safety
    /// * Called by the scheduler of this CPU, in its `dispatch`, with everything masked: whoever else does it loses a request.
    pub unsafe fn clear_dispatch_request(&self) {
        self.words.dispatch.fetch_or(DISPATCH_IDLE, Ordering::Relaxed);
    }

    /// Forbids dispatching on this CPU until [`enable_dispatch`](Self::enable_dispatch); nests to 2^31 - 1 levels.
    pub fn disable_dispatch(&self) {
        self.words.dispatch.fetch_add(1, Ordering::Relaxed);
    }

    /// Undoes one [`disable_dispatch`](Self::disable_dispatch). Returns whether a dispatch is now wanted and
    /// allowed by this count; the caller then asks its scheduler.
    ///
    /// ```compile_fail,E0133
    /// use hal_exc_api::percpu::PerCpu;
    /// fn on_machine_check(cpu: &PerCpu) {
    ///     cpu.enable_dispatch(); // needs `unsafe`: whoever disabled it relies on it
    /// }
    /// ```
    ///
    /// # Safety
    /// * It pairs with a [`disable_dispatch`](Self::disable_dispatch) of the same caller on this CPU.
    /// * Not called in a handler of an asynchronous machine check, system reset or debug, nor in a fatal report.
    pub unsafe fn enable_dispatch(&self) -> bool {
        self.words.dispatch.fetch_sub(1, Ordering::Relaxed) == 1
    }

    /// A word for the operating system, zero at first.
    #[must_use]
    pub fn user(&self) -> usize {
        self.words.user.load(Ordering::Relaxed)
    }

    /// Sets the word for the operating system.
    pub fn set_user(&self, value: usize) {
        self.words.user.store(value, Ordering::Relaxed);
    }
}

#[cfg(target_arch = "powerpc")]
impl PerCpu {
    /// The block of the CPU that executes this.
    ///
    /// # Safety
    /// * Exceptions are installed on this CPU: r13 holds the address of its block.
    /// * The caller stays on this CPU while it uses the result (it runs in a handler, or dispatching is off, or it only
    ///   reads what is the same on all CPUs).
    #[must_use]
    pub unsafe fn current() -> &'static Self {
        let r13: usize;
        // SAFETY: copies a register; no memory, no flags. Not `pure`: a thread may have moved since the last call.
        unsafe { core::arch::asm!("mr {0}, 13", out(reg) r13, options(nomem, nostack, preserves_flags)) };
        let block = r13 - offset_of!(Self, words);
        // SAFETY: the caller promises that r13 was set by an install, which took a `&'static PerCpu`.
        unsafe { &*(block as *const Self) }
    }

    /// [`index`](Self::index) of the CPU that executes this, in one instruction.
    ///
    /// # Safety
    /// * As for [`current`](Self::current).
    #[must_use]
    #[inline(always)]
    pub unsafe fn current_index() -> u32 {
        let index: u32;
        // SAFETY: the caller promises that r13 points into a block; its index never changes after the install.
        unsafe {
            core::arch::asm!(
                "lwz {0}, {1}(13)", // the block's index
                out(reg_nonzero) index,
                const offset_of!(Words, index),
                options(readonly, nostack, preserves_flags)
            );
        }
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dispatch_word_is_zero_exactly_when_wanted_and_allowed() {
        let cpu = PerCpu::new();
        // SAFETY: for all three: a block of this test's own, on a host.
        let request = || unsafe { cpu.request_dispatch() };
        // SAFETY: as above.
        let clear = || unsafe { cpu.clear_dispatch_request() };
        // SAFETY: as above.
        let enable = || unsafe { cpu.enable_dispatch() };
        let word = || cpu.words.dispatch.load(Ordering::Relaxed);
        assert_ne!(word(), 0);
        cpu.disable_dispatch();
        request();
        assert_ne!(word(), 0);
        assert!(cpu.dispatch_requested());
        assert_eq!(cpu.dispatch_disable_level(), 1);
        assert!(enable());
        assert_eq!(word(), 0);
        clear();
        assert_ne!(word(), 0);
        cpu.disable_dispatch();
        assert!(!enable());
    }

    #[test]
    fn the_lock_store_is_the_instruction_of_the_founding_design() {
        // stw r1, lock(r13)
        assert_eq!(LOCK_STORE, 0x902D_0004);
    }
}
