// SPDX-License-Identifier: MIT OR Apache-2.0
//! Behaving models of a GICv1/v2 and a GICv3 for host tests.
//!
//! Not memory that stands in for registers: acknowledging takes the most urgent pending interrupt
//! and raises the running priority, ending lowers it, level inputs stay up, SGIs remember their
//! sources, unimplemented priority bits read as zero. The real driver runs against it through
//! [`Registers`](crate::access::Registers) and [`SystemRegisters`](crate::v3::SystemRegisters). What hardware leaves
//! unpredictable is recorded as a violation ([`Model::violations`]).
//!
//! Faults can be switched on ([`Fault`]): waits that never end, registers that are not there.

mod bank;
mod v2;
mod v3;

pub use v2::Block;
pub use v3::{Block3, Sys};

use bank::LineState;
use std::string::String;
use std::sync::{Mutex, MutexGuard};
use std::vec::Vec;

/// What the modelled hardware is.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Number of ids below 1020; a multiple of 32.
    pub lines: u32,
    /// Number of extended SPIs; a multiple of 32.
    pub extended: u32,
    /// Number of cores.
    pub cpus: usize,
    /// Implemented priority bits.
    pub bits: u8,
    /// Architecture version: 1, 2 or 3.
    pub version: u8,
    /// v1 and v2: the security extensions. v3: two security states.
    pub security: bool,
    /// v3: the software under test is Secure.
    pub secure: bool,
    /// v3: redistributors have virtual LPIs, and with them four frames.
    pub vlpis: bool,
    /// v3: architecture revision that the frames state, 3 or 4.
    pub revision: u8,
    /// Private ids below 32 that are implemented, one bit each: all SGIs are, PPIs may not be.
    pub private: u32,
    /// v3: affinity of each core, in the order of the frames.
    pub affinities: [u32; 8],
}

impl Shape {
    /// A GICv1 like the Cortex-A9's: 96 lines, 5 priority bits.
    pub const V1: Self = Self {
        lines: 96,
        extended: 0,
        cpus: 4,
        bits: 5,
        version: 1,
        security: true,
        secure: true,
        vlpis: false,
        revision: 3,
        private: u32::MAX,
        affinities: [0, 1, 2, 3, 4, 5, 6, 7],
    };
    /// A GICv2 with 160 lines and 5 priority bits.
    pub const V2: Self = Self { lines: 160, version: 2, ..Self::V1 };
    /// A GICv3 with one security state, 288 lines, extended SPIs, 5 priority bits.
    pub const V3: Self = Self { lines: 288, extended: 64, version: 3, security: false, ..Self::V1 };
}

impl Shape {
    /// Whether the id is one of a private interrupt that is not there.
    pub(crate) const fn lacks(&self, id: usize) -> bool {
        id < 32 && self.private >> id & 1 == 0
    }
}

/// What is broken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// All registers read as ones and ignore writes: nothing is there.
    AllOnes,
    /// All registers read as zero and ignore writes.
    AllZeros,
    /// The distributor never finishes a write (RWP).
    DistributorBusy,
    /// Redistributors never finish a write (RWP).
    RedistributorBusy,
    /// Redistributors never wake and never fall asleep.
    NeverWakes,
    /// GIC-600 power: the group stays in transit for ever.
    PowerInTransit,
    /// Once LPIs are on they stay on.
    LpisStick,
    /// The running priority never falls.
    PriorityStuck,
    /// System registers cannot be enabled.
    NoSystemRegisters,
}

/// How an interrupt is signalled to a core.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signal {
    /// IRQ.
    Irq,
    /// FIQ.
    Fiq,
}

/// A write that the model saw.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Write {
    /// Byte offset in the block; for system registers `usize::MAX`.
    pub offset: usize,
    /// Bytes.
    pub size: u8,
    /// Value.
    pub value: u64,
}

