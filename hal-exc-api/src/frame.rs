// SPDX-License-Identifier: MIT OR Apache-2.0
//! Frames: what the wrappers save, and where.
//!
//! There are three. [`InterruptFrame`] holds what the ABI lets a handler destroy and nothing more (80
//! bytes). [`Frame`] holds every register and the syndrome, because a synchronous handler may inspect and change
//! all of it. [`IsolatedFrame`] is a [`Frame`] that was taken at a level that may have interrupted the entry or exit code of
//! a lower one, so it also keeps the lower level's save/restore pairs.
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
#[derive(Clone, Copy, Debug)]
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
#[derive(Clone, Copy, Debug)]
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

/// The frame of a synchronous exception: every register, on the interrupted stack.
///
/// A handler may change any register, PC and MSR, and it takes effect when it returns
/// [`Handled`](crate::handler::Handled::Handled). r13 is the exception: it belongs to the CPU, not to the program, is
/// saved for reports and never restored.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Frame {
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
    /// Fault address (DAR, DEAR, or MCAR for machine check) as it was at entry.
    pub fault_address: u32,
    /// Syndrome (DSISR, ESR, MCSR or DBSR) as it was at entry.
    pub syndrome: u32,
    /// r0 to r31.
    pub gpr: [u32; 32],
    padding: u32,
}

/// The frame of machine check, system reset and debug, on a stack of their own.
///
/// It reads and changes like a [`Frame`]. What it lacks, on purpose, is a way to the scheduler: the
/// exception may have interrupted the scheduler itself.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct IsolatedFrame {
    frame: Frame,
    /// SRR0 as found: it belongs to a standard exception that may just have been interrupted.
    pub srr0: u32,
    /// SRR1 as found.
    pub srr1: u32,
    /// First register of the critical pair as found, where the CPU has one.
    pub critical0: u32,
    /// Second register of the critical pair as found.
    pub critical1: u32,
}

impl Deref for IsolatedFrame {
    type Target = Frame;

    fn deref(&self) -> &Frame {
        &self.frame
    }
}

impl DerefMut for IsolatedFrame {
    fn deref_mut(&mut self) -> &mut Frame {
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
    assert!(offset_of!(Frame, back_chain) == 0);
    assert!(offset_of!(Frame, callee_lr) == 4);
    assert!(offset_of!(Frame, vector) == 8);
    assert!(offset_of!(Frame, pc) == 12);
    assert!(offset_of!(Frame, msr) == 16);
    assert!(offset_of!(Frame, cr) == 20);
    assert!(offset_of!(Frame, xer) == 24);
    assert!(offset_of!(Frame, ctr) == 28);
    assert!(offset_of!(Frame, lr) == 32);
    assert!(offset_of!(Frame, fault_address) == 36);
    assert!(offset_of!(Frame, syndrome) == 40);
    assert!(offset_of!(Frame, gpr) == 44);
    assert!(offset_of!(IsolatedFrame, srr0) == 176);
    assert!(offset_of!(IsolatedFrame, srr1) == 180);
    assert!(offset_of!(IsolatedFrame, critical0) == 184);
    assert!(offset_of!(IsolatedFrame, critical1) == 188);
};

impl InterruptFrame {
    /// A frame with `vector`, `pc` and `msr`, everything else zero: for tests and simulated interrupts.
    #[must_use]
    pub const fn new(vector: VectorWord, pc: u32, msr: u32) -> Self {
        Self { back_chain: 0, callee_lr: 0, vector, pc, msr, cr: 0, xer: 0, ctr: 0, lr: 0, r0: 0, r3_to_r12: [0; 10] }
    }
}

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
        Self {
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
        }
    }

    /// Lets the program go on behind the faulting instruction.
    pub const fn skip_instruction(&mut self) {
        self.pc = self.pc.wrapping_add(4);
    }
}

impl IsolatedFrame {
    /// A frame around `frame`, the lower levels' pairs zero: for tests.
    #[must_use]
    pub const fn new(frame: Frame) -> Self {
        Self { frame, srr0: 0, srr1: 0, critical0: 0, critical1: 0 }
    }
}
