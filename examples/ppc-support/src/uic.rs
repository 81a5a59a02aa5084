// SPDX-License-Identifier: MIT OR Apache-2.0
//! The universal interrupt controller (UIC) of 405 and 440 chips: a controller that the *boards* bring along.
//!
//! 32 lines, no priorities, no acknowledge register: software reads the masked status and picks a bit. A line in
//! service is kept masked, so that it is not delivered again before its end. Each line goes to the external or to
//! the critical input of the CPU. (PowerPC 405GP User's Manual, chapter 10; line 0 is the most significant bit.)

use hal_exc_api::pic::{
    Acknowledge, Acknowledged, Capability, Claim, CpuId, CpuInterface, CriticalRouting, InterruptController, Line,
    LineAttributes, LineInfo, LineKind, LineMask, LinePending, LineTrigger, Output, PicError, TriggerMode,
};

use crate::enable::EnableWord;

/// Registers of a UIC, by their distance from its first DCR.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Register {
    /// Status: a bit per line that is requesting; write 1 to clear.
    Status = 0,
    /// Status set: write 1 to request by software.
    StatusSet = 1,
    /// Enable.
    Enable = 2,
    /// Critical: 1 = critical input, 0 = external input.
    Critical = 3,
    /// Polarity: 1 = high level or rising edge.
    Polarity = 4,
    /// Trigger: 1 = edge.
    Trigger = 5,
    /// Masked status: status and enable.
    Masked = 6,
}

/// How the driver reaches its registers.
pub trait Bank: Send + Sync {
    /// Reads a register.
    fn read(&self, register: Register) -> u32;
    /// Writes a register.
    fn write(&self, register: Register, value: u32);
}

const LINES: u16 = 32;

/// A UIC in service.
#[derive(Debug)]
pub struct Uic<B> {
    bank: B,
    lines: EnableWord,
}

/// A line in service.
#[derive(Debug)]
#[must_use = "a line that is not ended stays masked"]
pub struct InService(Line);

impl Claim for InService {
    fn line(&self) -> Line {
        self.0
    }
}

impl<B: Bank> Uic<B> {
    /// Takes the controller into service: every line masked, external, level and high; nothing pending.
    pub fn start(bank: B) -> Self {
        for (register, value) in [
            (Register::Enable, 0),
            (Register::Critical, 0),
            (Register::Trigger, 0),
            (Register::Polarity, u32::MAX),
            (Register::Status, u32::MAX),
        ] {
            bank.write(register, value);
        }
        Self { bank, lines: EnableWord::default() }
    }

    /// The critical line that is requesting, the lowest first. Critical lines are not acknowledged: their device is
    /// served, then [`LinePending::clear`] forgets the request.
    pub fn critical_pending(&self) -> Option<Line> {
        first(self.bank.read(Register::Masked) & self.bank.read(Register::Critical))
    }

    fn bit(&self, line: Line) -> Result<u32, PicError> {
        self.check_line(line)?;
        Ok(bit(line))
    }

    fn write_enable(&self, value: u32) {
        self.bank.write(Register::Enable, value);
    }

    fn change(&self, register: Register, bit: u32, set: bool) {
        let old = self.bank.read(register);
        self.bank.write(register, if set { old | bit } else { old & !bit });
    }
}

const fn bit(line: Line) -> u32 {
    1 << (31 - line.number() as u32)
}

fn first(bits: u32) -> Option<Line> {
    (bits != 0).then(|| Line::new(bits.leading_zeros() as u16))
}

impl<B: Bank> InterruptController for Uic<B> {
    fn line_count(&self) -> u16 {
        LINES
    }

    fn line_kind(&self, line: Line) -> Option<LineKind> {
        (line.number() < LINES).then_some(LineKind::Source)
    }

    fn cpu_count(&self) -> u8 {
        1
    }
}

impl<B: Bank> Acknowledge for Uic<B> {
    type Claim = InService;

    /// The lowest line that is requesting and not critical. It stays masked until its end; an edge is
    /// forgotten at once, so that the next one is seen.
    fn acknowledge(&self, _: CpuId) -> Acknowledged<InService> {
        let ready = self.bank.read(Register::Masked) & !self.bank.read(Register::Critical);
        let Some(line) = first(ready) else { return Acknowledged::Spurious };
        self.lines.begin(bit(line), |value| self.write_enable(value));
        if self.bank.read(Register::Trigger) & bit(line) != 0 {
            self.bank.write(Register::Status, bit(line));
        }
        Acknowledged::Claimed(InService(line))
    }

