// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reports: a frame as text that a person can read.
//!
//! A report is a [`Display`](core::fmt::Display) value over a frame and the CPU it was taken on; it writes
//! through [`core::fmt::Write`], needs no memory and reads no hardware: everything in it was captured at entry,
//! so a report of a fault in a fault still shows the first one. A damaged frame is named as such; nothing in here
//! panics, whatever the frame holds.
//!
//! ```
//! use hal_exc_api::cpu::{Pvr, identify};
//! use hal_exc_api::exception::{Exception, VectorWord};
//! use hal_exc_api::frame::Frame;
//! use hal_exc_api::report::Report;
//!
//! let cpu = identify(Pvr(0x8021_0030))?;
//! let mut frame = Frame::new(VectorWord::new(Exception::Program, false), 0x0010_0234, 0x0002_9000);
//! frame.syndrome = 0x0800_0000;
//! let text = format!("{}", Report::new(&cpu, &frame));
//! assert!(text.starts_with("exception: program, synchronous, flavor classic (SRR0/SRR1)\n"));
//! assert!(text.contains("ESR 08000000  illegal instruction\n"));
//! # Ok::<(), hal_exc_api::cpu::UnknownCpu>(())
//! ```

mod syndrome;

use core::fmt;

use crate::cpu::{Cpu, Model, Pvr};
use crate::exception::{Exception, VectorWord};
use crate::fatal::Fatal;
use crate::flavor::Flavor;
use crate::frame::{CriticalFrame, Frame, FullFrame, InterruptFrame, IsolatedFrame};
use crate::msr::{MsrLayout, MsrNames};
use syndrome::{Names, Syndrome, is_classic};

/// Any of the frames that a wrapper makes.
#[derive(Clone, Copy, Debug)]
pub enum AnyFrame<'a> {
    /// Of an asynchronous exception.
    Interrupt(&'a InterruptFrame),
    /// Of a critical interrupt.
    Critical(&'a CriticalFrame),
    /// Of a synchronous exception.
    Full(&'a Frame),
    /// Of machine check, system reset or debug.
    Isolated(&'a IsolatedFrame),
}

impl<'a> From<&'a InterruptFrame> for AnyFrame<'a> {
    fn from(frame: &'a InterruptFrame) -> Self {
        Self::Interrupt(frame)
    }
}

impl<'a> From<&'a CriticalFrame> for AnyFrame<'a> {
    fn from(frame: &'a CriticalFrame) -> Self {
        Self::Critical(frame)
    }
}

impl<'a> From<&'a Frame> for AnyFrame<'a> {
    fn from(frame: &'a Frame) -> Self {
        Self::Full(frame)
    }
}

impl<'a> From<&'a IsolatedFrame> for AnyFrame<'a> {
    fn from(frame: &'a IsolatedFrame) -> Self {
        Self::Isolated(frame)
    }
}

/// The words that all frames have.
struct Common {
    vector: VectorWord,
    pc: u32,
    msr: u32,
    cr: u32,
    xer: u32,
    ctr: u32,
    lr: u32,
}

macro_rules! common {
    ($frame:expr) => {
        Common {
            vector: $frame.vector,
            pc: $frame.pc,
            msr: $frame.msr,
            cr: $frame.cr,
            xer: $frame.xer,
            ctr: $frame.ctr,
            lr: $frame.lr,
        }
    };
}

impl<'a> AnyFrame<'a> {
    fn common(&self) -> Common {
        match self {
            Self::Interrupt(frame) => common!(frame),
            Self::Critical(frame) => common!(frame.interrupt),
            Self::Full(frame) => common!(frame),
            Self::Isolated(frame) => common!(frame),
        }
    }

    /// Which exception.
    #[must_use]
    pub fn vector(&self) -> VectorWord {
        self.common().vector
    }

    /// Where it happened.
    #[must_use]
    pub fn pc(&self) -> u32 {
        self.common().pc
    }

    /// r1 of what was interrupted: where a [walk](crate::backtrace) to its callers begins.
    #[must_use]
    pub fn stack_pointer(&self) -> u32 {
        match self {
            Self::Interrupt(frame) => frame.back_chain,
            Self::Critical(frame) => frame.interrupt.back_chain,
            Self::Full(frame) => frame.back_chain,
            Self::Isolated(frame) => frame.back_chain,
        }
    }

    /// The part with all registers, if the frame has one.
    #[must_use]
    pub fn full(&self) -> Option<&'a FullFrame> {
        match self {
            Self::Full(frame) => Some(frame.as_full()),
            Self::Isolated(frame) => Some(frame.as_frame()),
            Self::Interrupt(_) | Self::Critical(_) => None,
        }
    }
}

/// A frame as text.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    model: Option<&'a Model>,
    pvr: Option<Pvr>,
    frame: AnyFrame<'a>,
    flavor: Option<Flavor>,
}

impl<'a> Report<'a> {
    /// A report of `frame`, taken on `cpu`.
    pub fn new(cpu: &'a Cpu, frame: impl Into<AnyFrame<'a>>) -> Self {
        Self { pvr: Some(cpu.pvr()), ..Self::of_model(cpu.model(), frame) }
    }

