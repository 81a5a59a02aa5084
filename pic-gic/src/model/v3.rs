// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers of GICv3: distributor, redistributors, ITS, system registers.

use super::bank::{self, LineState, extended, geometry, main};
use super::{Fault, Model, RWP_READS, Shape, State, Write};
use crate::access::Registers;
use crate::v3::SystemRegisters;
use core::fmt;
use std::vec::Vec;

/// GICR_IIDR of ARM's GIC-600, whose redistributors have a power register.
const GIC_600: u32 = 0x0200_043b;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Distributor,
    /// Frames from this core on, this many cores.
    Redistributors(usize, usize),
    Its,
}

/// A block of a modelled GICv3, as the driver sees it.
#[derive(Clone, Copy)]
pub struct Block3<'a> {
    model: &'a Model,
    kind: Kind,
}

impl fmt::Debug for Block3<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} model", self.kind)
    }
}

/// The system registers of a modelled GICv3, of the core that runs.
#[derive(Clone, Copy)]
pub struct Sys<'a> {
    model: &'a Model,
}

impl fmt::Debug for Sys<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("system register model")
    }
}

impl Model {
    /// The distributor of a GICv3.
    pub fn gicd3(&self) -> Block3<'_> {
        Block3 { model: self, kind: Kind::Distributor }
    }

    /// A redistributor region with the frames of `count` cores from `first` on.
    pub fn gicr(&self, first: usize, count: usize) -> Block3<'_> {
        Block3 { model: self, kind: Kind::Redistributors(first, count) }
    }

    /// The ITS.
    pub fn its(&self) -> Block3<'_> {
        Block3 { model: self, kind: Kind::Its }
    }

    /// The system registers of the core that runs.
    pub fn sys(&self) -> Sys<'_> {
        Sys { model: self }
    }

    /// Bytes of one core's frames.
    pub fn stride(&self) -> usize {
        if self.state().shape.vlpis { 0x4_0000 } else { 0x2_0000 }
    }
}

impl State {
    /// Group 1 of the driver's own state?
    fn is_group1(&self, line: &LineState) -> bool {
        match (self.shape.security, self.shape.secure) {
            (false, _) => line.group1,
            (true, true) => line.modifier && !line.group1,
            // The Non-secure view has nothing else.
            (true, false) => true,
        }
    }

    /// Most urgent pending interrupt of `cpu`, of one group or any: id, priority, group 1.
    pub(crate) fn best3(&self, cpu: usize, group1: Option<bool>) -> Option<(u32, u8, bool)> {
        let core = &self.cores[cpu];
        if core.waker & 4 != 0 {
            return None;
        }
        let my_route = u64::from(self.shape.affinities[cpu]);
        let private =
            core.private.iter().enumerate().map(|(n, line)| (if n < 32 { n } else { n - 32 + 1056 }, line, true));
        let routed = |line: &LineState| {
            line.route & 1 << 31 != 0 || (line.route & 0xff_ffff | line.route >> 8 & 0xff00_0000) == my_route
        };
        let shared = self.shared.iter().enumerate().skip(32).map(|(n, line)| (n, line, routed(line)));
        let more = self.extended.iter().enumerate().map(|(n, line)| (n + 4096, line, routed(line)));
        let group1_enable = if self.shape.security && self.shape.secure { 4 } else { 2 };
        private
            .chain(shared)
            .chain(more)
            .filter(|(_, line, mine)| {
                *mine && line.pending() && line.enabled && !line.active && line.priority < core.pmr
            })
            .map(|(id, line, _)| (id as u32, line.priority, self.is_group1(line)))
            .filter(|&(_, _, g1)| group1.is_none_or(|wanted| wanted == g1))
            .filter(|&(_, _, g1)| {
                self.gicd_ctlr & if g1 { group1_enable } else { 1 } != 0 && core.igrpen[usize::from(g1)] & 1 != 0
            })
            .chain(
                core.lpis
                    .iter()
                    .filter(|_| group1 != Some(false) && core.igrpen[1] & 1 != 0)
                    .map(|&id| (id, 0x80, true)),
            )
            .min_by_key(|&(_, priority, _)| priority)
    }

