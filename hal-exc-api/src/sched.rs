// SPDX-License-Identifier: MIT OR Apache-2.0
//! The scheduler interface: what an operating system implements so that exceptions can switch threads.
//!
//! The crate decides *when* a switch may happen; the scheduler decides *who* runs, and switches. All it has to write is one
//! function, [`Scheduler::dispatch`]. Without a scheduler everything else works and costs nothing: the exits look at one
//! word that says "no dispatch wanted", which they look at anyway.
//!
//! # Who may do what
//!
//! | where | ready a thread | block | how it proves it |
//! |---|---|---|---|
//! | thread | yes | yes | [`MayBlock::here`] |
//! | handler of a synchronous exception | yes | yes, unless it hit an interrupt handler or masked code | [`Frame::may_block`] |
//! | interrupt handler, critical ones too | yes | no | [`InterruptFrame::may_ready`], [`MayReady::here`] behind an interrupt manager |
//! | machine check, debug, system reset | no | no | an [`IsolatedFrame`] has neither method |
//! | *synchronous* machine check | yes | yes | [`resume_synchronously`], which moves it to standard level first |
//!
//! [`MayReady`] and [`MayBlock`] are tokens without contents. Give the operations of your kernel one as a parameter
//! (`post(&self, &MayReady)`, `wait(&self, &mut MayBlock)`) and the compiler keeps them out of the wrong handlers. Both stay
//! on the stack on which they were made: they are neither `Send` nor `Sync`.
//!
//! # Order of calls
//!
//! A device interrupt readies a thread of higher priority:
//!
//! ```text
//!  thread A        wrapper                 handler             scheduler              thread B
//!  ────────        ───────                 ───────             ─────────              ────────
//!  runs                                                                               waits
//!     │ interrupt
//!     └──────────► frame on A's stack
//!                  nest 0 → 1
//!                  to the interrupt stack
//!                  ──────────────────────► post(semaphore)
//!                                          B is ready
//!                                          request_dispatch()
//!                  ◄────────────────────── Handled
//!                  masks EE and CE
//!                  back to A's stack
//!                  dispatch wanted and allowed?
//!                  nest 1 → 0
//!                  ──────────────────────────────────────────► dispatch(MSR of A)
//!                                                              clears the request
//!                                                              saves r1, r14-r31,
//!                                                              CR, LR of "A in dispatch"
//!                                                              loads those of B ────► goes on where B
//!                                                                                     was switched away:
//!                                                                                     in its own dispatch,
//!                                                                                     or in wait()
//!                                                              ...
//!                                                              somebody switches
//!                                                              back to A, perhaps
//!                                                              on another CPU
//!                  ◄────────────────────────────────────────── returns
//!                  masks again; is another dispatch wanted?
//!     ◄─────────── restores A, returns from interrupt
//! ```
//!
//! Nested interrupts do the same but for the call: only the outermost level looks for a dispatch. A critical interrupt
//! that hit a standard one on its way in or out leaves the dispatch to that one, and does it itself otherwise
//! (see [`critical`](crate::critical)). A synchronous exception never looks for one: its handler is a part of the thread.
//!
//! # What a scheduler masks
//!
//! Its own data are touched from threads and from interrupt handlers of both classes, so the critical sections
//! of a kernel hold off *both* enables: [`Masked`]. Code that masks only EE can be switched away from by a critical
//! interrupt; code that must not be switched away from, but may be interrupted, takes a [`DispatchHold`].
//!
//! # Example
//!
//! A scheduler for two threads that take turns. `switch` is its own few instructions of assembly (see
//! `examples/ppc-kernel`).
//!
//! ```
//! use core::sync::atomic::{AtomicBool, Ordering};
//! use hal_exc_api::frame::InterruptFrame;
//! use hal_exc_api::handler::Handled;
//! use hal_exc_api::install::Exceptions;
//! use hal_exc_api::percpu::PerCpu;
//! use hal_exc_api::sched::{MayBlock, RegisterError, Scheduler, dispatch_if_needed};
//!
//! struct TwoThreads;
//! static SECOND_RUNS: AtomicBool = AtomicBool::new(false);
//!
//! // SAFETY: the request is taken back first, `switch` keeps the non-volatile registers of each thread on that
//! // thread's own stack and never touches r13; nothing is unmasked.
//! unsafe impl Scheduler for TwoThreads {
//!     unsafe extern "C" fn dispatch(cpu: &'static PerCpu, _interrupted_msr: u32) {
//!         // SAFETY: this is the scheduler of this CPU.
//!         unsafe { cpu.clear_dispatch_request() };
//!         let second_ran = SECOND_RUNS.fetch_not(Ordering::Relaxed);
//!         switch(second_ran);
//!     }
//! }
//! # fn switch(_: bool) {}
//!
//! // An interrupt handler asks for a dispatch; it happens when the last level of interrupts has left.
//! extern "C" fn on_tick(frame: &mut InterruptFrame) -> Handled {
//!     frame.may_ready().request_dispatch();
//!     Handled::Handled
//! }
//!
//! // A thread gives way.
//! fn give_way(token: &mut MayBlock) {
//!     token.ready().request_dispatch();
//!     dispatch_if_needed(token);
//! }
//!
//! fn start(exceptions: &Exceptions) -> Result<(), RegisterError> {
//!     exceptions.set_scheduler::<TwoThreads>()
//! }
//! ```

