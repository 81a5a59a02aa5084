// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the syndrome of an exception says, bit by bit.
//!
//! A syndrome register means something only for the exceptions that set it; after any other it still holds
//! what an earlier one left. So a register is chosen by core *and* exception, and an exception that
//! defines none gets none.

use core::fmt;

use crate::cpu::{FaultRegisters, Group, Model};
use crate::exception::Exception;
use crate::flavor::Flavor;

/// A named bit of a syndrome register.
pub(super) type Bit = (u32, &'static str);

/// Where an exception reports its reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Syndrome {
    /// Name of the register in the frame's syndrome word, if this exception sets it.
    pub(super) register: Option<&'static str>,
    /// Its bits.
    pub(super) bits: &'static [Bit],
    /// Name of the register in the frame's fault-address word, if this exception sets it.
    pub(super) address: Option<&'static str>,
    /// Bits of the saved MSR word that hold a reason (classic cores) instead of MSR bits.
    pub(super) srr1_mask: u32,
    /// Their names.
    pub(super) srr1_bits: &'static [Bit],
}

const NOTHING: Syndrome = Syndrome { register: None, bits: &[], address: None, srr1_mask: 0, srr1_bits: &[] };

/// Whether the core is of the classic line, with DAR, DSISR, and reasons in SRR1.
pub(super) fn is_classic(model: &Model) -> bool {
    model.core.fault == FaultRegisters::DarDsisr
}

/// The syndrome of `exception` on `model`; nothing for a damaged frame or an unknown CPU.
pub(super) fn of(model: Option<&Model>, exception: Option<Exception>) -> Syndrome {
    let (Some(model), Some(exception)) = (model, exception) else { return NOTHING };
    let classic = is_classic(model);
    // Bits 1 to 4 and 10 to 15 of SRR1 never come from the MSR (Programming Environments Manual, 6.2.1).
    let base = Syndrome { srr1_mask: if classic { 0x783F_0000 } else { 0 }, ..NOTHING };
    if classic { classic_syndrome(base, model, exception) } else { embedded_syndrome(base, model, exception) }
}

fn classic_syndrome(base: Syndrome, model: &Model, exception: Exception) -> Syndrome {
    match exception {
        Exception::DataStorage | Exception::DataProtection | Exception::DataTlbError => {
            Syndrome { register: Some("DSISR"), bits: DSISR, address: Some("DAR"), ..base }
        }
        Exception::Alignment => Syndrome { register: Some("DSISR"), bits: &[], address: Some("DAR"), ..base },
        Exception::InstructionStorage | Exception::InstructionProtection | Exception::InstructionTlbError => {
            Syndrome { srr1_bits: SRR1_ISI, ..base }
        }
        Exception::Program => Syndrome { srr1_bits: SRR1_PROGRAM, ..base },
        // 8xx: SRR0 is the address, SRR1 gives no reason.
        Exception::InstructionTlbMiss if model.group == Group::Mpc8xx => base,
        Exception::InstructionTlbMiss | Exception::DataLoadTlbMiss | Exception::DataStoreTlbMiss => {
            let address = match model.group {
                Group::Ppc7450 => Some("TLBMISS"),
                Group::Psim => None,
                _ if exception == Exception::InstructionTlbMiss => Some("IMISS"),
                _ => Some("DMISS"),
            };
            // 603 type: CR0 in bits 0 to 3 besides (603e User's Manual, 5.5.2).
            Syndrome { address, srr1_mask: 0xF83F_0000, srr1_bits: SRR1_TLB, ..base }
        }
        _ => base,
    }
}