    fn acknowledge3(&mut self, group1: bool) -> u32 {
        let cpu = self.current;
        match self.best3(cpu, Some(group1)) {
            Some(best @ (id, priority, _)) if self.preempts(cpu, best) => {
                self.take(cpu, id, priority, group1);
                self.cores[cpu].lpis.retain(|&lpi| lpi != id);
                id
            }
            _ => 1023,
        }
    }

    fn end3(&mut self, id: u32) {
        let cpu = self.current;
        if self.drop_priority(cpu, id) && self.cores[cpu].ctlr & 2 == 0 {
            self.deactivate(cpu, id);
        }
    }

    fn forget_priorities(&mut self, group1: bool, n: u32, value: u32) {
        let cpu = self.current;
        let implemented = match self.shape.bits {
            7.. => 4,
            6 => 2,
            _ => 1,
        };
        if n >= implemented {
            self.violations.push(std::format!("active priority register {n} does not exist"));
        }
        if value != 0 {
            self.violations.push("active priorities written with other than zero".into());
        }
        if !self.has(Fault::PriorityStuck) {
            self.cores[cpu].stack.retain(|&(_, _, g1)| g1 != group1);
        }
    }

    fn send3(&mut self, value: u64, group1: bool) {
        let id = (value >> 24 & 0xf) as usize;
        let me = self.current;
        for cpu in 0..self.shape.cpus {
            let affinity = self.shape.affinities[cpu];
            let cluster = (value >> 48 & 0xff) as u32 == affinity >> 24
                && (value >> 32 & 0xff) as u32 == affinity >> 16 & 0xff
                && (value >> 16 & 0xff) as u32 == affinity >> 8 & 0xff
                && (value >> 44 & 0xf) as u32 == affinity >> 4 & 0xf;
            let meant = if value & 1 << 40 != 0 { cpu != me } else { cluster && value >> (affinity & 0xf) & 1 != 0 };
            if meant && self.is_group1(&self.cores[cpu].private[id]) == group1 {
                self.cores[cpu].private[id].latched = true;
            }
        }
    }

    /// Reads a word of lines; `cpu`: of that core's private ones.
    fn read_lines(&mut self, cpu: Option<usize>, offset: usize) -> u32 {
        let (found, is_extended) = match cpu {
            None if offset >= 0x1000 => (extended(offset), true),
            _ => (main(offset), false),
        };
        let Some((array, first)) = found else { return 0 };
        let (width, per_word) = geometry(&array);
        let shape = self.private_shape(cpu);
        let lines = self.lines_mut(cpu, is_extended);
        let there = |n: usize| lines.get(first + n).filter(|_| cpu.is_none() || !shape.lacks(first + n));
        (0..per_word).map(|n| there(n).map_or(0, |line| bank::read(&array, line) << (width * n))).sum()
    }

    /// The shape as the frames of a core show it: without power its private interrupts are not there.
    fn private_shape(&self, cpu: Option<usize>) -> Shape {
        let unpowered = cpu.is_some_and(|cpu| self.iidr == GIC_600 && self.cores[cpu].pwrr & 1 != 0);
        if unpowered { Shape { private: 0, ..self.shape } } else { self.shape }
    }

    fn lines_mut(&mut self, cpu: Option<usize>, is_extended: bool) -> &mut Vec<LineState> {
        match cpu {
            Some(cpu) => &mut self.cores[cpu].private,
            None if is_extended => &mut self.extended,
            None => &mut self.shared,
        }
    }

