// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tokens: the proof that the code that holds one may make threads ready, or block.

use core::fmt;
use core::marker::PhantomData;
use core::sync::atomic::Ordering;

use super::{mask, this_cpu};
use crate::frame::{Frame, InterruptFrame};
use crate::percpu::PerCpu;

/// Pointers are neither `Send` nor `Sync`, so nor are tokens; the lifetime is that of the frame.
type Here<'a> = PhantomData<(&'a (), *const ())>;

/// Its holder may make threads ready and ask for a dispatch.
#[derive(Debug)]
pub struct MayReady<'a>(Here<'a>);

/// Its holder may block: give the CPU to another thread and go on later. Includes [`MayReady`].
#[derive(Debug)]
pub struct MayBlock<'a>(Here<'a>);

/// Why there is no token here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Refused {
    /// This is an interrupt handler, or was called by one; so many levels have not left yet.
    InInterrupt {
        /// The nesting level.
        nest: u32,
    },
    /// Interrupts are masked here, or were where the exception came from; this is the MSR.
    Masked {
        /// The MSR.
        msr: u32,
    },
    /// This runs on none of the stacks that belong to a thread or an interrupt: it is a handler of machine check, debug or
    /// system reset.
    Isolated {
        /// The stack pointer.
        stack_pointer: u32,
    },
    /// A fatal report has begun on this CPU.
    Fatal,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InInterrupt { nest } => write!(f, "inside {nest} level(s) of interrupts"),
            Self::Masked { msr } => write!(f, "interrupts are masked (MSR {msr:08x})"),
            Self::Isolated { stack_pointer } => {
                write!(f, "stack pointer {stack_pointer:08x} is neither a thread's nor an interrupt's")
            }
            Self::Fatal => f.write_str("a fatal report has begun"),
        }
    }
}

impl core::error::Error for Refused {}

/// May code with this stack pointer make threads ready on `cpu`?
fn check_ready(cpu: &PerCpu, stack_pointer: u32) -> Result<(), Refused> {
    let words = &cpu.words;
    let get = |word: &core::sync::atomic::AtomicU32| word.load(Ordering::Relaxed);
    if get(&words.fatal_depth) != 0 {
        return Err(Refused::Fatal);
    }
    let within = |low: u32, high: u32| low <= stack_pointer && stack_pointer < high;
    let interrupt = within(get(&words.interrupt_stack_low), get(&words.interrupt_stack));
    let critical = within(get(&words.critical_stack_low), get(&words.critical_frame));
    if cpu.nest_level() == 0 || interrupt || critical { Ok(()) } else { Err(Refused::Isolated { stack_pointer }) }
}

/// May code that would go on with `msr` block on `cpu`?
fn check_block(cpu: &PerCpu, msr: u32) -> Result<(), Refused> {
    let nest = cpu.nest_level();
    if cpu.words.fatal_depth.load(Ordering::Relaxed) != 0 {
        Err(Refused::Fatal)
    } else if nest != 0 {
        Err(Refused::InInterrupt { nest })
    } else if msr & mask::EE == 0 {
        Err(Refused::Masked { msr })
    } else {
        Ok(())
    }
}

impl MayReady<'_> {
    /// A token for code that has no frame at hand: a device's handler behind an interrupt manager, or a thread.
    ///
    /// # Errors
    /// [`Refused`] in handlers of machine check, debug and system reset, and in a fatal report.
    ///
    /// # Safety
    /// * Exceptions are installed on this CPU.
    pub unsafe fn here() -> Result<Self, Refused> {
        // SAFETY: installed, says the caller; in a handler the CPU stays the same, and in a thread the answer is the
        // same on every CPU.
        let cpu = unsafe { this_cpu() };
        check_ready(cpu, mask::stack_pointer())?;
        Ok(Self(PhantomData))
    }

    /// Asks for a dispatch on this CPU at the first allowed point. A thread that asks calls
    /// [`dispatch_if_needed`](super::dispatch_if_needed) afterwards.
    pub fn request_dispatch(&self) {
        // SAFETY: a token exists only where exceptions are installed. A thread that is moved in between asks for a
        // dispatch on the CPU that it has left, where a needless dispatch does no harm; the scheduler decides with its
        // own lock held. No token is given where a request is not allowed.
        unsafe { this_cpu().request_dispatch() };
    }
}