fn embedded_syndrome(base: Syndrome, model: &Model, exception: Exception) -> Syndrome {
    let is_405 = model.core.fault == FaultRegisters::Dear405;
    let esr = if is_405 { ESR_405 } else { ESR_BOOKE };
    match exception {
        Exception::DataStorage | Exception::Alignment | Exception::DataTlbMiss => {
            Syndrome { register: Some("ESR"), bits: esr, address: Some("DEAR"), ..base }
        }
        Exception::InstructionStorage
        | Exception::Program
        | Exception::SpeUnavailable
        | Exception::EmbeddedFpData
        | Exception::EmbeddedFpRound => Syndrome { register: Some("ESR"), bits: esr, ..base },
        Exception::MachineCheck if is_405 => Syndrome { register: Some("ESR"), bits: ESR_405, ..base },
        // The first 440 cores tell about machine checks as the 405 does.
        Exception::MachineCheck if model.group == Group::Ppc440 && model.core.machine_check == Flavor::Critical => {
            Syndrome { register: Some("ESR"), bits: ESR_405, ..base }
        }
        Exception::MachineCheck => {
            let (bits, address) = match model.group {
                Group::E500 => (MCSR_E500, Some("MCAR")),
                Group::E500mc | Group::E6500 => (MCSR_E500MC, Some("MCAR")),
                Group::Ppc440 => (MCSR_440, None),
                // An e200 that takes machine checks through CSRR0/1: the wrapper finds DEAR, which they do not set.
                _ if model.core.machine_check == Flavor::Critical => (MCSR_E200, None),
                _ => (MCSR_E200, Some("MCAR")),
            };
            Syndrome { register: Some("MCSR"), bits, address, ..base }
        }
        Exception::Debug => {
            Syndrome { register: Some("DBSR"), bits: if is_405 { DBSR_405 } else { DBSR_BOOKE }, ..base }
        }
        _ => base,
    }
}

/// Prints the names of the bits of `value`, and what is left without a name.
pub(super) struct Names(pub(super) &'static [Bit], pub(super) u32);

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.1;
        let mut gap = "";
        for (mask, name) in self.0 {
            if self.1 & mask != 0 {
                write!(f, "{gap}{name}")?;
                gap = ", ";
                rest &= !mask;
            }
        }
        match rest {
            0 if gap.is_empty() => f.write_str("no reason given"),
            0 => Ok(()),
            _ => write!(f, "{gap}unnamed {rest:08x}"),
        }
    }
}

/// DSISR of data storage and of the 8xx and 5xx exceptions that use it (Programming Environments Manual, 6.4.3).
const DSISR: &[Bit] = &[
    (0x8000_0000, "direct store"),
    (0x4000_0000, "no translation"),
    (0x0800_0000, "protection"),
    (0x0400_0000, "reservation or direct store not allowed here"),
    (0x0200_0000, "store"),
    (0x0040_0000, "data breakpoint"),
    (0x0010_0000, "external control access disabled"),
];

/// SRR1 of instruction storage (Programming Environments Manual, 6.4.4).
const SRR1_ISI: &[Bit] =
    &[(0x4000_0000, "no translation"), (0x1000_0000, "no-execute or guarded"), (0x0800_0000, "protection")];

/// SRR1 of program (Programming Environments Manual, 6.4.7).
const SRR1_PROGRAM: &[Bit] = &[
    (0x0010_0000, "floating-point exception"),
    (0x0008_0000, "illegal instruction"),
    (0x0004_0000, "privileged instruction"),
    (0x0002_0000, "trap"),
    (0x0001_0000, "PC is behind the instruction"),
];

/// SRR1 of the TLB misses of the 603 type (603e User's Manual, 5.5.2).
const SRR1_TLB: &[Bit] = &[
    (0xF000_0000, "CR0 saved"),
    (0x0008_0000, "key"),
    (0x0004_0000, "instruction side"),
    (0x0002_0000, "way 1"),
    (0x0001_0000, "store"),
];

/// ESR of Book E and Power ISA embedded cores.
const ESR_BOOKE: &[Bit] = &[
    (0x0800_0000, "illegal instruction"),
    (0x0400_0000, "privileged instruction"),
    (0x0200_0000, "trap"),
    (0x0100_0000, "floating point"),
    (0x0080_0000, "store"),
    (0x0020_0000, "data cache locking"),
    (0x0010_0000, "instruction cache locking"),
    (0x0008_0000, "auxiliary processor"),
    (0x0004_0000, "unimplemented operation"),
    (0x0002_0000, "byte ordering"),
    (0x0001_0000, "imprecise"),
    (0x0000_0080, "SPE or vector"),
    (0x0000_0040, "external process id"),
    (0x0000_0020, "VLE"),
    (0x0000_0002, "misaligned fetch"),
];

