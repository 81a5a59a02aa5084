// SPDX-License-Identifier: MIT OR Apache-2.0
//! May a critical interrupt dispatch?
//!
//! It may ready a thread at any instruction, so on its way out it must decide who does the switch. It dispatches
//! itself unless another interrupt is under way. A standard one will look for a dispatch when it leaves; it is under
//! way when
//!
//! * the nesting level says so, or
//! * the lock word is set: its first instruction was executed, its level is not raised yet, or
//! * the interrupted PC is the lock store itself: it was taken, its first instruction was not executed yet.
//!
//! A *debug* exception with a pair of its own leaves critical interrupts on at its entry. The pair is not in any thread's
//! frame, so nobody dispatches while one is under way (its save word is set, or the interrupted PC is the store that sets
//! it). It does not look for a dispatch either: the next exit of an interrupt does.
//!
//! On its way out a standard interrupt masks critical ones before it lowers the level, so there is no fourth case. A
//! *synchronous* exception never looks for a dispatch, so a critical interrupt that hit one dispatches. What the
//! synchronous entry still needs (save/restore pair, syndrome) is kept on the interrupted program's stack.

#![cfg_attr(not(target_arch = "powerpc"), allow(dead_code, reason = "called by the wrappers"))]

use core::sync::atomic::Ordering;

use crate::frame::CriticalFrame;
use crate::percpu::{DEBUG_STORE, LOCK_STORE, PerCpu};

/// Room behind a critical frame's copy for what the wrapper parks there, in bytes.
pub const PARK_BYTES: u32 = 64;

/// What the decision depends on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Situation {
    /// Nesting level, this interrupt included.
    nest: u32,
    /// The standard lock word.
    lock: u32,
    /// First word that an interrupted debug prologue saved and its exit has not cleared.
    debug: u32,
    /// The interrupted PC is the first word of a standard interrupt's prologue, or of a debug one's.
    at_lock_store: bool,
}

impl Situation {
    const fn may_dispatch(self) -> bool {
        self.nest == 1 && self.lock == 0 && self.debug == 0 && !self.at_lock_store
    }
}

/// Whether `pc` lies in the vector area. Nothing else is read: elsewhere there is no lock store, and the
/// interrupted program's memory may not be readable here.
fn in_vector_area(cpu: &PerCpu, pc: u32) -> bool {
    let base = cpu.words.vector_base.load(Ordering::Relaxed);
    let len = cpu.words.vector_len.load(Ordering::Relaxed);
    pc.is_multiple_of(4) && pc.wrapping_sub(base) < len
}

/// Whether the instruction at `pc` is a lock store, or its like in a debug prologue.
fn at_lock_store(cpu: &PerCpu, pc: u32, read: impl FnOnce(u32) -> u32) -> bool {
    in_vector_area(cpu, pc) && is_lock_store(read(pc))
}

/// A function of its own, with a name, so that the sweep's mutant without this test can be made by patching it.
#[inline(never)]
#[unsafe(export_name = "hal_exc_is_lock_store")]
extern "C" fn is_lock_store(word: u32) -> bool {
    word == LOCK_STORE || word == DEBUG_STORE
}

fn situation(cpu: &PerCpu, frame: &CriticalFrame, read: impl FnOnce(u32) -> u32) -> Situation {
    Situation {
        nest: cpu.nest_level(),
        lock: cpu.words.lock.load(Ordering::Relaxed),
        debug: cpu.words.debug_save[0].load(Ordering::Relaxed),
        at_lock_store: at_lock_store(cpu, frame.interrupt.pc, read),
    }
}

/// Where the copy of a critical frame goes on the stack of the interrupted program.
const fn copy_address(interrupted_r1: u32) -> u32 {
    (interrupted_r1 & !15).wrapping_sub(size_of::<CriticalFrame>() as u32 + PARK_BYTES)
}

/// Called by the critical wrapper when a dispatch is wanted: null when somebody else will do it, otherwise
/// the copy of the frame on the interrupted program's stack, so that the critical stack is free for the next thread.
#[cfg(target_arch = "powerpc")]
#[doc(hidden)]
pub unsafe extern "C" fn critical_dispatch_frame(frame: *mut CriticalFrame) -> *mut CriticalFrame {
    // SAFETY: wrappers run only after an install, and everything that dispatches is masked.
    let cpu = unsafe { PerCpu::current() };
    // SAFETY: the wrapper passes the frame that it has just filled.
    let filled = unsafe { &*frame };
    // SAFETY: only called for addresses inside the vector area, which stays mapped; `asm` because the area may
    // begin at address 0.
    let now = situation(cpu, filled, |pc| unsafe { crate::memory::load(pc) });
    if !now.may_dispatch() {
        return core::ptr::null_mut();
    }
    let copy = copy_address(filled.interrupt.back_chain) as *mut CriticalFrame;
    // SAFETY: the memory below the interrupted stack pointer is free (this ABI has no red zone, and no standard
    // interrupt is under way that would have saved r3 there); stacks are mapped whenever interrupts can come.
    unsafe { core::ptr::copy_nonoverlapping(frame, copy, 1) };
    copy
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exception::{Exception, VectorWord};
    use crate::frame::InterruptFrame;

    const QUIET: Situation = Situation { nest: 1, lock: 0, debug: 0, at_lock_store: false };

    #[test]
    fn each_condition_alone_holds_the_dispatch_back() {
        assert!(QUIET.may_dispatch());
        assert!(!Situation { nest: 2, ..QUIET }.may_dispatch());
        assert!(!Situation { lock: 0x1000, ..QUIET }.may_dispatch());
        assert!(!Situation { debug: 0x1000, ..QUIET }.may_dispatch());
        assert!(!Situation { at_lock_store: true, ..QUIET }.may_dispatch());
    }

    #[test]
    fn a_lock_store_counts_only_inside_the_vector_area() {
        let cpu = PerCpu::new();
        cpu.words.vector_base.store(0x1_0000, Ordering::Relaxed);
        cpu.words.vector_len.store(0x1000, Ordering::Relaxed);
        assert!(at_lock_store(&cpu, 0x1_0040, |_| LOCK_STORE));
        assert!(!at_lock_store(&cpu, 0x1_0040, |_| LOCK_STORE + 1));
        assert!(at_lock_store(&cpu, 0x1_0040, |_| DEBUG_STORE));
        assert!(!at_lock_store(&cpu, 0x1_1000, |_| panic!("read outside")));
        assert!(!at_lock_store(&cpu, 0xFFFC, |_| panic!("read outside")));
    }

    #[test]
    fn the_situation_is_read_from_the_block_and_the_frame() {
        let cpu = PerCpu::new();
        cpu.words.nest.store(1, Ordering::Relaxed);
        let vector = VectorWord::new(Exception::CriticalInput, true);
        let frame = CriticalFrame::new(InterruptFrame::new(vector, 0x2000, 0), 0, 0);
        assert_eq!(situation(&cpu, &frame, |_| 0), QUIET);
        cpu.words.lock.store(5, Ordering::Relaxed);
        assert!(!situation(&cpu, &frame, |_| 0).may_dispatch());
    }

    #[test]
    fn the_copy_is_aligned_and_below_the_interrupted_stack() {
        assert_eq!(copy_address(0x8000), 0x8000 - 160);
        assert_eq!(copy_address(0x8008), 0x8000 - 160);
    }
}
