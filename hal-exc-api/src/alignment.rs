// SPDX-License-Identifier: MIT OR Apache-2.0
//! Emulation of the accesses that raise alignment exceptions.
//!
//! Cores refuse different things: a word that crosses a boundary, anything misaligned in cache-inhibited memory,
//! `lmw` off a word boundary, `dcbz` where there is no cache. This module does what the instruction would have done, in
//! pieces that every core accepts, and lets the program go on behind it. It is optional: a board that wants its
//! programs to crash on misalignment simply does not set the handler.
//!
//! [`decode`] and [`Access::execute`] are pure, over [`Registers`] and [`Memory`]; [`emulate`] adds what an exception
//! frame needs; the `target` module holds ready handlers for PowerPC.
//!
//! # What is emulated
//! * Integer loads and stores of all widths, with update, indexed, algebraic, byte-reversed.
//! * `lmw`, `stmw`, `lswi`, `stswi`, `lswx`, `stswx`.
//! * `lfs`, `lfd`, `stfs`, `stfd`, their update and indexed forms, and `stfiwx`, where the FP registers are at hand.
//! * `dcbz`, with the cache line of the CPU.
//!
//! # What is refused
//! Everything else, with a [`Refusal`], and then nothing has been changed: the exception goes on to the global
//! handler. In particular reservations (`lwarx`, `stwcx.`: an emulated one could not be atomic), forms that the
//! architecture calls invalid, little-endian programs, user programs (they could reach what only the supervisor may), programs
//! with another address translation than the handler's, loads into r13 (which belongs to the CPU, not to the program), and
//! stores into the exception's own frame.
//!
//! ```
//! use hal_exc_api::alignment::{Offset, Operation, Refusal, decode};
//!
//! let access = decode(0x8064_0002)?; // lwz r3,2(r4)
//! assert_eq!(access.operation, Operation::Load { width: 4, algebraic: false, reversed: false });
//! assert_eq!((access.data, access.base, access.offset), (3, 4, Offset::Displacement(2)));
//! assert_eq!(decode(0x7C60_2028), Err(Refusal::Reservation(0x7C60_2028))); // lwarx r3,0,r4
//! # Ok::<(), Refusal>(())
//! ```

mod decode;
mod execute;
mod float;
#[cfg(target_arch = "powerpc")]
pub mod target;

use core::fmt;
use core::ops::Range;

pub use decode::{Access, Count, Offset, Operation, decode};
pub use float::{double_to_single, single_to_double};

use crate::frame::Frame;

/// Registers that an access reads and writes.
pub trait Registers {
    /// General-purpose register `n`, 0 to 31.
    fn gpr(&self, n: u8) -> u32;
    /// Sets it. Called only for registers that [`gpr_is_writable`](Self::gpr_is_writable) agreed to.
    fn set_gpr(&mut self, n: u8, value: u32);
    /// Whether a change of register `n` reaches the program.
    fn gpr_is_writable(&self, n: u8) -> bool;
    /// XER, for the byte count of `lswx` and `stswx`.
    fn xer(&self) -> u32;
    /// The bits of floating-point register `n`, or `None` when the FP state is not at hand.
    fn fpr(&self, n: u8) -> Option<u64>;
    /// Sets it. Called only when [`fpr`](Self::fpr) gave a value.
    fn set_fpr(&mut self, n: u8, bits: u64);
}

/// Floating-point registers, as bits.
pub trait FpRegisters {
    /// The bits of register `n`, 0 to 31.
    fn get(&self, n: u8) -> u64;
    /// Sets them.
    fn set(&mut self, n: u8, bits: u64);
}

/// Memory as the program sees it, big-endian. All accesses are naturally aligned; `None` where there is nothing.
pub trait Memory {
    /// Reads a byte.
    fn read_u8(&self, address: u32) -> Option<u8>;
    /// Reads an aligned halfword.
    fn read_u16(&self, address: u32) -> Option<u16>;
    /// Reads an aligned word.
    fn read_u32(&self, address: u32) -> Option<u32>;
    /// Whether all of `len` bytes from `address` (wrapping) may be written; asked before the first write.
    fn is_writable(&self, address: u32, len: u32) -> bool;
    /// Writes a byte.
    fn write_u8(&mut self, address: u32, value: u8);
    /// Writes an aligned halfword.
    fn write_u16(&mut self, address: u32, value: u16);
    /// Writes an aligned word.
    fn write_u32(&mut self, address: u32, value: u32);
}