mod dispatch;
mod machine_check;
mod mask;
mod stack;
mod token;
mod watch;

use core::fmt;
use core::sync::atomic::Ordering;

pub(crate) use dispatch::ENTRY;
pub use dispatch::dispatch_if_needed;
pub use machine_check::{MachineCheckRefused, is_synchronous, resume_synchronously};
pub use mask::{DispatchHold, Masked, Nested};
pub use stack::GUARD_WORD;
pub(crate) use stack::arm as arm_guard;
pub use token::{MayBlock, MayReady, Refused};

#[cfg(doc)]
use crate::frame::{Frame, InterruptFrame, IsolatedFrame};
use crate::install::Exceptions;
use crate::percpu::PerCpu;

/// The type of [`Scheduler::dispatch`].
type Dispatch = unsafe extern "C" fn(&'static PerCpu, u32);

/// An operating system's scheduler.
///
/// # Safety
/// What it can rely on when [`dispatch`](Self::dispatch) is called:
/// * everything that could dispatch is masked (EE, and CE where the core has it); machine checks are not;
/// * it runs on the stack of the thread that was interrupted, or that called [`dispatch_if_needed`]; all of
///   that thread's volatile registers, PC and MSR are safe in a frame above;
/// * the nesting level is 0, the dispatch-disable level is 0, a request is pending;
/// * on classic cores translation and MSR\[RI\] are on, as they are in handlers.
///
/// What the implementer promises:
/// * the request is taken back ([`PerCpu::clear_dispatch_request`]) *before* it decides who runs, so that a
///   request that comes later is not lost; a dispatch that is not wanted now is refused by raising the
///   dispatch-disable level, never by leaving the request pending;
/// * it returns to its caller with r1, r14 to r31, the non-volatile fields of CR, LR and the contents of
///   the thread's stack as they were (the C ABI's rule), however many other threads ran in between; it may return on
///   another CPU than it was called on. Of the per-CPU block it was given nothing may be used after that;
/// * r2 and r13 are left alone: r13 belongs to the CPU, not to a thread;
/// * everything is masked when it returns (it may have been unmasked in other threads, of course);
/// * it does not touch SRR0/1 with interrupts masked and a synchronous exception possible, takes no exception whose handler
///   needs a thread, and does not wait for anything but another CPU's short critical section;
/// * a thread that runs for the first time gets a stack of its own and unmasks by itself.
///
/// Floating-point, vector and SPE registers are not in any frame: a scheduler whose threads use them switches them too.
pub unsafe trait Scheduler: 'static {
    /// Runs the thread that should run now on this CPU; returns when the calling thread runs again.
    ///
    /// `cpu` is the CPU it is called on, `interrupted_msr` the MSR with which the calling thread will go on.
    ///
    /// # Safety
    /// * Called by the exits of asynchronous exceptions and by [`dispatch_if_needed`] only, in the state above.
    unsafe extern "C" fn dispatch(cpu: &'static PerCpu, interrupted_msr: u32);
}

/// Why a scheduler was not registered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum RegisterError {
    /// Another scheduler serves this CPU.
    Taken {
        /// Index of the CPU.
        cpu: u32,
    },
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken { cpu } => write!(f, "CPU {cpu} has another scheduler already"),
        }
    }
}

impl core::error::Error for RegisterError {}

impl Exceptions {
    /// Registers the scheduler of this CPU, once; every CPU registers its own, usually the same. It is called
    /// from the first request on.
    ///
    /// # Errors
    /// [`RegisterError::Taken`] when another one serves this CPU.
    pub fn set_scheduler<S: Scheduler>(&self) -> Result<(), RegisterError> {
        let cpu = self.per_cpu();
        let new = S::dispatch as Dispatch as *mut ();
        let slot = &cpu.words.scheduler;
        match slot.compare_exchange(core::ptr::null_mut(), new, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Ok(()),
            Err(old) if old == new => Ok(()),
            Err(_) => Err(RegisterError::Taken { cpu: cpu.index() }),
        }
    }
}

/// The block of the CPU that executes this. On a host there is one simulated CPU.
///
/// # Safety
/// As for [`PerCpu::current`].
unsafe fn this_cpu() -> &'static PerCpu {
    #[cfg(target_arch = "powerpc")]
    {
        // SAFETY: the caller's promise.
        unsafe { PerCpu::current() }
    }
    #[cfg(not(target_arch = "powerpc"))]
    {
        static SIMULATED: PerCpu = PerCpu::new();
        &SIMULATED
    }
}
