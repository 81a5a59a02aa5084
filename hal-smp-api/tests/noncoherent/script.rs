// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs the crate's own code one access at a time.
//!
//! A function is called again from its start with the answers that it got so far. The first access beyond them is
//! handed to the model; whatever the function does after that is thrown away. So every access of the real code is a
//! step of its own, between which anything else may happen.

use std::cell::Cell;

use hal_smp_api::clock::Clock;
use hal_smp_api::cpus::{Cpu, CpuSet};
use hal_smp_api::evidence::OffProof;
use hal_smp_api::hooks::{HookError, RequesterHooks, Stopped};
use hal_smp_api::ladder::Signal;
use hal_smp_api::slots::{SlotWord, Slots};

/// What the code wants from the world.
#[derive(Clone, Copy, Debug)]
pub enum Access {
    Read(Cpu, SlotWord),
    Write(Cpu, SlotWord, u32),
    Barrier,
    Signal(CpuSet),
    /// Resets that core.
    Kill(Cpu),
    /// Looks at the status of that core's reset.
    Held(Cpu),
    Now,
}

/// The answers so far, and the first question that has none.
pub struct Script<'a> {
    past: &'a [u32],
    at: Cell<usize>,
    wanted: Cell<Option<Access>>,
}

impl<'a> Script<'a> {
    pub const fn new(past: &'a [u32]) -> Self {
        Self { past, at: Cell::new(0), wanted: Cell::new(None) }
    }

    /// The access that the model has to perform; `None` if the function ran to its end.
    pub fn wanted(&self) -> Option<Access> {
        self.wanted.get()
    }

    fn ask(&self, access: Access) -> u32 {
        let at = self.at.get();
        self.at.set(at + 1);
        if let Some(answer) = self.past.get(at) {
            return *answer;
        }
        if at == self.past.len() {
            self.wanted.set(Some(access));
        }
        0
    }
}

// SAFETY: the model performs the accesses as the contract says.
unsafe impl Slots for Script<'_> {
    fn read(&self, cpu: Cpu, word: SlotWord) -> u32 {
        self.ask(Access::Read(cpu, word))
    }
    fn write(&self, cpu: Cpu, word: SlotWord, value: u32) {
        self.ask(Access::Write(cpu, word, value));
    }
    fn barrier(&self) {
        self.ask(Access::Barrier);
    }
}

/// Ticks of one rung's patience: one tick is one microsecond.
pub const PATIENCE: u32 = 10;

impl Clock for Script<'_> {
    fn now(&self) -> u64 {
        u64::from(self.ask(Access::Now))
    }
    fn frequency(&self) -> u64 {
        1_000_000
    }
}

/// The requester's hooks on a SoC that can reset its cores, or knows nothing about them.
pub struct Hooks<'a, 'b> {
    pub script: &'a Script<'b>,
    pub resets: bool,
}

// SAFETY: a core is off only where the model holds it in reset; the signal never includes core 0.
unsafe impl RequesterHooks for Hooks<'_, '_> {
    fn signal(&mut self, _: Signal, targets: CpuSet) -> Result<(), HookError> {
        self.script.ask(Access::Signal(targets));
        Ok(())
    }
    fn cpu_kill(&mut self, cpu: Cpu) -> Result<(), HookError> {
        if !self.resets {
            return Err(HookError::NotSupported);
        }
        self.script.ask(Access::Kill(cpu));
        Ok(())
    }
    fn is_cpu_stopped(&mut self, cpu: Cpu) -> Stopped {
        let held = self.resets && self.script.ask(Access::Held(cpu)) != 0;
        if held { Stopped::Off(OffProof::InReset) } else { Stopped::NoProof }
    }
    fn wake(&mut self, _: CpuSet) {}
    fn nonce(&mut self) -> u32 {
        // Each core is challenged once in a stop, in a slot of its own.
        0xA5
    }
}