/// Why an access was not emulated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Refusal {
    /// This instruction is not one that is emulated.
    Instruction(u32),
    /// This instruction works on a reservation.
    Reservation(u32),
    /// A form of this instruction that the architecture calls invalid.
    InvalidForm(u32),
    /// The registers, or what is in them, make the form of this instruction invalid.
    InvalidRegisters(u32),
    /// A change of this general-purpose register would not reach the program.
    ReservedRegister(u8),
    /// The instruction needs this floating-point register and the FP state is not at hand.
    NoFpState(u8),
    /// Nothing can be read at this address.
    Unreadable(u32),
    /// Not everything from this address on may be written.
    Unwritable(u32),
    /// The instruction does not access what the exception reported.
    OtherAddress {
        /// What the instruction accesses.
        computed: u32,
        /// What the exception reported.
        reported: u32,
    },
    /// A cache line of this many bytes is not a power of two from 4 to 128.
    CacheLine(u32),
    /// The MSR of the program: little-endian, user state, or another translation than the handler's.
    Mode(u32),
    /// The program counter is not a multiple of four.
    ProgramCounter(u32),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instruction(word) => write!(f, "instruction {word:08x} is not emulated"),
            Self::Reservation(word) => write!(f, "instruction {word:08x} works on a reservation"),
            Self::InvalidForm(word) => write!(f, "instruction {word:08x} is an invalid form"),
            Self::InvalidRegisters(word) => write!(f, "instruction {word:08x} overwrites its own address registers"),
            Self::ReservedRegister(n) => write!(f, "r{n} belongs to the CPU and cannot be changed"),
            Self::NoFpState(n) => write!(f, "f{n} is not at hand"),
            Self::Unreadable(address) => write!(f, "nothing can be read at {address:08x}"),
            Self::Unwritable(address) => write!(f, "nothing may be written at {address:08x}"),
            Self::OtherAddress { computed, reported } => {
                write!(f, "the instruction accesses {computed:08x}, the exception reported {reported:08x}")
            }
            Self::CacheLine(bytes) => write!(f, "{bytes} bytes are no cache line"),
            Self::Mode(msr) => write!(f, "a program with MSR {msr:08x} cannot be emulated here"),
            Self::ProgramCounter(pc) => write!(f, "the program counter {pc:08x} is misaligned"),
        }
    }
}

impl core::error::Error for Refusal {}

/// What the emulation must know about the CPU and about the handler that it runs in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Surroundings {
    /// MSR of the handler.
    pub msr: u32,
    /// Cache line in bytes.
    pub cache_line: u32,
    /// Addresses that hold the exception's frame and the handler's stack.
    pub own_stack: Range<u32>,
}

/// Little-endian mode (classic cores; always 0 elsewhere). Manual: bit 31.
const MSR_LE: u32 = 0x0000_0001;
/// User state. Manual: bit 17.
const MSR_PR: u32 = 0x0000_4000;
/// Data translation on (classic, 405) or data address space (Book E), the instruction side besides. Manual: bits 26, 27.
const MSR_TRANSLATION: u32 = 0x0000_0030;

/// Emulates the instruction at the frame's PC and moves the PC behind it.
///
/// `fp` holds the FP registers of the interrupted program, where they are at hand.
///
/// # Errors
/// A [`Refusal`]; then the frame, the FP registers and the memory are unchanged.
pub fn emulate(
    frame: &mut Frame,
    fp: Option<&mut dyn FpRegisters>,
    memory: &mut dyn Memory,
    surroundings: &Surroundings,
) -> Result<(), Refusal> {
    let msr = frame.msr;
    if msr & (MSR_LE | MSR_PR) != 0 || (msr ^ surroundings.msr) & MSR_TRANSLATION != 0 {
        return Err(Refusal::Mode(msr));
    }
    if !frame.pc.is_multiple_of(4) {
        return Err(Refusal::ProgramCounter(frame.pc));
    }
    let word = memory.read_u32(frame.pc).ok_or(Refusal::Unreadable(frame.pc))?;
    let access = decode(word)?;
    let reported = frame.fault_address;
    let mut registers = FrameRegisters { frame, fp };
    let (start, len) = access.extent(&registers, surroundings.cache_line)?;
    if reported.wrapping_sub(start) >= len {
        return Err(Refusal::OtherAddress { computed: start, reported });
    }
    if access.is_store() && overlaps(start, len, &surroundings.own_stack) {
        return Err(Refusal::Unwritable(start));
    }
    access.execute(&mut registers, memory, surroundings.cache_line)?;
    registers.frame.skip_instruction();
    Ok(())
}

/// Whether `len` bytes from `start` (wrapping) touch `range`.
const fn overlaps(start: u32, len: u32, range: &Range<u32>) -> bool {
    let size = range.end.wrapping_sub(range.start);
    range.start.wrapping_sub(start) < len || start.wrapping_sub(range.start) < size
}

/// The registers in an exception frame.
struct FrameRegisters<'f, 'p> {
    frame: &'f mut Frame,
    fp: Option<&'p mut dyn FpRegisters>,
}

impl Registers for FrameRegisters<'_, '_> {
    fn gpr(&self, n: u8) -> u32 {
        self.frame.gpr[usize::from(n & 31)]
    }

    fn set_gpr(&mut self, n: u8, value: u32) {
        self.frame.gpr[usize::from(n & 31)] = value;
    }

    fn gpr_is_writable(&self, n: u8) -> bool {
        // The per-CPU block: saved for reports, never restored.
        n != 13
    }

    fn xer(&self) -> u32 {
        self.frame.xer
    }

    fn fpr(&self, n: u8) -> Option<u64> {
        self.fp.as_ref().map(|fp| fp.get(n))
    }

    fn set_fpr(&mut self, n: u8, bits: u64) {
        if let Some(fp) = &mut self.fp {
            fp.set(n, bits);
        }
    }
}
