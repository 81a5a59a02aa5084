// SPDX-License-Identifier: MIT OR Apache-2.0
//! Does what a decoded access says.

use super::decode::in_string;
use super::{Access, Count, Memory, Offset, Operation, Refusal, Registers, double_to_single, single_to_double};

/// The most that one access moves: 32 words, or a cache line.
const MOST: usize = 128;

impl Access {
    /// Address and number of bytes of memory that the access touches; 0 bytes for a string of none.
    ///
    /// # Errors
    /// * [`Refusal::CacheLine`] for a `dcbz` when `cache_line` is not a power of two from 4 to 128.
    pub fn extent(&self, registers: &impl Registers, cache_line: u32) -> Result<(u32, u32), Refusal> {
        let address = self.address(registers);
        Ok(match self.operation {
            Operation::ZeroLine => {
                if !cache_line.is_power_of_two() || !(4..=MOST as u32).contains(&cache_line) {
                    return Err(Refusal::CacheLine(cache_line));
                }
                // The line that the address lies in: its lower bits cleared, not kept.
                (address & !(cache_line - 1), cache_line)
            }
            _ => (address, self.len(registers)),
        })
    }

    /// Does it.
    ///
    /// # Errors
    /// A [`Refusal`]; then no register and no memory has been changed.
    pub fn execute<R: Registers>(
        &self,
        registers: &mut R,
        memory: &mut dyn Memory,
        cache_line: u32,
    ) -> Result<(), Refusal> {
        let (address, len) = self.extent(registers, cache_line)?;
        self.check_registers(registers)?;
        let mut buffer = [0; MOST];
        let Some(data) = buffer.get_mut(..len as usize) else { return Err(Refusal::Instruction(self.word)) };
        if self.is_store() {
            self.gather(registers, data)?;
            if !memory.is_writable(address, len) {
                return Err(Refusal::Unwritable(address));
            }
            write_pieces(memory, address, data);
        } else {
            read_pieces(memory, address, data)?;
            self.scatter(registers, data);
        }
        if self.update {
            registers.set_gpr(self.base, address);
        }
        Ok(())
    }

    fn address(&self, registers: &impl Registers) -> u32 {
        let base = if self.base == 0 { 0 } else { registers.gpr(self.base) };
        match self.offset {
            Offset::None => base,
            Offset::Displacement(displacement) => base.wrapping_add(displacement as u32),
            Offset::Index(index) => base.wrapping_add(registers.gpr(index)),
        }
    }

    fn len(&self, registers: &impl Registers) -> u32 {
        match self.operation {
            Operation::Load { width, .. } | Operation::Store { width, .. } => u32::from(width),
            Operation::LoadFloat { width } | Operation::StoreFloat { width } => u32::from(width),
            Operation::LoadMultiple | Operation::StoreMultiple => 4 * (32 - u32::from(self.data)),
            Operation::LoadString(count) | Operation::StoreString(count) => match count {
                Count::Immediate(count) => u32::from(count),
                Count::Xer => registers.xer() & 0x7F,
            },
            Operation::StoreFloatWord => 4,
            Operation::ZeroLine => 0,
        }
    }

    /// How many general-purpose registers are loaded, from `data` on.
    fn loaded(&self, registers: &impl Registers) -> u8 {
        match self.operation {
            Operation::Load { .. } => 1,
            Operation::LoadMultiple | Operation::LoadString(_) => self.len(registers).div_ceil(4) as u8,
            _ => 0,
        }
    }

    /// Refuses what cannot be completed, before anything is touched.
    fn check_registers(&self, registers: &impl Registers) -> Result<(), Refusal> {
        if let (Operation::LoadString(Count::Xer), Offset::Index(index)) = (self.operation, self.offset) {
            let count = (registers.xer() & 0x7F) as u8;
            if in_string(self.data, count, self.base) || in_string(self.data, count, index) {
                return Err(Refusal::InvalidRegisters(self.word));
            }
        }
        let loaded = (0..self.loaded(registers)).map(|i| self.data.wrapping_add(i) & 31);
        let updated = self.update.then_some(self.base);
        if let Some(n) = loaded.chain(updated).find(|n| !registers.gpr_is_writable(*n)) {
            return Err(Refusal::ReservedRegister(n));
        }
        match self.operation {
            Operation::LoadFloat { .. } if registers.fpr(self.data).is_none() => Err(Refusal::NoFpState(self.data)),
            _ => Ok(()),
        }
    }

