// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers of GICv1 and GICv2.

use super::bank::{self, geometry, main};
use super::{Fault, Model, State, Write};
use crate::access::Registers;
use core::fmt;

/// A block of a modelled GICv1 or v2, as the driver sees it.
#[derive(Clone, Copy)]
pub struct Block<'a> {
    model: &'a Model,
    interface: bool,
}

impl fmt::Debug for Block<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.interface { "GICC model" } else { "GICD model" })
    }
}

impl Model {
    /// The distributor of a GICv1 or v2.
    pub fn gicd(&self) -> Block<'_> {
        Block { model: self, interface: false }
    }

    /// The CPU interface of a GICv1 or v2.
    pub fn gicc(&self) -> Block<'_> {
        Block { model: self, interface: true }
    }
}

impl State {
    /// Most urgent pending interrupt of `cpu`: raw value, priority, group 1.
    pub(crate) fn best2(&self, cpu: usize) -> Option<(u32, u8, bool)> {
        let core = &self.cores[cpu];
        let enabled = |control: u32, group1: bool| control & if group1 && self.groups() { 2 } else { 1 } != 0;
        let mut best: Option<(u32, u8, bool)> = None;
        for id in 0..self.shape.lines.min(1020) {
            let line = if id < 32 { &core.private[id as usize] } else { &self.shared[id as usize] };
            let pending = if id < 16 { core.sgi[id as usize] != 0 } else { line.pending() };
            let mine = id < 32 || line.targets >> cpu & 1 != 0 || self.shape.cpus == 1;
            let forwarded = enabled(self.gicd_ctlr, line.group1) && enabled(core.ctlr, line.group1);
            let open = line.enabled && !line.active && line.priority < core.pmr;
            if !(pending && mine && open && forwarded) {
                continue;
            }
            let source = if id < 16 { core.sgi[id as usize].trailing_zeros() } else { 0 };
            if best.is_none_or(|(_, priority, _)| line.priority < priority) {
                best = Some((source << 10 | id, line.priority, line.group1));
            }
        }
        best
    }

    fn acknowledge2(&mut self, cpu: usize) -> u32 {
        match self.best2(cpu) {
            Some(best @ (raw, priority, group1)) if self.preempts(cpu, best) => {
                if group1 && self.groups() && self.cores[cpu].ctlr & 4 == 0 {
                    return 1022;
                }
                self.take(cpu, raw, priority, group1);
                raw
            }
            _ => 1023,
        }
    }

    fn write_distributor(&mut self, offset: usize, size: u8, value: u32) {
        let cpu = self.current;
        let v2 = self.shape.version == 2;
        match offset {
            0 => self.gicd_ctlr = value,
            0x800..0xc00 => {
                for byte in 0..usize::from(size) {
                    let id = offset - 0x800 + byte;
                    if let Some(line) = self.shared.get_mut(id).filter(|_| id >= 32) {
                        line.targets = (value >> (8 * byte)) as u8 & ((1u16 << self.shape.cpus) - 1) as u8;
                    }
                }
            }
            0xf00 => {
                let receivers = match value >> 24 & 3 {
                    0 => value >> 16 & 0xff,
                    1 => !(1 << cpu),
                    2 => 1 << cpu,
                    _ => return self.violations.push("reserved SGI filter".into()),
                };
                let id = (value & 0xf) as usize;
                for target in 0..self.shape.cpus {
                    let meant = self.cores[target].private[id].group1 == (value >> 15 & 1 != 0);
                    if receivers >> target & 1 != 0 && (meant || !self.groups()) {
                        self.cores[target].sgi[id] |= 1 << cpu;
                    }
                }
            }
            0xf10..0xf20 if v2 => {
                for byte in 0..usize::from(size) {
                    self.cores[cpu].sgi[offset - 0xf10 + byte] &= !((value >> (8 * byte)) as u8);
                }
            }
            0xf20..0xf30 if v2 => {
                for byte in 0..usize::from(size) {
                    self.cores[cpu].sgi[offset - 0xf20 + byte] |= (value >> (8 * byte)) as u8;
                }
            }
            _ => self.write_bank(offset, size, value),
        }
    }

    fn write_bank(&mut self, offset: usize, size: u8, value: u32) {
        let Some((array, first)) = main(offset) else {
            return self.violations.push(std::format!("write to reserved offset {offset:#x}"));
        };
        let (width, per_word) = geometry(&array);
        if size == 1 && width != 8 {
            return self.violations.push(std::format!("byte write to {offset:#x}"));
        }
        let (cpu, bits, groups) = (self.current, self.shape.bits, self.groups());
        if first as u32 >= self.shape.lines {
            return self.violations.push(std::format!("write to unimplemented lines at {offset:#x}"));
        }
        if self.shape.version == 1 && matches!(array, bank::Array::SetActive | bank::Array::ClearActive) {
            return self.violations.push(std::format!("GICv1 active state written at {offset:#x}"));
        }
        let lines = if size == 1 { offset % 4..offset % 4 + 1 } else { 0..per_word };
        for n in lines {
            let share = if size == 1 { value } else { value >> (width * n) };
            let id = first + n;
            if self.shape.lacks(id) {
                continue;
            }
            let Some(line) = self.line_of(cpu, id as u32) else { continue };
            if let Some(violation) = bank::write(&array, line, share, bits, id < 16, groups) {
                self.violations.push(violation.into());
            }
        }
    }

