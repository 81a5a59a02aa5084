// SPDX-License-Identifier: MIT OR Apache-2.0
//! From an instruction word to an access.
//!
//! Encodings: PowerPC User Instruction Set Architecture (Book I), chapters 3 and 4. The indexed form of the
//! load or store with opcode 32 + *k* has the extended opcode 23 + 32 *k*, so one table serves both.

use super::Refusal;

/// What an access does with its data.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Operation {
    /// Integer load of 1, 2 or 4 bytes.
    Load {
        /// Bytes.
        width: u8,
        /// Whether the sign is extended (`lha`).
        algebraic: bool,
        /// Whether the bytes are reversed.
        reversed: bool,
    },
    /// Integer store of 1, 2 or 4 bytes.
    Store {
        /// Bytes.
        width: u8,
        /// Whether the bytes are reversed.
        reversed: bool,
    },
    /// `lmw`.
    LoadMultiple,
    /// `stmw`.
    StoreMultiple,
    /// `lswi`, `lswx`.
    LoadString(Count),
    /// `stswi`, `stswx`.
    StoreString(Count),
    /// `lfs` (4 bytes), `lfd` (8 bytes).
    LoadFloat {
        /// Bytes.
        width: u8,
    },
    /// `stfs` (4 bytes), `stfd` (8 bytes).
    StoreFloat {
        /// Bytes.
        width: u8,
    },
    /// `stfiwx`: the lower word as it is.
    StoreFloatWord,
    /// `dcbz`: a cache line of zeros.
    ZeroLine,
}

/// How many bytes a string instruction moves.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Count {
    /// So many, 1 to 32.
    Immediate(u8),
    /// What XER says, 0 to 127.
    Xer,
}

/// What is added to the base register.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Offset {
    /// Nothing.
    None,
    /// A displacement.
    Displacement(i16),
    /// This register.
    Index(u8),
}

/// A decoded load, store or `dcbz`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Access {
    /// The instruction word.
    pub word: u32,
    /// What is done with the data.
    pub operation: Operation,
    /// The first data register; 0 for `dcbz`.
    pub data: u8,
    /// The base register; 0 means no base.
    pub base: u8,
    /// What is added to it.
    pub offset: Offset,
    /// Whether the base register receives the address.
    pub update: bool,
}

impl Access {
    /// Whether it writes memory.
    #[must_use]
    pub const fn is_store(&self) -> bool {
        matches!(
            self.operation,
            Operation::Store { .. }
                | Operation::StoreMultiple
                | Operation::StoreString(_)
                | Operation::StoreFloat { .. }
                | Operation::StoreFloatWord
                | Operation::ZeroLine
        )
    }
}

const fn load(width: u8) -> Operation {
    Operation::Load { width, algebraic: false, reversed: false }
}

const fn store(width: u8) -> Operation {
    Operation::Store { width, reversed: false }
}

/// The operations with opcode 32 + `k` or extended opcode 23 + 32 `k`; bit 0 of `k` is "with update".
const fn common(k: u32) -> Option<Operation> {
    Some(match k >> 1 {
        0 => load(4),
        1 => load(1),
        2 => store(4),
        3 => store(1),
        4 => load(2),
        5 => Operation::Load { width: 2, algebraic: true, reversed: false },
        6 => store(2),
        8 => Operation::LoadFloat { width: 4 },
        9 => Operation::LoadFloat { width: 8 },
        10 => Operation::StoreFloat { width: 4 },
        11 => Operation::StoreFloat { width: 8 },
        _ => return None,
    })
}

/// Decodes `word`.
///
/// # Errors
/// * [`Refusal::Reservation`] for `lwarx` and `stwcx.`.
/// * [`Refusal::InvalidForm`] when the word has reserved bits set, or the architecture calls the form invalid.
/// * [`Refusal::Instruction`] for everything else that is not emulated.
pub const fn decode(word: u32) -> Result<Access, Refusal> {
    let opcode = word >> 26;
    let access = Access {
        word,
        operation: Operation::ZeroLine,
        data: (word >> 21 & 31) as u8,
        base: (word >> 16 & 31) as u8,
        offset: Offset::Displacement(word as i16),
        update: false,
    };
    match opcode {
        46 => check(Access { operation: Operation::LoadMultiple, ..access }),
        47 => check(Access { operation: Operation::StoreMultiple, ..access }),
        32..=55 => match common(opcode - 32) {
            Some(operation) => check(Access { operation, update: opcode & 1 != 0, ..access }),
            None => Err(Refusal::Instruction(word)),
        },
        31 => decode_indexed(word, access),
        _ => Err(Refusal::Instruction(word)),
    }
}

const fn decode_indexed(word: u32, access: Access) -> Result<Access, Refusal> {
    let field_b = (word >> 11 & 31) as u8;
    let access = Access { offset: Offset::Index(field_b), ..access };
    let count = Count::Immediate(if field_b == 0 { 32 } else { field_b });
    let extended = word >> 1 & 0x3FF;
    let decoded = match extended {
        20 | 150 => return Err(Refusal::Reservation(word)),
        533 => Access { operation: Operation::LoadString(Count::Xer), ..access },
        597 => Access { operation: Operation::LoadString(count), offset: Offset::None, ..access },
        661 => Access { operation: Operation::StoreString(Count::Xer), ..access },
        725 => Access { operation: Operation::StoreString(count), offset: Offset::None, ..access },
        534 => Access { operation: Operation::Load { width: 4, algebraic: false, reversed: true }, ..access },
        790 => Access { operation: Operation::Load { width: 2, algebraic: false, reversed: true }, ..access },
        662 => Access { operation: Operation::Store { width: 4, reversed: true }, ..access },
        918 => Access { operation: Operation::Store { width: 2, reversed: true }, ..access },
        983 => Access { operation: Operation::StoreFloatWord, ..access },
        1014 => Access { operation: Operation::ZeroLine, ..access },
        _ if extended % 32 == 23 => match common(extended / 32) {
            Some(operation) => Access { operation, update: extended & 32 != 0, ..access },
            None => return Err(Refusal::Instruction(word)),
        },
        _ => return Err(Refusal::Instruction(word)),
    };
    // Bit 31 is reserved in all of these; some of the words with it set are other instructions.
    if word & 1 != 0 { Err(Refusal::InvalidForm(word)) } else { check(decoded) }
}

/// Refuses what Book I calls invalid.
const fn check(access: Access) -> Result<Access, Refusal> {
    let Access { word, operation, data, base, offset, update } = access;
    let invalid = match operation {
        // The address must survive in a register other than the loaded one.
        Operation::Load { .. } => update && (base == 0 || base == data),
        Operation::Store { .. } | Operation::LoadFloat { .. } | Operation::StoreFloat { .. } => update && base == 0,
        // The base is in the range to be loaded, r0 included.
        Operation::LoadMultiple => base >= data,
        Operation::LoadString(Count::Immediate(count)) => in_string(data, count, base),
        Operation::LoadString(Count::Xer) => match offset {
            Offset::Index(index) => data == base || data == index,
            Offset::None | Offset::Displacement(_) => true,
        },
        Operation::ZeroLine => data != 0,
        Operation::StoreMultiple | Operation::StoreString(_) | Operation::StoreFloatWord => false,
    };
    if invalid { Err(Refusal::InvalidForm(word)) } else { Ok(access) }
}

/// Whether a string load of `count` bytes into `data` and the registers after it, r0 following r31, reaches `register`.
pub(super) const fn in_string(data: u8, count: u8, register: u8) -> bool {
    register.wrapping_sub(data) & 31 < count.div_ceil(4)
}