    fn write_lines(&mut self, cpu: Option<usize>, offset: usize, size: u8, value: u32) {
        let (found, is_extended) = match cpu {
            None if offset >= 0x1000 => (extended(offset), true),
            _ => (main(offset), false),
        };
        let Some((array, first)) = found else {
            return self.violations.push(std::format!("write to reserved offset {offset:#x}"));
        };
        let (width, per_word) = geometry(&array);
        let (bits, groups) = (self.shape.bits, self.groups());
        let in_word = if size == 1 { offset % 4..offset % 4 + 1 } else { 0..per_word };
        let mut bad = None;
        let shape = self.private_shape(cpu);
        let disabling = match cpu {
            Some(cpu) => &mut self.cores[cpu].disabling,
            None => &mut self.disabling,
        };
        match array {
            bank::Array::ClearEnable => *disabling = RWP_READS,
            bank::Array::Config | bank::Array::Group | bank::Array::Modifier if *disabling != 0 => {
                bad = Some(std::format!("write to {offset:#x} before a disable took effect"));
            }
            _ => {}
        }
        let lines = self.lines_mut(cpu, is_extended);
        if first >= lines.len() || cpu.is_none() && !is_extended && first < 32 {
            bad = Some(std::format!("write to lines that are not there at {offset:#x}"));
        }
        for n in in_word {
            let share = if size == 1 { value } else { value >> (width * n) };
            let is_there = cpu.is_none() || !shape.lacks(first + n);
            if let Some(line) = lines.get_mut(first + n).filter(|_| is_there) {
                // SGIs of GICv3 are pended and cleared like other lines; only their trigger is fixed.
                let fixed = cpu.is_some() && first + n < 16 && matches!(array, bank::Array::Config);
                bad = bank::write(&array, line, share, bits, fixed, groups).map(Into::into).or(bad);
            }
        }
        self.violations.extend(bad);
    }

    fn read_distributor3(&mut self, offset: usize) -> u32 {
        match offset {
            0 => {
                let ds = if self.shape.security { 0 } else { 1 << 6 };
                let busy = self.has(Fault::DistributorBusy) || self.disabling != 0;
                self.disabling = self.disabling.saturating_sub(1);
                self.gicd_ctlr | ds | u32::from(busy) << 31
            }
            4 => {
                let espi = if self.shape.extended > 0 { 1 << 8 | (self.shape.extended / 32 - 1) << 27 } else { 0 };
                (self.shape.lines / 32 - 1) | u32::from(self.shape.security) << 10 | espi | 1 << 17 | 1 << 26
            }
            0xffe8 => u32::from(self.shape.revision) << 4 | 0xb,
            0x6000..0xa000 => {
                let lines = self.lines_mut(None, offset >= 0x8000);
                let route = lines.get(offset % 0x2000 / 8).map_or(0, |line| line.route);
                (route >> (32 * (offset / 4 % 2))) as u32
            }
            _ => self.read_lines(None, offset),
        }
    }

    fn write_distributor3(&mut self, offset: usize, size: u8, value: u32) {
        match offset {
            0 => self.gicd_ctlr = value & 0x37,
            0x6000..0xa000 => {
                let lines = self.lines_mut(None, offset >= 0x8000);
                if let Some(line) = lines.get_mut(offset % 0x2000 / 8) {
                    let shift = 32 * (offset / 4 % 2);
                    line.route = line.route & !(0xffff_ffff << shift) | u64::from(value) << shift;
                }
            }
            _ => self.write_lines(None, offset, size, value),
        }
    }

    /// GICR_TYPER of `cpu`, `last` in its region.
    fn typer(&self, cpu: usize, last: bool) -> u64 {
        let extended = if self.cores[cpu].private.len() > 32 { 2 << 27 } else { 0 };
        u64::from(self.shape.affinities[cpu]) << 32
            | extended
            | u64::from(last) << 4
            | u64::from(self.shape.vlpis) << 1
            | 1
    }

    fn read_redistributor(&mut self, cpu: usize, last: bool, offset: usize) -> u32 {
        match offset {
            0x0000 => {
                let busy = self.has(Fault::RedistributorBusy) || self.cores[cpu].disabling != 0;
                self.cores[cpu].disabling = self.cores[cpu].disabling.saturating_sub(1);
                self.cores[cpu].gicr_ctlr | u32::from(busy) << 3
            }
            0x0004 => self.iidr,
            0x0008 => self.typer(cpu, last) as u32,
            0x000c => (self.typer(cpu, last) >> 32) as u32,
            0x0014 => self.cores[cpu].waker,
            0x0024 if self.has(Fault::PowerInTransit) => 4,
            0x0024 => self.cores[cpu].pwrr,
            0x0070 => 0x1000_0000,
            0x0078 => 0x2000_0000,
            0xffe8 => u32::from(self.shape.revision) << 4 | 0xb,
            0x1_0000.. => self.read_lines(Some(cpu), offset - 0x1_0000),
            _ => 0,
        }
    }