    /// What a store writes.
    fn gather(&self, registers: &impl Registers, data: &mut [u8]) -> Result<(), Refusal> {
        let fpr = || registers.fpr(self.data).ok_or(Refusal::NoFpState(self.data));
        match self.operation {
            Operation::Store { reversed, .. } => {
                let word = registers.gpr(self.data).to_be_bytes();
                let from = word.len().saturating_sub(data.len());
                data.copy_from_slice(&word[from..]);
                if reversed {
                    data.reverse();
                }
            }
            Operation::StoreMultiple | Operation::StoreString(_) => {
                for (i, piece) in data.chunks_mut(4).enumerate() {
                    let n = self.data.wrapping_add(i as u8) & 31;
                    piece.copy_from_slice(&registers.gpr(n).to_be_bytes()[..piece.len()]);
                }
            }
            Operation::StoreFloat { width: 4 } => data.copy_from_slice(&double_to_single(fpr()?).to_be_bytes()),
            Operation::StoreFloat { .. } => data.copy_from_slice(&fpr()?.to_be_bytes()),
            Operation::StoreFloatWord => data.copy_from_slice(&(fpr()? as u32).to_be_bytes()),
            // A line of zeros, which the buffer holds already; loads gather nothing.
            _ => {}
        }
        Ok(())
    }

    /// What a load does with what it has read.
    fn scatter(&self, registers: &mut impl Registers, data: &mut [u8]) {
        match self.operation {
            Operation::Load { width, algebraic, reversed } => {
                if reversed {
                    data.reverse();
                }
                let value = big_endian(data) as u32;
                let value = if algebraic && width == 2 { value as u16 as i16 as u32 } else { value };
                registers.set_gpr(self.data, value);
            }
            Operation::LoadMultiple | Operation::LoadString(_) => {
                for (i, piece) in data.chunks(4).enumerate() {
                    // A piece shorter than a word fills the register from the left, zeros behind it.
                    let value = (big_endian(piece) as u32) << (8 * (4 - piece.len()));
                    registers.set_gpr(self.data.wrapping_add(i as u8) & 31, value);
                }
            }
            Operation::LoadFloat { width: 4 } => {
                registers.set_fpr(self.data, single_to_double(big_endian(data) as u32));
            }
            Operation::LoadFloat { .. } => registers.set_fpr(self.data, big_endian(data)),
            _ => {}
        }
    }
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

/// The widest naturally aligned piece that starts at `address` and fits in `left` bytes: devices must see
/// as few and as wide accesses as can be.
const fn piece(address: u32, left: usize) -> usize {
    if address.is_multiple_of(4) && left >= 4 {
        4
    } else if address.is_multiple_of(2) && left >= 2 {
        2
    } else {
        1
    }
}

fn read_pieces(memory: &dyn Memory, mut address: u32, mut data: &mut [u8]) -> Result<(), Refusal> {
    while !data.is_empty() {
        let unreadable = Refusal::Unreadable(address);
        let (head, rest) = data.split_at_mut(piece(address, data.len()));
        match head {
            [a, b, c, d] => {
                [*a, *b, *c, *d] = memory.read_u32(address).ok_or(unreadable)?.to_be_bytes();
            }
            [a, b] => [*a, *b] = memory.read_u16(address).ok_or(unreadable)?.to_be_bytes(),
            _ => head.fill(memory.read_u8(address).ok_or(unreadable)?),
        }
        address = address.wrapping_add(head.len() as u32);
        data = rest;
    }
    Ok(())
}

fn write_pieces(memory: &mut dyn Memory, mut address: u32, mut data: &[u8]) {
    while !data.is_empty() {
        let (head, rest) = data.split_at(piece(address, data.len()));
        match *head {
            [a, b, c, d] => memory.write_u32(address, u32::from_be_bytes([a, b, c, d])),
            [a, b] => memory.write_u16(address, u16::from_be_bytes([a, b])),
            [a] => memory.write_u8(address, a),
            _ => {}
        }
        address = address.wrapping_add(head.len() as u32);
        data = rest;
    }
}
