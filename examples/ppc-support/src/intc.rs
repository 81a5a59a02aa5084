// SPDX-License-Identifier: MIT OR Apache-2.0
//! The XPS interrupt controller (INTC) of Xilinx' FPGA designs: a controller that the *board* brings along.
//!
//! Up to 32 lines, one output, no priorities but the order of the lines; a line in service is kept masked. Which lines
//! there are, and whether a line is an edge or a level, is fixed when the design is made, so the board says it. The
//! driver uses the registers that every design has: SIE, CIE, IPR and IVR are optional.
//! (LogiCORE IP XPS Interrupt Controller, DS572; line 0 is the least significant bit and comes first.)

use hal_exc_api::pic::{
    Acknowledge, Acknowledged, Capability, Claim, CpuId, CpuInterface, InterruptController, Line, LineAttributes,
    LineInfo, LineKind, LineMask, LinePending, PicError,
};

use crate::enable::EnableWord;
use crate::mmio::Mmio;

/// Registers of an INTC, by their distance from its base in bytes. Big-endian words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum Register {
    /// ISR: a bit per line that is requesting, masked or not.
    Status = 0x00,
    /// IER: a bit per line that may interrupt.
    Enable = 0x08,
    /// IAR: write 1 to take a request back. A level comes back as long as its device holds it.
    Acknowledge = 0x0C,
    /// MER: the output, and the inputs.
    Master = 0x1C,
}

/// MER\[ME\]: the output to the CPU is on.
const MASTER_ENABLE: u32 = 1 << 0;
/// MER\[HIE\]: the inputs request. Until it is written the status can be set by software; it cannot be taken back.
const HARDWARE_ENABLE: u32 = 1 << 1;

/// How the driver reaches its registers.
pub trait Bank: Send + Sync {
    /// Reads a register.
    fn read(&self, register: Register) -> u32;
    /// Writes a register.
    fn write(&self, register: Register, value: u32);
}

impl Bank for Mmio {
    fn read(&self, register: Register) -> u32 {
        self.read32(register as usize)
    }

    fn write(&self, register: Register, value: u32) {
        self.write32(register as usize, value);
    }
}

/// What the design made of the controller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Design {
    /// Number of lines, 1 to 32 (`C_NUM_INTR_INPUTS`).
    pub lines: u8,
    /// Lines that are edges, bit n for line n (`C_KIND_OF_INTR`); the others are levels.
    pub edges: u32,
}

/// An INTC in service.
#[derive(Debug)]
pub struct Intc<B> {
    bank: B,
    design: Design,
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

impl<B: Bank> Intc<B> {
    /// Takes the controller into service: every line masked, nothing pending but levels that are held.
    pub fn start(bank: B, design: Design) -> Self {
        bank.write(Register::Enable, 0);
        bank.write(Register::Acknowledge, u32::MAX);
        bank.write(Register::Master, MASTER_ENABLE | HARDWARE_ENABLE);
        Self { bank, design, lines: EnableWord::default() }
    }

    fn bit(&self, line: Line) -> Result<u32, PicError> {
        self.check_line(line)?;
        Ok(bit(line))
    }

    fn write_enable(&self, value: u32) {
        self.bank.write(Register::Enable, value);
    }
}

/// For a line that exists.
const fn bit(line: Line) -> u32 {
    1 << (line.number() & 31)
}

impl<B: Bank> InterruptController for Intc<B> {
    fn line_count(&self) -> u16 {
        self.design.lines.into()
    }

    fn line_kind(&self, line: Line) -> Option<LineKind> {
        (line.number() < self.line_count()).then_some(LineKind::Source)
    }

    fn cpu_count(&self) -> u8 {
        1
    }
}

impl<B: Bank> Acknowledge for Intc<B> {
    type Claim = InService;

    /// The lowest line that is requesting and not masked. It stays masked until its end; an edge is forgotten at once,
    /// so that the next one is seen.
    fn acknowledge(&self, _: CpuId) -> Acknowledged<InService> {
        let ready = self.bank.read(Register::Status) & self.bank.read(Register::Enable);
        if ready == 0 {
            return Acknowledged::Spurious;
        }
        let line = Line::new(ready.trailing_zeros() as u16);
        self.lines.begin(bit(line), |value| self.write_enable(value));
        if self.design.edges & bit(line) != 0 {
            self.bank.write(Register::Acknowledge, bit(line));
        }
        Acknowledged::Claimed(InService(line))
    }

    /// A level that its device has taken back is forgotten now: the status holds it until then.
    fn end(&self, claim: InService) {
        let bit = bit(claim.0);
        if self.design.edges & bit == 0 {
            self.bank.write(Register::Acknowledge, bit);
        }
        self.lines.end(bit, |value| self.write_enable(value));
    }
}

impl<B: Bank> LineMask for Intc<B> {
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

impl<B: Bank> LinePending for Intc<B> {
    fn is_pending(&self, line: Line) -> Result<bool, PicError> {
        Ok(self.bank.read(Register::Status) & self.bit(line)? != 0)
    }

    /// Refused: with the inputs on, the status cannot be set by software.
    fn raise(&self, _: CpuId, line: Line) -> Result<(), PicError> {
        self.check_line(line)?;
        Err(PicError::Unsupported { capability: Capability::Raise, line: Some(line) })
    }

    fn clear(&self, line: Line) -> Result<(), PicError> {
        self.bank.write(Register::Acknowledge, self.bit(line)?);
        Ok(())
    }
}

impl<B: Bank> CpuInterface for Intc<B> {
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

impl<B: Bank> LineInfo for Intc<B> {
    fn line_attributes(&self, line: Line) -> Result<LineAttributes, PicError> {
        self.check_line(line)?;
        let mut attributes = LineAttributes::fixed(LineKind::Source);
        attributes.can_mask = true;
        attributes.can_read_pending = true;
        attributes.can_clear = true;
        Ok(attributes)
    }
}

#[cfg(test)]
mod tests;