#[derive(Default)]
pub(crate) struct Core {
    pub(crate) private: Vec<LineState>,
    /// Pending sources per SGI, v1 and v2.
    pub(crate) sgi: [u8; 16],
    /// In service: raw acknowledge value, priority, group 1.
    pub(crate) stack: Vec<(u32, u8, bool)>,
    pub(crate) ctlr: u32,
    pub(crate) pmr: u8,
    pub(crate) bpr: u8,
    /// v1 and v2: binary point of group 1.
    pub(crate) abpr: u8,
    pub(crate) sre: u32,
    pub(crate) igrpen: [u32; 2],
    pub(crate) waker: u32,
    pub(crate) pwrr: u32,
    pub(crate) gicr_ctlr: u32,
    /// Reads of GICR_CTLR until the last disable takes effect.
    pub(crate) disabling: u32,
    /// Group 1 LPIs that are pending.
    pub(crate) lpis: Vec<u32>,
}

/// Reads of a control register for which a disable shows as not yet in effect (RWP).
pub(crate) const RWP_READS: u32 = 3;

pub(crate) struct State {
    pub(crate) shape: Shape,
    pub(crate) current: usize,
    pub(crate) cores: Vec<Core>,
    pub(crate) shared: Vec<LineState>,
    pub(crate) extended: Vec<LineState>,
    pub(crate) gicd_ctlr: u32,
    /// Reads of GICD_CTLR until the last disable takes effect.
    pub(crate) disabling: u32,
    pub(crate) faults: Vec<Fault>,
    pub(crate) violations: Vec<String>,
    pub(crate) writes: Vec<Write>,
    pub(crate) its_ctlr: u32,
    pub(crate) iidr: u32,
}

/// A modelled controller.
pub struct Model {
    state: Mutex<State>,
}

impl Model {
    /// Hardware of this shape, as after power-on.
    pub fn new(shape: Shape) -> Self {
        let private = if shape.version == 3 && shape.extended > 0 { 96 } else { 32 };
        let core = |n: usize| Core {
            private: (0..private).map(|id| LineState { edge: id < 16, ..LineState::default() }).collect(),
            waker: 6,
            pwrr: 0xd,
            bpr: if n < 8 { 2 } else { 0 },
            abpr: 3,
            ..Core::default()
        };
        let state = State {
            cores: (0..shape.cpus).map(core).collect(),
            shared: (0..shape.lines).map(|_| LineState::default()).collect(),
            extended: (0..shape.extended).map(|_| LineState::default()).collect(),
            current: 0,
            gicd_ctlr: 0,
            disabling: 0,
            faults: Vec::new(),
            violations: Vec::new(),
            writes: Vec::new(),
            its_ctlr: 0x8000_0000,
            iidr: 0x43b,
            shape,
        };
        Self { state: Mutex::new(state) }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// From here on accesses come from this core.
    pub fn run_on(&self, cpu: usize) {
        self.state().current = cpu;
    }

    /// Breaks something.
    pub fn inject(&self, fault: Fault) {
        self.state().faults.push(fault);
    }

    /// Mends everything.
    pub fn mend(&self) {
        self.state().faults.clear();
    }

    /// GICR_IIDR and the like: which product this is.
    pub fn set_product(&self, iidr: u32) {
        self.state().iidr = iidr;
    }

    /// What the driver did that hardware leaves unpredictable.
    pub fn violations(&self) -> Vec<String> {
        self.state().violations.clone()
    }

    /// Writes since the last call.
    pub fn take_writes(&self) -> Vec<Write> {
        core::mem::take(&mut self.state().writes)
    }

    /// Moves the input of a line: an SPI, or a PPI of `cpu`.
    pub fn set_input(&self, cpu: usize, id: u32, on: bool) {
        let mut state = self.state();
        if let Some(line) = state.line_of(cpu, id) {
            let rises = on && !line.input;
            line.input = on;
            if line.edge && rises {
                line.latched = true;
            }
        }
    }

    /// What is signalled to `cpu` at this moment.
    pub fn signal(&self, cpu: usize) -> Option<Signal> {
        let state = self.state();
        let best = if state.shape.version == 3 { state.best3(cpu, None) } else { state.best2(cpu) };
        let (_, _, group1) = best.filter(|&best| state.preempts(cpu, best))?;
        let fiq = if state.shape.version == 3 {
            !group1
        } else {
            !group1 && state.groups() && state.cores[cpu].ctlr & 8 != 0
        };
        Some(if fiq { Signal::Fiq } else { Signal::Irq })
    }

    /// Number of interrupts in service on `cpu`.
    pub fn depth(&self, cpu: usize) -> usize {
        self.state().cores[cpu].stack.len()
    }

    /// Makes a group 1 LPI pending on `cpu`, of the priority that ordinary lines have.
    pub fn raise_lpi(&self, cpu: usize, id: u32) {
        self.state().cores[cpu].lpis.push(id);
    }

    /// Whether LPIs are on for `cpu`; turns them on if asked.
    pub fn lpis(&self, cpu: usize, turn_on: bool) -> bool {
        let mut state = self.state();
        state.cores[cpu].gicr_ctlr |= u32::from(turn_on);
        state.cores[cpu].gicr_ctlr & 1 != 0
    }
}

impl State {
    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    /// The absent controller's answer, if it is absent.
    pub(crate) fn absent(&self) -> Option<u32> {
        if self.has(Fault::AllOnes) {
            Some(u32::MAX)
        } else if self.has(Fault::AllZeros) {
            Some(0)
        } else {
            None
        }
    }