    fn write_redistributor(&mut self, cpu: usize, offset: usize, size: u8, value: u32) {
        match offset {
            0x0000 => {
                let sticks = self.has(Fault::LpisStick) && self.cores[cpu].gicr_ctlr & 1 != 0;
                self.cores[cpu].gicr_ctlr = if sticks { value | 1 } else { value };
            }
            0x0014 => {
                let asleep = if self.has(Fault::NeverWakes) { self.cores[cpu].waker & 4 } else { (value & 2) << 1 };
                self.cores[cpu].waker = value & 2 | asleep;
            }
            0x0024 => self.cores[cpu].pwrr = if value & 1 != 0 { 0xd } else { 0 },
            0x1_0000.. => self.write_lines(Some(cpu), offset - 0x1_0000, size, value),
            _ => self.violations.push(std::format!("write to redistributor offset {offset:#x}")),
        }
    }
}

impl Block3<'_> {
    fn at(&self, state: &State, first: usize, count: usize, offset: usize) -> Option<(usize, bool, usize)> {
        let stride = if state.shape.vlpis { 0x4_0000 } else { 0x2_0000 };
        let n = offset / stride;
        (n < count && first + n < state.shape.cpus).then_some((first + n, n + 1 == count, offset % stride))
    }

    fn store(&self, offset: usize, size: u8, value: u32) {
        let mut state = self.model.state();
        state.writes.push(Write { offset, size, value: value.into() });
        if state.absent().is_some() {
            return;
        }
        match self.kind {
            Kind::Distributor => state.write_distributor3(offset, size, value),
            Kind::Redistributors(first, count) => {
                if let Some((cpu, _, offset)) = self.at(&state, first, count, offset) {
                    state.write_redistributor(cpu, offset, size, value);
                }
            }
            Kind::Its if offset == 0 => {
                let busy = state.has(Fault::DistributorBusy);
                state.its_ctlr = value & 1 | if value & 1 == 0 && !busy { 1 << 31 } else { 0 };
            }
            Kind::Its => {}
        }
    }
}

impl Registers for Block3<'_> {
    fn read(&self, offset: usize) -> u32 {
        let mut state = self.model.state();
        if let Some(value) = state.absent() {
            return value;
        }
        match self.kind {
            Kind::Distributor => state.read_distributor3(offset),
            Kind::Redistributors(first, count) => match self.at(&state, first, count, offset) {
                Some((cpu, last, offset)) => state.read_redistributor(cpu, last, offset),
                None => 0,
            },
            Kind::Its => match offset {
                0 => state.its_ctlr,
                0xffe8 => u32::from(state.shape.revision) << 4 | 0xb,
                _ => 0,
            },
        }
    }

    fn write(&self, offset: usize, value: u32) {
        self.store(offset, 4, value);
    }

    fn write8(&self, offset: usize, value: u8) {
        self.store(offset, 1, value.into());
    }
}

impl Sys<'_> {
    fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.model.state();
        let cpu = state.current;
        if state.cores[cpu].sre & 1 == 0 {
            state.violations.push("system register used before it was enabled".into());
        }
        f(&mut state)
    }

    fn core<T>(&self, f: impl FnOnce(&mut super::Core) -> T) -> T {
        self.with(|state| {
            let cpu = state.current;
            f(&mut state.cores[cpu])
        })
    }

    fn group0<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        self.with(|state| {
            if !state.groups() {
                state.violations.push("group 0 register used from the Non-secure state".into());
            }
            f(state)
        })
    }
}