    /// A report of `frame` as a CPU of `model` understands it: for tools that know the model only.
    pub fn of_model(model: &'a Model, frame: impl Into<AnyFrame<'a>>) -> Self {
        Self { model: Some(model), pvr: None, frame: frame.into(), flavor: None }
    }

    /// The report of a fatal exception. On a CPU that was never identified bits keep their names to themselves.
    #[must_use]
    pub fn of_fatal(fatal: &Fatal<'a>) -> Self {
        let cpu = fatal.cpu.as_ref();
        Self { model: cpu.map(Cpu::model), pvr: cpu.map(Cpu::pvr), frame: fatal.frame, flavor: None }
    }

    /// Names this flavor instead of the one that the core's description gives for the exception.
    #[must_use]
    pub const fn with_flavor(self, flavor: Flavor) -> Self {
        Self { flavor: Some(flavor), ..self }
    }

    fn flavor_of(&self, exception: Exception) -> Option<Flavor> {
        if self.flavor.is_some() {
            return self.flavor;
        }
        let core = &self.model?.core;
        match exception {
            Exception::MachineCheck => Some(core.machine_check),
            Exception::Debug => core.debug,
            Exception::CriticalInput
            | Exception::Watchdog
            | Exception::CriticalDoorbell
            | Exception::GuestCriticalDoorbell => core.critical,
            _ => Some(Flavor::Classic),
        }
    }

    fn heading(&self, f: &mut fmt::Formatter<'_>, vector: VectorWord) -> fmt::Result {
        let how = if vector.is_asynchronous() { "asynchronous" } else { "synchronous" };
        match vector.exception() {
            Ok(exception) => {
                write!(f, "exception: {exception}, {how}")?;
                if let Some(flavor) = self.flavor_of(exception) {
                    let (pc, msr) = pair_names(flavor);
                    write!(f, ", flavor {flavor} ({pc}/{msr})")?;
                }
                writeln!(f)?;
            }
            Err(unknown) => {
                writeln!(f, "exception: DAMAGED FRAME, {unknown} (vector word {:08x})", vector.raw())?;
            }
        }
        write!(f, "cpu: {}", self.model.map_or("not identified", |model| model.name))?;
        match self.pvr {
            Some(pvr) => writeln!(f, ", PVR {pvr}"),
            None => writeln!(f),
        }
    }

    fn reasons(&self, f: &mut fmt::Formatter<'_>, syndrome: &Syndrome) -> fmt::Result {
        let Some(frame) = self.frame.full() else { return Ok(()) };
        let (address, register) = match self.model {
            Some(model) if is_classic(model) => ("DAR", "DSISR"),
            Some(_) => ("DEAR", "ESR"),
            None => ("fault address", "syndrome"),
        };
        let unset = match frame.vector.exception() {
            _ if self.model.is_none() => "of an unknown CPU",
            Ok(_) => "not set by this exception",
            Err(_) => "of an unknown exception",
        };
        match syndrome.address {
            Some(name) => writeln!(f, "{name} {:08x}", frame.fault_address)?,
            None => writeln!(f, "{address} {:08x}  {unset}", frame.fault_address)?,
        }
        match syndrome.register {
            // The classic alignment syndrome is a piece of the instruction, not a set of reasons.
            Some(name) if syndrome.bits.is_empty() => {
                let word = frame.syndrome;
                writeln!(f, "{name} {word:08x}  data register {}, base register {}", word >> 5 & 31, word & 31)
            }
            Some(name) => writeln!(f, "{name} {:08x}  {}", frame.syndrome, Names(syndrome.bits, frame.syndrome)),
            None => writeln!(f, "{register} {:08x}  {unset}", frame.syndrome),
        }
    }

    fn registers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.frame {
            AnyFrame::Full(frame) => all_gprs(f, frame),
            AnyFrame::Isolated(frame) => all_gprs(f, frame),
            AnyFrame::Interrupt(frame) => volatile_gprs(f, frame),
            AnyFrame::Critical(frame) => volatile_gprs(f, &frame.interrupt),
        }
    }

    fn lower_levels(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (srr0, srr1) = match self.frame {
            AnyFrame::Critical(frame) => (frame.srr0, frame.srr1),
            AnyFrame::Isolated(frame) => (frame.srr0, frame.srr1),
            AnyFrame::Interrupt(_) | AnyFrame::Full(_) => return Ok(()),
        };
        writeln!(f, "found at entry: SRR0 {srr0:08x} SRR1 {srr1:08x}")
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let common = self.frame.common();
        let syndrome = syndrome::of(self.model, common.vector.exception().ok());
        self.heading(f, common.vector)?;
        writeln!(f, "PC  {:08x}", common.pc)?;
        write!(f, "MSR {:08x}", common.msr)?;
        if let Some(model) = self.model {
            write!(f, "  {}", MsrNames::new(MsrLayout::of(model), common.msr & !syndrome.srr1_mask))?;
        }
        writeln!(f)?;
        if !syndrome.srr1_bits.is_empty() {
            let reason = common.msr & syndrome.srr1_mask;
            writeln!(f, "    of which {reason:08x} is the reason: {}", Names(syndrome.srr1_bits, reason))?;
        }
        self.reasons(f, &syndrome)?;
        writeln!(f, "LR  {:08x}", common.lr)?;
        writeln!(f, "CTR {:08x}", common.ctr)?;
        writeln!(f, "CR  {:08x}  {}", common.cr, CrFields(common.cr))?;
        writeln!(f, "XER {:08x}  {}", common.xer, XerBits(common.xer))?;
        self.registers(f)?;
        self.lower_levels(f)
    }
}

