// SPDX-License-Identifier: MIT OR Apache-2.0
//! Frames: what the wrappers save, and where.
//!
//! There are three. [`InterruptFrame`] holds what the ABI lets a handler destroy and nothing more (80
//! bytes). [`Frame`] holds every register and the syndrome, because a synchronous handler may inspect and change
//! all of it. [`IsolatedFrame`] is a [`Frame`] that was taken at a level that may have interrupted the entry or exit code of
//! a standard one, so it also keeps the standard save/restore pair.
//!
//! The first words of all three are the same. The assembly gets every offset from `offset_of!`; the
//! assertions below fix the layout for debuggers and for the figures in the documentation.

use core::mem::{offset_of, size_of};
use core::ops::{Deref, DerefMut};

use crate::exception::VectorWord;

/// The frame of an asynchronous exception of standard class, on the interrupted stack.
///
/// Only what a compiled handler may destroy is in it: r0, r3 to r12, CR, XER, CTR, LR, and the
/// save/restore pair. The handler may change PC and MSR and it takes effect at the return.
///
/// It is also the proof that its holder may make threads ready ([`sched`](crate::sched)), so it cannot be copied, and
/// only the wrappers make one.
#[derive(Debug)]
#[repr(C)]
pub struct InterruptFrame {
    /// r1 of the interrupted program: the ABI's back chain.
    pub back_chain: u32,
    /// Room for the LR of whoever is called with this frame as the top of the stack (ABI).
    pub callee_lr: u32,
    /// Which exception.
    pub vector: VectorWord,
    /// Where the interrupted program goes on (SRR0 or the pair's equivalent).
    pub pc: u32,
    /// With which MSR (SRR1 or the pair's equivalent).
    pub msr: u32,
    /// Condition register.
    pub cr: u32,
    /// Fixed-point exception register.
    pub xer: u32,
    /// Count register.
    pub ctr: u32,
    /// Link register.
    pub lr: u32,
    /// r0.
    pub r0: u32,
    /// r3 to r12.
    pub r3_to_r12: [u32; 10],
}

/// The frame of a critical interrupt, on the critical stack: an [`InterruptFrame`] and the standard pair, which
/// belongs to whatever was interrupted and which a synchronous exception in the handler would destroy.
#[derive(Debug)]
#[repr(C)]
pub struct CriticalFrame {
    /// What the handler sees.
    pub interrupt: InterruptFrame,
    /// SRR0 as found.
    pub srr0: u32,
    /// SRR1 as found.
    pub srr1: u32,
    padding: [u32; 2],
}

/// Every register and the syndrome: what [`Frame`] and [`IsolatedFrame`] have in common. Both read and change like one.
///
/// A handler may change any register, PC and MSR, and it takes effect when it returns
/// [`Handled`](crate::handler::Handled::Handled). r13 is the exception: it belongs to the CPU, not to the program, is
/// saved for reports and never restored.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct FullFrame {
    /// r1 of the interrupted program: the ABI's back chain. To move the program's stack change `gpr[1]`.
    pub back_chain: u32,
    /// Room for the LR of whoever is called with this frame as the top of the stack (ABI).
    pub callee_lr: u32,
    /// Which exception.
    pub vector: VectorWord,
    /// Where the interrupted program goes on.
    pub pc: u32,
    /// With which MSR.
    pub msr: u32,
    /// Condition register.
    pub cr: u32,
    /// Fixed-point exception register.
    pub xer: u32,
    /// Count register.
    pub ctr: u32,
    /// Link register.
    pub lr: u32,
    /// Fault address as it was at entry: DAR on classic cores, but DMISS, IMISS or TLBMISS for TLB misses; DEAR on all others, but
    /// MCAR for machine checks that have MCSRR0/1 on e500 and e200. It means something for exceptions that set it; a
    /// [report](crate::report) says which.
    pub fault_address: u32,
    /// Syndrome (DSISR, ESR, MCSR or DBSR) as it was at entry.
    pub syndrome: u32,
    /// r0 to r31.
    pub gpr: [u32; 32],
    padding: u32,
}

/// The frame of a synchronous exception, on the interrupted stack. Its handler may block, see
/// [`sched`](crate::sched); that is what sets it apart from an [`IsolatedFrame`].
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Frame(FullFrame);

impl Deref for Frame {
    type Target = FullFrame;

    fn deref(&self) -> &FullFrame {
        &self.0
    }
}

impl DerefMut for Frame {
    fn deref_mut(&mut self) -> &mut FullFrame {
        &mut self.0
    }
}