/// ESR of the 403 and 405.
const ESR_405: &[Bit] = &[
    (0x8000_0000, "instruction machine check"),
    (0x0800_0000, "illegal instruction"),
    (0x0400_0000, "privileged instruction"),
    (0x0200_0000, "trap"),
    (0x0100_0000, "unimplemented operation"),
    (0x0080_0000, "store"),
    (0x0040_0000, "zone protection"),
    (0x0008_0000, "floating point"),
    (0x0004_0000, "auxiliary processor"),
    (0x0000_8000, "U0 fault"),
];

/// MCSR of e500v1 and e500v2 (e500 Core Family Reference Manual, 2.7.2.4).
const MCSR_E500: &[Bit] = &[
    (0x8000_0000, "machine-check pin"),
    (0x4000_0000, "instruction cache parity"),
    (0x2000_0000, "data cache push parity"),
    (0x1000_0000, "data cache parity"),
    (0x0000_0080, "bus instruction address"),
    (0x0000_0040, "bus read address"),
    (0x0000_0020, "bus write address"),
    (0x0000_0010, "bus instruction data"),
    (0x0000_0008, "bus read data"),
    (0x0000_0004, "bus write data"),
    (0x0000_0002, "bus instruction parity"),
    (0x0000_0001, "bus read parity"),
];

/// MCSR of e500mc and later (e500mc Core Reference Manual, 2.9.3).
const MCSR_E500MC: &[Bit] = &[
    (0x8000_0000, "machine-check pin"),
    (0x4000_0000, "instruction cache parity"),
    (0x2000_0000, "data cache parity"),
    (0x0800_0000, "L2 MMU multiple hit"),
    (0x0010_0000, "non-maskable interrupt"),
    (0x0008_0000, "MCAR valid"),
    (0x0004_0000, "MCAR is an effective address"),
    (0x0001_0000, "instruction fetch"),
    (0x0000_8000, "load"),
    (0x0000_4000, "store"),
    (0x0000_2000, "guarded load"),
    (0x0000_0002, "TLB synchronisation"),
    (0x0000_0001, "L2 cache"),
];

/// MCSR of the 440A cores.
const MCSR_440: &[Bit] = &[
    (0x8000_0000, "summary"),
    (0x4000_0000, "instruction bus"),
    (0x2000_0000, "data read bus"),
    (0x1000_0000, "data write bus"),
    (0x0800_0000, "TLB parity"),
    (0x0400_0000, "instruction cache parity"),
    (0x0200_0000, "data cache search parity"),
    (0x0100_0000, "data cache flush parity"),
    (0x0080_0000, "imprecise"),
];

/// MCSR of the e200: only what all its versions share.
const MCSR_E200: &[Bit] = &[(0x8000_0000, "machine-check pin")];

/// DBSR of Book E.
const DBSR_BOOKE: &[Bit] = &[
    (0x8000_0000, "imprecise"),
    (0x4000_0000, "unconditional"),
    (0x3000_0000, "reset since last read"),
    (0x0800_0000, "instruction complete"),
    (0x0400_0000, "branch taken"),
    (0x0200_0000, "interrupt taken"),
    (0x0100_0000, "trap"),
    (0x0080_0000, "IAC1"),
    (0x0040_0000, "IAC2"),
    (0x0020_0000, "IAC3"),
    (0x0010_0000, "IAC4"),
    (0x0008_0000, "DAC1 read"),
    (0x0004_0000, "DAC1 write"),
    (0x0002_0000, "DAC2 read"),
    (0x0001_0000, "DAC2 write"),
    (0x0000_8000, "return"),
    (0x0000_0040, "critical interrupt taken"),
    (0x0000_0020, "critical return"),
];

/// DBSR of the 405.
const DBSR_405: &[Bit] = &[
    (0x8000_0000, "instruction complete"),
    (0x4000_0000, "branch taken"),
    (0x2000_0000, "exception"),
    (0x1000_0000, "trap"),
    (0x0800_0000, "unconditional"),
    (0x0400_0000, "IAC1"),
    (0x0200_0000, "IAC2"),
    (0x0100_0000, "DAC1 read"),
    (0x0080_0000, "DAC1 write"),
    (0x0040_0000, "DAC2 read"),
    (0x0020_0000, "DAC2 write"),
    (0x0010_0000, "imprecise"),
    (0x0008_0000, "IAC3"),
    (0x0004_0000, "IAC4"),
    (0x0000_0300, "reset since last read"),
];