impl MayBlock<'_> {
    /// A token for a thread.
    ///
    /// # Errors
    /// [`Refused`] in every handler, in masked code, and in a fatal report. The handler of a synchronous exception gets its
    /// token from its frame.
    ///
    /// # Safety
    /// * Exceptions are installed on this CPU.
    pub unsafe fn here() -> Result<Self, Refused> {
        // SAFETY: installed, says the caller; the answer is the same on every CPU.
        let cpu = unsafe { this_cpu() };
        check_block(cpu, mask::msr())?;
        Ok(Self(PhantomData))
    }

    /// Who may block may also make threads ready.
    #[must_use]
    pub const fn ready(&self) -> MayReady<'_> {
        MayReady(PhantomData)
    }
}

impl InterruptFrame {
    /// The proof that this handler may make threads ready. Costs nothing.
    #[must_use]
    pub const fn may_ready(&mut self) -> MayReady<'_> {
        MayReady(PhantomData)
    }
}

impl Frame {
    /// The proof that this handler may block, which it may when it interrupted a thread that could be interrupted.
    ///
    /// # Errors
    /// [`Refused::InInterrupt`] when the exception happened in an interrupt handler; [`Refused::Masked`] when it
    /// happened in code with interrupts masked; [`Refused::Fatal`].
    pub fn may_block(&mut self) -> Result<MayBlock<'_>, Refused> {
        // SAFETY: only a wrapper makes a frame that a handler can have, so exceptions are installed; a made-up frame
        // is answered from the state of this CPU.
        let cpu = unsafe { this_cpu() };
        check_block(cpu, self.msr)?;
        Ok(MayBlock(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cpu() -> PerCpu {
        let cpu = PerCpu::new();
        cpu.words.interrupt_stack_low.store(0x1100, Ordering::Relaxed);
        cpu.words.interrupt_stack.store(0x2000, Ordering::Relaxed);
        cpu.words.critical_stack_low.store(0x3000, Ordering::Relaxed);
        cpu.words.critical_frame.store(0x3F00, Ordering::Relaxed);
        cpu
    }

    /// What a check for readying must answer.
    fn readying(check_ready: impl Fn(&PerCpu, u32) -> Result<(), Refused>) {
        let cpu = cpu();
        // A thread, on whatever stack.
        assert_eq!(check_ready(&cpu, 0x9000), Ok(()));
        cpu.words.nest.store(1, Ordering::Relaxed);
        assert_eq!(check_ready(&cpu, 0x1800), Ok(()));
        assert_eq!(check_ready(&cpu, 0x3800), Ok(()));
        assert_eq!(check_ready(&cpu, 0x9000), Err(Refused::Isolated { stack_pointer: 0x9000 }));
        assert_eq!(check_ready(&cpu, 0x2000), Err(Refused::Isolated { stack_pointer: 0x2000 }));
        cpu.words.fatal_depth.store(1, Ordering::Relaxed);
        assert_eq!(check_ready(&cpu, 0x1800), Err(Refused::Fatal));
    }

    /// What a check for blocking must answer.
    fn blocking(check_block: impl Fn(&PerCpu, u32) -> Result<(), Refused>) {
        let cpu = cpu();
        assert_eq!(check_block(&cpu, mask::EE), Ok(()));
        assert_eq!(check_block(&cpu, 0), Err(Refused::Masked { msr: 0 }));
        cpu.words.nest.store(2, Ordering::Relaxed);
        assert_eq!(check_block(&cpu, mask::EE), Err(Refused::InInterrupt { nest: 2 }));
        cpu.words.nest.store(0, Ordering::Relaxed);
        cpu.words.fatal_depth.store(1, Ordering::Relaxed);
        assert_eq!(check_block(&cpu, mask::EE), Err(Refused::Fatal));
    }

    #[test]
    fn handlers_on_isolated_stacks_may_not_ready() {
        readying(check_ready);
    }

    #[test]
    fn only_threads_that_can_be_interrupted_block() {
        blocking(check_block);
    }

    /// Each reason to refuse, left out: the same questions must notice.
    #[test]
    fn a_check_without_one_of_its_reasons_is_noticed() {
        use core::mem::discriminant;
        let (stack_pointer, nest, msr) = (0, 0, 0);
        let without = |answer: Result<(), Refused>, reason: Refused| match answer {
            Err(refused) if discriminant(&refused) == discriminant(&reason) => Ok(()),
            answer => answer,
        };
        let noticed = |check: &(dyn Fn() + std::panic::RefUnwindSafe)| std::panic::catch_unwind(check).is_err();
        for reason in [Refused::Isolated { stack_pointer }, Refused::Fatal] {
            assert!(noticed(&|| readying(|cpu, pointer| without(check_ready(cpu, pointer), reason))), "{reason:?}");
        }
        for reason in [Refused::InInterrupt { nest }, Refused::Masked { msr }, Refused::Fatal] {
            assert!(noticed(&|| blocking(|cpu, msr| without(check_block(cpu, msr), reason))), "{reason:?}");
        }
    }
}