    fn read_distributor(&mut self, offset: usize) -> u32 {
        let cpu = self.current;
        match offset {
            0 => self.gicd_ctlr,
            4 => (self.shape.lines / 32 - 1) | (self.shape.cpus as u32 - 1) << 5 | u32::from(self.shape.security) << 10,
            0x800..0x820 => 0x0101_0101 * if self.shape.cpus == 1 { 0 } else { 1 << cpu },
            0x820..0xc00 => (0..4)
                .map(|n| self.shared.get(offset - 0x800 + n).map_or(0, |line| u32::from(line.targets) << (8 * n)))
                .sum(),
            0xf10..0xf30 if self.shape.version == 2 => {
                let first = (offset & 0xf) & !3;
                (0..4).map(|n| u32::from(self.cores[cpu].sgi[first + n]) << (8 * n)).sum()
            }
            0xfe8 => u32::from(self.shape.version) << 4 | 0xb,
            0x200 | 0x280 => {
                let sgis: u32 = (0..16).map(|n| u32::from(self.cores[cpu].sgi[n] != 0) << n).sum();
                self.read_bank(offset) & !0xffff | sgis
            }
            _ => self.read_bank(offset),
        }
    }

    fn read_bank(&mut self, offset: usize) -> u32 {
        let Some((array, first)) = main(offset) else { return 0 };
        let (width, per_word) = geometry(&array);
        let cpu = self.current;
        if self.shape.version == 1 && matches!(array, bank::Array::ClearActive) {
            return 0;
        }
        let shape = self.shape;
        (0..per_word)
            .filter(|n| !shape.lacks(first + n))
            .map(|n| self.line_of(cpu, (first + n) as u32).map_or(0, |line| bank::read(&array, line) << (width * n)))
            .sum()
    }

    fn read_interface(&mut self, offset: usize) -> u32 {
        let cpu = self.current;
        match offset {
            0x00 => self.cores[cpu].ctlr,
            0x04 => self.cores[cpu].pmr.into(),
            0x08 => self.cores[cpu].bpr.into(),
            0x0c => self.acknowledge2(cpu),
            0x14 => self.running(cpu).into(),
            0x1c if self.groups() => self.cores[cpu].abpr.into(),
            0x18 => self.best2(cpu).map_or(1023, |(raw, _, _)| raw),
            0xfc => u32::from(self.shape.version) << 16 | 0x43b,
            _ if offset >= 0x100 && self.shape.version == 1 => {
                self.violations.push(std::format!("GICv1 interface read at {offset:#x}: another device"));
                0
            }
            _ => 0,
        }
    }

    fn write_interface(&mut self, offset: usize, value: u32) {
        let cpu = self.current;
        let v2 = self.shape.version == 2;
        match offset {
            0x00 => {
                let implemented = if self.groups() { 0x1f } else { 1 } | if v2 { 0x7e0 } else { 0 };
                self.cores[cpu].ctlr = value & implemented;
            }
            0x04 => self.cores[cpu].pmr = value as u8 & (0xff00u16 >> self.shape.bits) as u8,
            0x08 => self.cores[cpu].bpr = (value as u8 & 7).max(7 - self.shape.bits.min(7)),
            0x1c if self.groups() => self.cores[cpu].abpr = (value as u8 & 7).max(8 - self.shape.bits.min(7)),
            0x10 => {
                let group1 = self.cores[cpu].stack.last().is_some_and(|&(_, _, group1)| group1);
                if group1 && self.groups() && self.cores[cpu].ctlr & 4 == 0 {
                    self.violations.push("group 1 ended without AckCtl".into());
                }
                if self.drop_priority(cpu, value) && self.cores[cpu].ctlr & 0x200 == 0 {
                    self.deactivate(cpu, value & 0x3ff);
                }
            }
            0xd0..0xf0 if v2 => {
                if value != 0 {
                    self.violations.push("active priorities written with other than zero".into());
                } else if !self.has(Fault::PriorityStuck) {
                    self.cores[cpu].stack.clear();
                }
            }
            0x1000 if v2 => {
                if self.cores[cpu].ctlr & 0x200 == 0 {
                    self.violations.push("deactivation without split end of interrupt".into());
                }
                self.deactivate(cpu, value & 0x3ff);
            }
            _ => self.violations.push(std::format!("interface write at {offset:#x}")),
        }
    }
}

impl Registers for Block<'_> {
    fn read(&self, offset: usize) -> u32 {
        let mut state = self.model.state();
        if let Some(value) = state.absent() {
            return value;
        }
        if self.interface { state.read_interface(offset) } else { state.read_distributor(offset) }
    }

    fn write(&self, offset: usize, value: u32) {
        let mut state = self.model.state();
        state.writes.push(Write { offset, size: 4, value: value.into() });
        if state.absent().is_none() {
            if self.interface {
                state.write_interface(offset, value);
            } else {
                state.write_distributor(offset, 4, value);
            }
        }
    }

    fn write8(&self, offset: usize, value: u8) {
        let mut state = self.model.state();
        state.writes.push(Write { offset, size: 1, value: value.into() });
        if state.absent().is_none() {
            if self.interface {
                state.violations.push(std::format!("byte write to the interface at {offset:#x}"));
            } else {
                state.write_distributor(offset, 1, value.into());
            }
        }
    }
}