/// The frame of machine check, system reset and debug, on a stack of their own.
///
/// It reads and changes like a [`Frame`]. What it lacks, on purpose, is a way to the scheduler: the
/// exception may have interrupted the scheduler itself.
///
/// ```compile_fail,E0599
/// use hal_exc_api::{frame::IsolatedFrame, handler::Handled};
/// extern "C" fn on_machine_check(frame: &mut IsolatedFrame) -> Handled {
///     frame.may_ready().request_dispatch(); // no such method: the type refuses
///     Handled::Handled
/// }
/// ```
///
/// ```compile_fail,E0599
/// use hal_exc_api::{frame::IsolatedFrame, handler::Handled};
/// extern "C" fn on_machine_check(frame: &mut IsolatedFrame) -> Handled {
///     let _ = frame.may_block(); // nor this one, although a `Frame` has it
///     Handled::Handled
/// }
/// ```
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct IsolatedFrame {
    frame: FullFrame,
    /// SRR0 as found: it belongs to a standard exception that may just have been interrupted.
    pub srr0: u32,
    /// SRR1 as found.
    pub srr1: u32,
    padding: [u32; 2],
}

impl Deref for IsolatedFrame {
    type Target = FullFrame;

    fn deref(&self) -> &FullFrame {
        &self.frame
    }
}

impl DerefMut for IsolatedFrame {
    fn deref_mut(&mut self) -> &mut FullFrame {
        &mut self.frame
    }
}

const _: () = {
    assert!(size_of::<InterruptFrame>() == 80);
    assert!(size_of::<CriticalFrame>() == 96);
    assert!(size_of::<Frame>() == 176);
    assert!(size_of::<IsolatedFrame>() == 192);
    assert!(offset_of!(InterruptFrame, back_chain) == 0);
    assert!(offset_of!(InterruptFrame, callee_lr) == 4);
    assert!(offset_of!(InterruptFrame, vector) == 8);
    assert!(offset_of!(InterruptFrame, pc) == 12);
    assert!(offset_of!(InterruptFrame, msr) == 16);
    assert!(offset_of!(InterruptFrame, cr) == 20);
    assert!(offset_of!(InterruptFrame, xer) == 24);
    assert!(offset_of!(InterruptFrame, ctr) == 28);
    assert!(offset_of!(InterruptFrame, lr) == 32);
    assert!(offset_of!(InterruptFrame, r0) == 36);
    assert!(offset_of!(InterruptFrame, r3_to_r12) == 40);
    assert!(offset_of!(CriticalFrame, srr0) == 80);
    assert!(offset_of!(CriticalFrame, srr1) == 84);
    assert!(offset_of!(FullFrame, back_chain) == 0);
    assert!(offset_of!(FullFrame, callee_lr) == 4);
    assert!(offset_of!(FullFrame, vector) == 8);
    assert!(offset_of!(FullFrame, pc) == 12);
    assert!(offset_of!(FullFrame, msr) == 16);
    assert!(offset_of!(FullFrame, cr) == 20);
    assert!(offset_of!(FullFrame, xer) == 24);
    assert!(offset_of!(FullFrame, ctr) == 28);
    assert!(offset_of!(FullFrame, lr) == 32);
    assert!(offset_of!(FullFrame, fault_address) == 36);
    assert!(offset_of!(FullFrame, syndrome) == 40);
    assert!(offset_of!(FullFrame, gpr) == 44);
    assert!(offset_of!(IsolatedFrame, srr0) == 176);
    assert!(offset_of!(IsolatedFrame, srr1) == 180);
};

#[cfg(not(target_arch = "powerpc"))]
impl InterruptFrame {
    /// A frame with `vector`, `pc` and `msr`, everything else zero: for tests and simulated interrupts on a host.
    #[must_use]
    pub const fn new(vector: VectorWord, pc: u32, msr: u32) -> Self {
        Self { back_chain: 0, callee_lr: 0, vector, pc, msr, cr: 0, xer: 0, ctr: 0, lr: 0, r0: 0, r3_to_r12: [0; 10] }
    }
}

#[cfg(not(target_arch = "powerpc"))]
impl CriticalFrame {
    /// A frame around `interrupt`: for tests.
    #[must_use]
    pub const fn new(interrupt: InterruptFrame, srr0: u32, srr1: u32) -> Self {
        Self { interrupt, srr0, srr1, padding: [0; 2] }
    }
}

impl Frame {
    /// A frame with `vector`, `pc` and `msr`, everything else zero: for tests and simulated exceptions.
    #[must_use]
    pub const fn new(vector: VectorWord, pc: u32, msr: u32) -> Self {
        Self(FullFrame {
            back_chain: 0,
            callee_lr: 0,
            vector,
            pc,
            msr,
            cr: 0,
            xer: 0,
            ctr: 0,
            lr: 0,
            fault_address: 0,
            syndrome: 0,
            gpr: [0; 32],
            padding: 0,
        })
    }

    /// The registers.
    #[must_use]
    pub const fn as_full(&self) -> &FullFrame {
        &self.0
    }
}

impl FullFrame {
    /// Lets the program go on behind the faulting instruction.
    pub const fn skip_instruction(&mut self) {
        self.pc = self.pc.wrapping_add(4);
    }
}

impl IsolatedFrame {
    /// The registers of the interrupted program.
    #[must_use]
    pub const fn as_frame(&self) -> &FullFrame {
        &self.frame
    }

    /// A frame around `frame`, the standard pair zero: for tests.
    #[must_use]
    pub const fn new(frame: Frame) -> Self {
        Self { frame: frame.0, srr0: 0, srr1: 0, padding: [0; 2] }
    }
}
