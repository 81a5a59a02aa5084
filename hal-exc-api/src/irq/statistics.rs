// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the manager counted.

use super::sync::Ordering;
use super::{IrqError, IrqManager, Platform};
use crate::pic::{Acknowledge, CpuId, Line, LineMask};

/// Counts of one line since the manager was built.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct LineStatistics {
    /// Interrupts taken, on all CPUs, modulo 2³².
    pub taken: u32,
    /// Those for which no entry was responsible.
    pub unhandled: u32,
    /// How often the line was masked because of a storm.
    pub storms: u32,
    /// The longest time in the handlers of one interrupt, in ticks of
    /// [`Platform::CLOCK`]; `None` without a clock.
    pub longest: Option<u32>,
}

/// Counts of one CPU since the manager was built.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct CpuStatistics {
    /// Spurious interrupts.
    pub spurious: u32,
    /// Acknowledges that answered a vector of no line.
    pub unknown: u32,
}

impl<C, P, const LINES: usize, const CPUS: usize> IrqManager<C, P, LINES, CPUS>
where
    C: Acknowledge + LineMask,
    P: Platform,
{
    /// The counts of `line`.
    pub fn line_statistics(&self, line: Line) -> Result<LineStatistics, IrqError> {
        let controller = self.check_line(line)?;
        let no_line = IrqError::NoSuchLine { line, count: controller.line_count() };
        let block = self.lines.get(line.index()).ok_or(no_line)?;
        Ok(LineStatistics {
            taken: self.total(line),
            unhandled: block.unhandled.load(Ordering::Relaxed),
            storms: block.storms.load(Ordering::Relaxed),
            longest: P::CLOCK.map(|_| block.longest.load(Ordering::Relaxed)),
        })
    }

    /// Interrupts of `line` that `cpu` took, modulo 2³².
    pub fn taken_on(&self, line: Line, cpu: CpuId) -> Result<u32, IrqError> {
        self.check_line(line)?;
        let counter = self.begun.get(cpu.index()).and_then(|counters| counters.get(line.index()));
        let counter = counter.ok_or(IrqError::NoSuchCpu { cpu, count: CPUS as u8 })?;
        Ok(counter.load(Ordering::Relaxed))
    }

    /// The counts of `cpu`.
    pub fn cpu_statistics(&self, cpu: CpuId) -> Result<CpuStatistics, IrqError> {
        let block = self.cpus.get(cpu.index()).ok_or(IrqError::NoSuchCpu { cpu, count: CPUS as u8 })?;
        Ok(CpuStatistics {
            spurious: block.spurious.load(Ordering::Relaxed),
            unknown: block.unknown.load(Ordering::Relaxed),
        })
    }

    /// Sets how many unhandled interrupts in a row mask their line; 0 for never.
    pub fn set_storm_limit(&self, limit: u32) {
        self.storm_limit.store(limit, Ordering::Relaxed);
    }
}