impl SystemRegisters for Sys<'_> {
    fn mpidr(&self) -> u64 {
        let state = self.model.state();
        crate::v3::Affinity::new(state.shape.affinities[state.current]).mpidr() | 1 << 31
    }
    fn set_sgi0r(&self, value: u64) {
        self.group0(|state| state.send3(value, false));
    }
    fn set_sgi1r(&self, value: u64) {
        self.with(|state| {
            state.writes.push(Write { offset: usize::MAX, size: 8, value });
            state.send3(value, true);
        });
    }
    fn iar0(&self) -> u32 {
        self.group0(|state| state.acknowledge3(false))
    }
    fn iar1(&self) -> u32 {
        self.with(|state| state.acknowledge3(true))
    }
    fn set_eoir0(&self, value: u32) {
        self.group0(|state| state.end3(value));
    }
    fn set_eoir1(&self, value: u32) {
        self.with(|state| state.end3(value));
    }
    fn set_dir(&self, value: u32) {
        self.with(|state| {
            let cpu = state.current;
            if state.cores[cpu].ctlr & 2 == 0 {
                state.violations.push("deactivation without split end of interrupt".into());
            }
            state.deactivate(cpu, value);
        });
    }
    fn rpr(&self) -> u32 {
        self.with(|state| state.running(state.current).into())
    }
    fn hppir0(&self) -> u32 {
        self.group0(|state| state.best3(state.current, Some(false)).map_or(1023, |(id, _, _)| id))
    }
    fn hppir1(&self) -> u32 {
        self.with(|state| state.best3(state.current, Some(true)).map_or(1023, |(id, _, _)| id))
    }
    fn pmr(&self) -> u32 {
        self.core(|core| core.pmr.into())
    }
    fn set_pmr(&self, value: u32) {
        self.with(|state| {
            let (cpu, bits) = (state.current, state.shape.bits);
            state.cores[cpu].pmr = value as u8 & (0xff00u16 >> bits) as u8;
        });
    }
    fn bpr0(&self) -> u32 {
        self.group0(|state| state.cores[state.current].bpr.into())
    }
    fn set_bpr0(&self, _value: u32) {
        self.group0(|_| ());
    }
    fn bpr1(&self) -> u32 {
        self.core(|core| core.bpr.into())
    }
    fn set_bpr1(&self, value: u32) {
        self.with(|state| {
            let cpu = state.current;
            let bits = state.shape.bits;
            let least = if state.secure_view() { 7 - bits.min(7) } else { (8 - bits.min(8)).max(1) };
            state.cores[cpu].bpr = (value as u8 & 7).max(least);
        });
    }
    fn ctlr(&self) -> u32 {
        self.with(|state| state.cores[state.current].ctlr | u32::from(state.shape.bits - 1) << 8 | 1 << 18)
    }
    fn set_ctlr(&self, value: u32) {
        self.core(|core| core.ctlr = value & 3);
    }
    fn sre(&self) -> u32 {
        let state = self.model.state();
        state.cores[state.current].sre
    }
    fn set_sre(&self, value: u32) {
        let mut state = self.model.state();
        let cpu = state.current;
        state.cores[cpu].sre = if state.has(Fault::NoSystemRegisters) { 0 } else { value };
    }
    fn igrpen0(&self) -> u32 {
        self.group0(|state| state.cores[state.current].igrpen[0])
    }
    fn set_igrpen0(&self, value: u32) {
        self.group0(|state| {
            let cpu = state.current;
            state.cores[cpu].igrpen[0] = value;
        });
    }
    fn igrpen1(&self) -> u32 {
        self.core(|core| core.igrpen[1])
    }
    fn set_igrpen1(&self, value: u32) {
        self.core(|core| core.igrpen[1] = value);
    }
    fn set_ap0r0(&self, value: u32) {
        self.group0(|state| state.forget_priorities(false, 0, value));
    }
    fn set_ap0r1(&self, value: u32) {
        self.group0(|state| state.forget_priorities(false, 1, value));
    }
    fn set_ap0r2(&self, value: u32) {
        self.group0(|state| state.forget_priorities(false, 2, value));
    }
    fn set_ap0r3(&self, value: u32) {
        self.group0(|state| state.forget_priorities(false, 3, value));
    }
    fn set_ap1r0(&self, value: u32) {
        self.with(|state| state.forget_priorities(true, 0, value));
    }
    fn set_ap1r1(&self, value: u32) {
        self.with(|state| state.forget_priorities(true, 1, value));
    }
    fn set_ap1r2(&self, value: u32) {
        self.with(|state| state.forget_priorities(true, 2, value));
    }
    fn set_ap1r3(&self, value: u32) {
        self.with(|state| state.forget_priorities(true, 3, value));
    }
}
