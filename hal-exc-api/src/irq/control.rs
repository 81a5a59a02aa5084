// SPDX-License-Identifier: MIT OR Apache-2.0
//! Operations on lines, as far as the controller has the capability.

use super::{IrqError, IrqManager, Platform};
use crate::pic::{
    Acknowledge, Capability, CpuId, CpuMask, InterProcessor, IpiTarget, Line, LineAffinity, LineAttributes, LineInfo,
    LineKind, LineMask, LinePending, LinePriority, LineTrigger, Priority, TriggerMode,
};

impl<C, P, const LINES: usize, const CPUS: usize> IrqManager<C, P, LINES, CPUS>
where
    C: Acknowledge + LineMask,
    P: Platform,
{
    /// Runs a line operation: checks, then lock, then the controller.
    fn on_line<T>(&self, line: Line, work: impl FnOnce(&C) -> Result<T, crate::pic::PicError>) -> Result<T, IrqError> {
        let controller = self.check_line(line)?;
        self.lock.with(&self.platform, || Ok(work(controller)?))
    }

    /// Lets `line` interrupt; ends the memory of a storm.
    pub fn enable(&self, line: Line) -> Result<(), IrqError> {
        self.on_line(line, |controller| {
            self.forget_run(line);
            controller.enable(line)
        })
    }

    /// Keeps `line` from interrupting. A handler that is running goes on.
    pub fn disable(&self, line: Line) -> Result<(), IrqError> {
        self.on_line(line, |controller| controller.disable(line))
    }

    /// Whether `line` may interrupt.
    pub fn is_enabled(&self, line: Line) -> Result<bool, IrqError> {
        self.on_line(line, |controller| controller.is_enabled(line))
    }

    /// What can be done with `line`.
    pub fn attributes(&self, line: Line) -> Result<LineAttributes, IrqError>
    where
        C: LineInfo,
    {
        self.on_line(line, |controller| controller.line_attributes(line))
    }

    /// Whether `line` has an interrupt that no CPU has taken yet.
    pub fn is_pending(&self, line: Line) -> Result<bool, IrqError>
    where
        C: LinePending,
    {
        self.on_line(line, |controller| controller.is_pending(line))
    }

    /// Makes `line` pending by software; an inter-processor line on the executing CPU.
    pub fn raise(&self, line: Line) -> Result<(), IrqError>
    where
        C: LinePending,
    {
        let from = self.platform.cpu();
        self.on_line(line, |controller| controller.raise(from, line))
    }

    /// Makes the inter-processor `line` pending on `cpu`.
    pub fn raise_on(&self, line: Line, cpu: CpuId) -> Result<(), IrqError>
    where
        C: InterProcessor,
    {
        let controller = self.check_line(line)?;
        self.check_online(controller, cpu)?;
        if controller.line_kind(line) != Some(LineKind::InterProcessor) {
            return Err(IrqError::unsupported(Capability::InterProcessor, line));
        }
        for number in 0..controller.ipi_count() {
            if controller.ipi_line(number)? == line {
                let only = IpiTarget::List(CpuMask::only(cpu));
                return Ok(controller.send(self.platform.cpu(), number, only)?);
            }
        }
        Err(IrqError::unsupported(Capability::InterProcessor, line))
    }

    /// Forgets a pending interrupt of `line`.
    pub fn clear(&self, line: Line) -> Result<(), IrqError>
    where
        C: LinePending,
    {
        self.on_line(line, |controller| controller.clear(line))
    }

    /// Sets the priority; greater is more urgent.
    pub fn set_priority(&self, line: Line, priority: Priority) -> Result<(), IrqError>
    where
        C: LinePriority,
    {
        self.on_line(line, |controller| controller.set_priority(line, priority))
    }

    /// The priority.
    pub fn priority(&self, line: Line) -> Result<Priority, IrqError>
    where
        C: LinePriority,
    {
        self.on_line(line, |controller| controller.priority(line))
    }

    /// Sets the trigger mode.
    pub fn set_trigger(&self, line: Line, mode: TriggerMode) -> Result<(), IrqError>
    where
        C: LineTrigger,
    {
        self.on_line(line, |controller| controller.set_trigger(line, mode))
    }

    /// The trigger mode.
    pub fn trigger(&self, line: Line) -> Result<TriggerMode, IrqError>
    where
        C: LineTrigger,
    {
        self.on_line(line, |controller| controller.trigger(line))
    }

    /// Sets the CPUs that `line` may interrupt. CPUs that the controller does not serve are an error,
    /// CPUs that are offline are left out, and at least one must be left.
    pub fn set_affinity(&self, line: Line, cpus: CpuMask) -> Result<(), IrqError>
    where
        C: LineAffinity,
    {
        let controller = self.check_line(line)?;
        let mut online = CpuMask::EMPTY;
        for cpu in cpus {
            match self.check_online(controller, cpu) {
                Ok(()) => online = online.with(cpu),
                Err(IrqError::CpuOffline { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        if online.is_empty() {
            return Err(IrqError::NoOnlineCpu { cpus });
        }
        self.on_line(line, |controller| controller.set_affinity(line, online))
    }

    /// The CPUs that `line` may interrupt.
    pub fn affinity(&self, line: Line) -> Result<CpuMask, IrqError>
    where
        C: LineAffinity,
    {
        self.on_line(line, |controller| controller.affinity(line))
    }

    fn check_online(&self, controller: &C, cpu: CpuId) -> Result<(), IrqError> {
        controller.check_cpu(cpu)?;
        if cpu.index() >= CPUS {
            return Err(IrqError::NoSuchCpu { cpu, count: CPUS as u8 });
        }
        if self.platform.is_online(cpu) { Ok(()) } else { Err(IrqError::CpuOffline { cpu }) }
    }
}
