// SPDX-License-Identifier: MIT OR Apache-2.0
//! Guards: nothing interrupts, nothing dispatches, others may interrupt.

use core::marker::PhantomData;
use core::sync::atomic::Ordering;

use super::{MayBlock, Refused, this_cpu};
use crate::percpu::PerCpu;

/// MSR\[EE\], external enable (manual bit 16 of 32).
pub(super) const EE: u32 = 0x0000_8000;

#[cfg(target_arch = "powerpc")]
mod hardware {
    use core::arch::asm;

    pub(crate) fn msr() -> u32 {
        let msr: u32;
        // SAFETY: reads a register. Not `pure`: it changes.
        unsafe { asm!("mfmsr {0}", out(reg) msr, options(nomem, nostack, preserves_flags)) };
        msr
    }

    /// # Safety
    /// * The caller may run with this MSR; nothing but EE and the critical enable differs from the present one.
    pub(crate) unsafe fn set_msr(msr: u32) {
        // SAFETY: the caller's promise. `mtmsr` of the enables takes effect by itself; not `nomem`: accesses
        // of a critical section must not leave it.
        unsafe { asm!("mtmsr {0}", in(reg) msr, options(nostack, preserves_flags)) };
    }

    pub(crate) fn stack_pointer() -> u32 {
        let r1: u32;
        // SAFETY: copies a register.
        unsafe { asm!("mr {0}, 1", out(reg) r1, options(nomem, nostack, preserves_flags)) };
        r1
    }
}

#[cfg(not(target_arch = "powerpc"))]
mod hardware {
    //! A host is always in a thread with interrupts on.

    pub(crate) fn msr() -> u32 {
        super::EE
    }

    pub(crate) unsafe fn set_msr(_msr: u32) {}

    pub(crate) fn stack_pointer() -> u32 {
        0
    }
}

use hardware::set_msr;
pub(super) use hardware::{msr, stack_pointer};

/// While it lives, neither standard nor critical interrupts come on this CPU, and so no dispatch does. Nests; drop in
/// the opposite order. It masks nothing on other CPUs: a kernel for several takes its lock inside.
///
/// A thread may be switched away while it holds one, by its own call of the scheduler: the enables belong to the thread.
#[derive(Debug)]
#[must_use = "interrupts come again when it is dropped"]
pub struct Masked {
    before: u32,
    here: PhantomData<*const ()>,
}

impl Masked {
    /// Masks.
    ///
    /// # Safety
    /// * Exceptions are installed on this CPU.
    #[inline]
    pub unsafe fn new() -> Self {
        let before = msr();
        // SAFETY: installed, says the caller. A thread that is moved between the two instructions finds the same mask on
        // every CPU of the same model.
        let keep = unsafe { this_cpu() }.words.msr_keep.load(Ordering::Relaxed);
        // SAFETY: clears the enables and nothing else.
        unsafe { set_msr(before & keep) };
        Self { before, here: PhantomData }
    }

    /// The MSR as it was.
    #[must_use]
    pub const fn before(&self) -> u32 {
        self.before
    }
}

impl Drop for Masked {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: puts the enables back as `new` found them.
        unsafe { set_msr(self.before) };
    }
}

/// While it lives, other standard interrupts may interrupt this handler. Made in a handler of a standard interrupt,
/// which runs on the interrupt stack; each level takes a frame and a handler's needs of it. Whether the same
/// device can come again is up to the interrupt controller: acknowledge first.
#[derive(Debug)]
#[must_use = "interrupts are masked again when it is dropped"]
pub struct Nested {
    before: u32,
    here: PhantomData<*const ()>,
}

impl Nested {
    /// Lets them in.
    ///
    /// # Errors
    /// [`Refused::Isolated`] when this does not run on the interrupt stack: handlers of other classes cannot be
    /// interrupted by standard interrupts, and a thread is interrupted anyway.
    ///
    /// # Safety
    /// * Exceptions are installed on this CPU.
    pub unsafe fn open() -> Result<Self, Refused> {
        // SAFETY: installed, says the caller; on the interrupt stack the CPU stays the same.
        let cpu = unsafe { this_cpu() };
        check_nested(cpu, stack_pointer())?;
        let before = msr();
        // SAFETY: on the interrupt stack inside a handler: whatever comes uses the nested path of the wrapper.
        unsafe { set_msr(before | EE) };
        Ok(Self { before, here: PhantomData })
    }
}

fn check_nested(cpu: &PerCpu, stack_pointer: u32) -> Result<(), Refused> {
    let low = cpu.words.interrupt_stack_low.load(Ordering::Relaxed);
    let high = cpu.words.interrupt_stack.load(Ordering::Relaxed);
    if cpu.nest_level() > 0 && low <= stack_pointer && stack_pointer < high {
        Ok(())
    } else {
        Err(Refused::Isolated { stack_pointer })
    }
}

impl Drop for Nested {
    fn drop(&mut self) {
        // SAFETY: masks again, as `open` found it.
        unsafe { set_msr(self.before) };
    }
}

/// While it lives, the thread is not switched away from, but is interrupted as ever. Nests. When the last one is
/// dropped, a dispatch that was asked for meanwhile happens.
#[derive(Debug)]
#[must_use = "dispatching is allowed again when it is dropped"]
pub struct DispatchHold<'a, 'b> {
    token: &'a mut MayBlock<'b>,
}

impl<'a, 'b> DispatchHold<'a, 'b> {
    /// Holds dispatching off on this CPU.
    pub fn new(token: &'a mut MayBlock<'b>) -> Self {
        // SAFETY: a token exists only where exceptions are installed.
        let masked = unsafe { Masked::new() };
        // SAFETY: masked, so the thread stays on this CPU until the level is raised, and from then on because of it.
        unsafe { this_cpu() }.disable_dispatch();
        drop(masked);
        Self { token }
    }
}

impl Drop for DispatchHold<'_, '_> {
    fn drop(&mut self) {
        // SAFETY: installed, and the hold kept the thread, which has the token, on this CPU; `new` disabled it.
        if unsafe { this_cpu().enable_dispatch() } {
            super::dispatch_if_needed(self.token);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_interrupt_stack_nests() {
        let cpu = PerCpu::new();
        cpu.words.interrupt_stack_low.store(0x1100, Ordering::Relaxed);
        cpu.words.interrupt_stack.store(0x2000, Ordering::Relaxed);
        assert!(check_nested(&cpu, 0x1800).is_err(), "no interrupt is under way");
        cpu.words.nest.store(1, Ordering::Relaxed);
        assert_eq!(check_nested(&cpu, 0x1800), Ok(()));
        assert_eq!(check_nested(&cpu, 0x1100), Ok(()));
        assert!(check_nested(&cpu, 0x10FC).is_err());
        assert!(check_nested(&cpu, 0x2000).is_err());
    }
}
