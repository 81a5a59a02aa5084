// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the requester does to the other cores, and its clock.

use super::{Stoppable, victim};
use crate::cpu;
use core::cell::Cell;
use core::marker::PhantomData;
use hal_exc_api::pic::{CpuId, CpuMask, InterProcessor, IpiTarget};
use hal_smp_api::clock::{Clock, Micros};
use hal_smp_api::cpus::{Cpu, CpuSet};
use hal_smp_api::hooks::{HookError, RequesterHooks, Stopped};
use hal_smp_api::ladder::Signal;
use hal_smp_arm::barrier;

/// The board's counter, which a fault can set forward.
#[derive(Debug)]
pub(super) struct Counter<B> {
    forward: Cell<u64>,
    board: PhantomData<B>,
}

impl<B: Stoppable> Counter<B> {
    pub(super) const fn new() -> Self {
        Self { forward: Cell::new(0), board: PhantomData }
    }

    /// Sets it forward, so that a deadline passes for which nobody has to wait.
    pub(super) fn skip(&self, span: Micros) {
        let ticks = u64::from(span.0) * self.frequency() / 1_000_000;
        self.forward.set(self.forward.get() + ticks);
    }
}

impl<B: Stoppable> Clock for Counter<B> {
    fn now(&self) -> u64 {
        B::now() + self.forward.get()
    }
    fn frequency(&self) -> u64 {
        B::frequency().into()
    }
}

/// What the requester does to others.
#[derive(Debug)]
pub(super) struct Hooks<B> {
    /// Whether the second rung is there: every core has seen a FIQ.
    pub(super) fiq: bool,
    drawn: u32,
    /// Signals since the stop began: one a rung.
    pub(super) signals: usize,
    /// Cores that the platform vouches for.
    pub(super) in_boot_pen: CpuSet,
    board: PhantomData<B>,
}

impl<B: Stoppable> Hooks<B> {
    pub(super) const fn new(fiq: bool) -> Self {
        Self { fiq, drawn: 0, signals: 0, in_boot_pen: CpuSet::EMPTY, board: PhantomData }
    }

    /// A number that was not drawn before.
    pub(super) fn fresh(&mut self) -> u32 {
        self.drawn = self.drawn.wrapping_add(1);
        (B::now() as u32).wrapping_mul(0x9E37_79B1) ^ self.drawn.rotate_right(8)
    }

    /// Sends an SGI to some cores.
    pub(super) fn send(sgi: u8, targets: CpuSet) -> Result<(), HookError> {
        let me = CpuId::new(cpu::index()).unwrap_or(CpuId::BOOT);
        // What the cores are to find is in memory before they are interrupted.
        barrier::complete();
        let list = IpiTarget::List(CpuMask::from_bits(targets.bits() as u32));
        B::pic().send(me, sgi, list).map_err(|_| HookError::Failed(sgi.into()))
    }
}

// SAFETY: boot pens are vouched for by the fault that fills one, everything else by the board; nothing blocks.
unsafe impl<B: Stoppable> RequesterHooks for Hooks<B> {
    fn signal(&mut self, signal: Signal, targets: CpuSet) -> Result<(), HookError> {
        self.signals += 1;
        match signal {
            Signal::Irq => Self::send(victim::STOP_IRQ, targets),
            Signal::Fiq if self.fiq => Self::send(victim::STOP_FIQ, targets),
            _ => Err(HookError::NotSupported),
        }
    }

    fn is_cpu_stopped(&mut self, cpu: Cpu) -> Stopped {
        if self.in_boot_pen.contains(cpu) { Stopped::BootPen } else { B::stopped(cpu) }
    }

    fn wake(&mut self, _: CpuSet) {
        barrier::complete();
        barrier::event();
    }

    fn nonce(&mut self) -> u32 {
        self.fresh()
    }
}