    pub(crate) fn groups(&self) -> bool {
        match self.shape.version {
            1 => self.shape.security,
            2 => true,
            _ => !self.shape.security || self.shape.secure,
        }
    }

    /// The running priority: of a group, as hardware records it.
    pub(crate) fn running(&self, cpu: usize) -> u8 {
        self.cores[cpu].stack.last().map_or(0xff, |&(_, priority, _)| priority)
    }

    /// The bits of a priority that count for preemption.
    fn group_priority(&self, cpu: usize, priority: u8, group1: bool) -> u8 {
        let core = &self.cores[cpu];
        let subpriority_bits = match self.shape.version {
            // CBPR clear: group 1 has its own.
            1 | 2 if group1 && self.groups() && core.ctlr & 0x10 == 0 => core.abpr,
            3 if group1 && !self.secure_view() => core.bpr,
            _ => core.bpr + 1,
        };
        priority & (0xff_u32 << subpriority_bits) as u8
    }

    /// v3: whether the software is Secure and there is a Non-secure state.
    pub(crate) fn secure_view(&self) -> bool {
        self.shape.security && self.shape.secure
    }

    /// Whether an interrupt would interrupt what is in service.
    pub(crate) fn preempts(&self, cpu: usize, (_, priority, group1): (u32, u8, bool)) -> bool {
        self.group_priority(cpu, priority, group1) < self.running(cpu)
    }

    /// The line with this id as `cpu` sees it.
    pub(crate) fn line_of(&mut self, cpu: usize, id: u32) -> Option<&mut LineState> {
        match id {
            0..32 => self.cores[cpu].private.get_mut(id as usize),
            1056..1120 => self.cores[cpu].private.get_mut(id as usize - 1056 + 32),
            4096..5120 => self.extended.get_mut(id as usize - 4096),
            _ => self.shared.get_mut(id as usize),
        }
    }

    /// Takes an interrupt into service.
    pub(crate) fn take(&mut self, cpu: usize, raw: u32, priority: u8, group1: bool) {
        let id = if self.shape.version == 3 { raw } else { raw & 0x3ff };
        if self.shape.version != 3 && id < 16 {
            self.cores[cpu].sgi[id as usize] &= !(1 << (raw >> 10 & 7));
        }
        if let Some(line) = self.line_of(cpu, id) {
            line.active = true;
            line.latched = false;
        }
        let priority = self.group_priority(cpu, priority, group1);
        self.cores[cpu].stack.push((raw, priority, group1));
    }

    /// Drops the running priority; a value that does not match the last acknowledge is a fault
    /// of the driver, and does nothing.
    pub(crate) fn drop_priority(&mut self, cpu: usize, raw: u32) -> bool {
        if self.has(Fault::PriorityStuck) {
            return false;
        }
        match self.cores[cpu].stack.last() {
            Some(&(top, _, _)) if top == raw => {
                self.cores[cpu].stack.pop();
                true
            }
            top => {
                self.violations.push(std::format!("end of {raw:#x} while {top:x?} is in service"));
                false
            }
        }
    }

    pub(crate) fn deactivate(&mut self, cpu: usize, id: u32) {
        if let Some(line) = self.line_of(cpu, id) {
            line.active = false;
        }
    }
}