/// A nested one is a single line: the first report was interrupted by a fault of its own.
impl fmt::Display for Fatal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nested {
            let (pc, word) = (self.frame.pc(), self.frame.vector().raw());
            return writeln!(f, "fatal, CPU {}: again, at {pc:08x}, vector word {word:08x}", self.index);
        }
        writeln!(f, "fatal, CPU {}: {}", self.index, self.cause)?;
        Report::of_fatal(self).fmt(f)
    }
}

/// The names of a flavor's save/restore pair.
const fn pair_names(flavor: Flavor) -> (&'static str, &'static str) {
    match flavor {
        Flavor::Classic | Flavor::Naked => ("SRR0", "SRR1"),
        Flavor::Critical405 => ("SRR2", "SRR3"),
        Flavor::Critical => ("CSRR0", "CSRR1"),
        Flavor::MachineCheck => ("MCSRR0", "MCSRR1"),
        Flavor::Debug => ("DSRR0", "DSRR1"),
    }
}

fn gpr(f: &mut fmt::Formatter<'_>, n: usize, value: Option<u32>) -> fmt::Result {
    let gap = if n.is_multiple_of(4) { "" } else { "  " };
    let pad = if n < 10 { " " } else { "" };
    match value {
        Some(value) => write!(f, "{gap}r{n}{pad} {value:08x}")?,
        None => write!(f, "{gap}r{n}{pad} --------")?,
    }
    if n % 4 == 3 { writeln!(f) } else { Ok(()) }
}

fn all_gprs(f: &mut fmt::Formatter<'_>, frame: &FullFrame) -> fmt::Result {
    frame.gpr.iter().enumerate().try_for_each(|(n, value)| gpr(f, n, Some(*value)))
}

fn volatile_gprs(f: &mut fmt::Formatter<'_>, frame: &InterruptFrame) -> fmt::Result {
    gpr(f, 0, Some(frame.r0))?;
    gpr(f, 1, Some(frame.back_chain))?;
    gpr(f, 2, None)?;
    for (i, value) in frame.r3_to_r12.iter().enumerate() {
        gpr(f, i + 3, Some(*value))?;
    }
    (13..16).try_for_each(|n| gpr(f, n, None))?;
    writeln!(f, "not saved in this frame: r2, r13 to r31, fault address, syndrome")
}

/// The condition register by fields: `LGES` of a field, a dash for a clear bit.
struct CrFields(u32);

impl fmt::Display for CrFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for field in 0..8 {
            let bits = self.0 >> (28 - 4 * field) & 0xF;
            let gap = if field == 0 { "" } else { " " };
            write!(f, "{gap}{field}:")?;
            for (mask, letter) in [(8, "L"), (4, "G"), (2, "E"), (1, "S")] {
                f.write_str(if bits & mask != 0 { letter } else { "-" })?;
            }
        }
        Ok(())
    }
}

/// XER by bits, and the byte count of the string instructions.
struct XerBits(u32);

impl fmt::Display for XerBits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (mask, name) in [(0x8000_0000, "SO "), (0x4000_0000, "OV "), (0x2000_0000, "CA ")] {
            if self.0 & mask != 0 {
                f.write_str(name)?;
            }
        }
        write!(f, "count {}", self.0 & 0x7F)
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;
    use crate::cpu::identify;
    use crate::fatal::Cause;

    #[test]
    fn fatal_reports_say_why_and_nested_ones_are_short() {
        let mut frame = Frame::new(VectorWord::new(Exception::Program, false), 0x1234, 0x9000);
        frame.syndrome = 0x0400_0000;
        let cpu = identify(Pvr(0x8021_0030)).ok();
        let frame = AnyFrame::Full(&frame);
        let fatal = Fatal { cause: Cause::Unhandled, frame, cpu, index: 1, nested: false };
        let text = fatal.to_string();
        assert!(text.starts_with("fatal, CPU 1: nobody handled it\nexception: program, synchronous"), "{text}");
        assert!(text.contains("ESR 04000000  privileged instruction\n"), "{text}");
        let nested = Fatal { nested: true, ..fatal }.to_string();
        assert_eq!(nested, "fatal, CPU 1: again, at 00001234, vector word 00000118\n");
        let unknown = Fatal { cpu: None, ..fatal }.to_string();
        assert!(unknown.contains("cpu: not identified"), "{unknown}");
        assert!(unknown.contains("syndrome 04000000  of an unknown CPU\n"), "{unknown}");
        assert!(!unknown.contains("privileged"), "{unknown}");
    }
}
