// SPDX-License-Identifier: MIT OR Apache-2.0
//! Images as the tools need them: where a symbol is, what is in memory there, and the flat bytes of the whole.

use std::path::Path;

use anyhow::{Context, Result, bail};
use object::{Object, ObjectSegment, ObjectSymbol};

/// A symbol of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Symbol {
    /// Its name as linked, mangled if Rust mangled it.
    pub(crate) name: String,
    /// Its address.
    pub(crate) address: u64,
    /// Its size in bytes; 0 if the assembler was not told.
    pub(crate) size: u64,
}

/// What one load segment puts into memory.
#[derive(Clone, Debug)]
struct Segment {
    address: u64,
    bytes: Vec<u8>,
    /// Size in memory; what is beyond the bytes is zero.
    size: u64,
}

/// An image.
#[derive(Clone, Debug)]
pub(crate) struct Elf {
    entry: u64,
    symbols: Vec<Symbol>,
    segments: Vec<Segment>,
}

impl Elf {
    /// Reads an image.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let data = std::fs::read(path).with_context(|| path.display().to_string())?;
        Self::parse(&data).with_context(|| path.display().to_string())
    }

    fn parse(data: &[u8]) -> Result<Self> {
        let file = object::File::parse(data)?;
        let symbols = file
            .symbols()
            .filter(|symbol| symbol.is_definition() || symbol.kind() == object::SymbolKind::Label)
            .filter_map(|symbol| {
                let name = symbol.name().ok().filter(|name| !name.is_empty())?;
                Some(Symbol { name: name.to_owned(), address: symbol.address(), size: symbol.size() })
            })
            .collect();
        let segments = file
            .segments()
            .map(|segment| {
                Ok(Segment { address: segment.address(), bytes: segment.data()?.to_vec(), size: segment.size() })
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Self { entry: file.entry(), symbols, segments })
    }

    /// Address of the first instruction.
    pub(crate) fn entry(&self) -> u64 {
        self.entry
    }

    /// All symbols.
    pub(crate) fn symbols(&self) -> &[Symbol] {
        &self.symbols
    }

    /// The symbol of exactly this name.
    pub(crate) fn symbol(&self, name: &str) -> Result<&Symbol> {
        self.symbols
            .iter()
            .find(|symbol| symbol.name == name)
            .with_context(|| format!("the image has no symbol {name}"))
    }

    /// The symbol that holds an address: the nearest one at or below it whose size, if known, reaches it.
    pub(crate) fn symbol_at(&self, address: u64) -> Option<&Symbol> {
        let below = self.symbols.iter().filter(|symbol| symbol.address <= address);
        below
            .filter(|symbol| symbol.size == 0 || address < symbol.address + symbol.size)
            .max_by_key(|symbol| (symbol.address, symbol.size))
    }

    /// The bytes that the image puts at an address.
    pub(crate) fn bytes(&self, address: u64, length: usize) -> Result<Vec<u8>> {
        let segment = self
            .segments
            .iter()
            .find(|segment| segment.address <= address && address + length as u64 <= segment.address + segment.size);
        let segment = segment.with_context(|| format!("the image has no {length} bytes at {address:#x}"))?;
        let start = usize::try_from(address - segment.address)?;
        let mut bytes: Vec<u8> = segment.bytes.iter().skip(start).take(length).copied().collect();
        bytes.resize(length, 0);
        Ok(bytes)
    }

    /// Lowest address and everything from there up to the last byte, zeroed memory included.
    pub(crate) fn flat(&self) -> Result<(u64, Vec<u8>)> {
        let loaded = || self.segments.iter().filter(|segment| segment.size > 0);
        let Some(low) = loaded().map(|segment| segment.address).min() else { bail!("nothing to load") };
        let high = loaded().map(|segment| segment.address + segment.size).max().unwrap_or(low);
        if high - low > 64 << 20 {
            bail!("the image spans {:#x} bytes", high - low);
        }
        let mut bytes = vec![0; usize::try_from(high - low)?];
        for segment in loaded() {
            let start = usize::try_from(segment.address - low)?;
            bytes[start..start + segment.bytes.len()].copy_from_slice(&segment.bytes);
        }
        Ok((low, bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Elf {
        let symbol = |name: &str, address, size| Symbol { name: name.into(), address, size };
        Elf {
            entry: 0x100,
            symbols: vec![symbol("_start", 0x100, 8), symbol("label", 0x104, 0), symbol("main", 0x108, 8)],
            segments: vec![
                Segment { address: 0x100, bytes: vec![1, 2, 3, 4], size: 4 },
                Segment { address: 0x108, bytes: vec![5], size: 8 },
            ],
        }
    }

    #[test]
    fn symbols_are_found_by_name_and_address() {
        let elf = example();
        assert_eq!(elf.symbol("main").unwrap().address, 0x108);
        assert!(elf.symbol("none").unwrap_err().to_string().contains("none"));
        assert_eq!(elf.symbol_at(0x10c).map(|symbol| symbol.name.as_str()), Some("main"));
        assert_eq!(elf.symbol_at(0x105).map(|symbol| symbol.name.as_str()), Some("label"));
        assert_eq!(elf.symbol_at(0x10), None);
    }

    #[test]
    fn memory_beyond_the_bytes_is_zero() {
        let elf = example();
        assert_eq!(elf.bytes(0x108, 4).unwrap(), [5, 0, 0, 0]);
        assert!(elf.bytes(0x10e, 4).is_err());
        assert_eq!(elf.flat().unwrap(), (0x100, vec![1, 2, 3, 4, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0]));
    }

    #[test]
    fn this_very_program_is_an_image() {
        let elf = Elf::read(&std::env::current_exe().unwrap()).unwrap();
        assert_ne!(elf.entry(), 0);
        assert!(!elf.symbols.is_empty());
    }
}