    /// A level that its device has taken back is forgotten now: the status holds it until then.
    fn end(&self, claim: InService) {
        let bit = bit(claim.0);
        if self.bank.read(Register::Trigger) & bit == 0 {
            self.bank.write(Register::Status, bit);
        }
        self.lines.end(bit, |value| self.write_enable(value));
    }
}

impl<B: Bank> LineMask for Uic<B> {
    fn enable(&self, line: Line) -> Result<(), PicError> {
        self.lines.enable(self.bit(line)?, |value| self.write_enable(value));
        Ok(())
    }

    fn disable(&self, line: Line) -> Result<(), PicError> {
        self.lines.disable(self.bit(line)?, |value| self.write_enable(value));
        Ok(())
    }

    fn is_enabled(&self, line: Line) -> Result<bool, PicError> {
        Ok(self.lines.is_enabled(self.bit(line)?))
    }
}

impl<B: Bank> LinePending for Uic<B> {
    fn is_pending(&self, line: Line) -> Result<bool, PicError> {
        Ok(self.bank.read(Register::Status) & self.bit(line)? != 0)
    }

    fn raise(&self, _: CpuId, line: Line) -> Result<(), PicError> {
        self.bank.write(Register::StatusSet, self.bit(line)?);
        Ok(())
    }

    fn clear(&self, line: Line) -> Result<(), PicError> {
        self.bank.write(Register::Status, self.bit(line)?);
        Ok(())
    }
}

impl<B: Bank> LineTrigger for Uic<B> {
    /// The line is masked meanwhile, and what the change itself made it request is forgotten.
    fn set_trigger(&self, line: Line, mode: TriggerMode) -> Result<(), PicError> {
        let bit = self.bit(line)?;
        let was_enabled = self.lines.disable(bit, |value| self.write_enable(value));
        self.change(Register::Trigger, bit, !mode.is_level());
        self.change(Register::Polarity, bit, mode.is_active_high());
        self.bank.write(Register::Status, bit);
        self.lines.enable(was_enabled, |value| self.write_enable(value));
        Ok(())
    }

    fn trigger(&self, line: Line) -> Result<TriggerMode, PicError> {
        let bit = self.bit(line)?;
        let level = self.bank.read(Register::Trigger) & bit == 0;
        Ok(TriggerMode::from_parts(level, self.bank.read(Register::Polarity) & bit != 0))
    }
}

impl<B: Bank> CriticalRouting for Uic<B> {
    fn set_output(&self, line: Line, output: Output) -> Result<(), PicError> {
        let bit = self.bit(line)?;
        match output {
            Output::Normal => self.change(Register::Critical, bit, false),
            Output::Critical => self.change(Register::Critical, bit, true),
            _ => return Err(PicError::Unsupported { capability: Capability::CriticalRouting, line: Some(line) }),
        }
        Ok(())
    }

    fn output(&self, line: Line) -> Result<Output, PicError> {
        let critical = self.bank.read(Register::Critical) & self.bit(line)? != 0;
        Ok(if critical { Output::Critical } else { Output::Normal })
    }
}

impl<B: Bank> CpuInterface for Uic<B> {
    fn init_cpu(&self, cpu: CpuId) -> Result<(), PicError> {
        self.check_cpu(cpu)?;
        self.lines.end(u32::MAX, |value| self.write_enable(value));
        Ok(())
    }

    fn quiet_cpu(&self, cpu: CpuId) -> Result<(), PicError> {
        self.check_cpu(cpu)?;
        self.lines.disable(u32::MAX, |value| self.write_enable(value));
        self.lines.end(u32::MAX, |value| self.write_enable(value));
        Ok(())
    }
}

impl<B: Bank> LineInfo for Uic<B> {
    fn line_attributes(&self, line: Line) -> Result<LineAttributes, PicError> {
        self.check_line(line)?;
        let mut attributes = LineAttributes::fixed(LineKind::Source);
        attributes.can_mask = true;
        attributes.can_read_pending = true;
        attributes.can_raise = true;
        attributes.can_clear = true;
        attributes.can_set_trigger = true;
        attributes.can_set_output = true;
        Ok(attributes)
    }
}

#[cfg(test)]
mod tests;
