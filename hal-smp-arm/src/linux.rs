// SPDX-License-Identifier: MIT OR Apache-2.0
//! Linux as the next image: what its kernel files say about themselves, where they may lie, and what it finds in the
//! registers at its entry (Linux, `Documentation/arm/booting.rst` and `Documentation/arm64/booting.rst`).

use core::fmt;

use hal_smp_api::image::Region;

/// Bytes of a kernel that [`Kernel::parse`] looks at.
pub const HEADER: usize = 64;

/// `zImage`: a word at offset 0x24.
const MAGIC_A32: u32 = 0x016f_2818;
/// `Image`: "ARM\x64" at offset 0x38.
const MAGIC_A64: u32 = 0x644d_5241;
/// `Image`: the base is a multiple of this.
const ALIGN_A64: u64 = 2 << 20;

/// Instruction set of a kernel, which must be that of the core that enters it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// `zImage`, AArch32. It unpacks itself and may lie anywhere in the first 128 MiB of memory.
    A32,
    /// `Image`, AArch64.
    A64,
}

/// What a kernel's header says.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Kernel {
    /// Its instruction set.
    pub kind: Kind,
    /// Bytes to copy: the file for A32, the memory that the kernel occupies for A64.
    pub len: u64,
    /// Distance of the first byte from a 2 MiB boundary; 0 for A32.
    pub text_offset: u64,
}

/// Why there is no kernel, or not there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum KernelError {
    /// Neither magic number; carries the words at 0x24 and 0x38.
    NoKernel(u32, u32),
    /// The header's length makes no sense; carries it.
    Length(u64),
    /// The kernel is big-endian; carries the word that says so.
    BigEndian(u32),
    /// Made before the header carried a length (Linux 3.17).
    NoLength,
    /// Not at its distance from a 2 MiB boundary; carries the address.
    Misplaced(u64),
    /// The device tree does not lie on an 8-byte boundary; carries the address.
    TreeMisaligned(u64),
    /// The device tree reserves no region that covers the pens; carries their first address.
    PensNotReserved(u64),
}

impl fmt::Display for KernelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKernel(a32, a64) => write!(f, "no kernel: {a32:#010x} at 0x24 and {a64:#010x} at 0x38"),
            Self::Length(len) => write!(f, "the kernel's header says a length of {len:#x}"),
            Self::BigEndian(word) => write!(f, "the kernel is big-endian: {word:#x}"),
            Self::NoLength => f.write_str("the kernel's header carries no length"),
            Self::Misplaced(address) => write!(f, "the kernel may not lie at {address:#x}"),
            Self::TreeMisaligned(address) => write!(f, "the device tree may not lie at {address:#x}"),
            Self::PensNotReserved(address) => write!(f, "the device tree does not reserve the pens at {address:#x}"),
        }
    }
}

impl core::error::Error for KernelError {}

impl Kernel {
    /// Reads a kernel's header.
    ///
    /// # Errors
    /// [`KernelError::NoKernel`], [`KernelError::BigEndian`], [`KernelError::Length`] or [`KernelError::NoLength`].
    pub const fn parse(header: &[u8; HEADER]) -> Result<Self, KernelError> {
        let (a32, a64) = (word(header, 0x24), word(header, 0x38));
        if a32 == MAGIC_A32 {
            // Start and end as linked; written in the kernel's own byte order, 0x30 tells which.
            let order = word(header, 0x30);
            if order != 0x0403_0201 {
                return Err(KernelError::BigEndian(order));
            }
            let (start, end) = (word(header, 0x28), word(header, 0x2c));
            if end <= start {
                return Err(KernelError::Length(end as u64));
            }
            return Ok(Self { kind: Kind::A32, len: (end - start) as u64, text_offset: 0 });
        }
        if a64 == MAGIC_A64 {
            let flags = word(header, 0x18);
            if flags & 1 != 0 {
                return Err(KernelError::BigEndian(flags));
            }
            let (text_offset, len) = (wide(header, 0x08), wide(header, 0x10));
            if len == 0 {
                return Err(KernelError::NoLength);
            }
            if len >> 32 != 0 || text_offset >= ALIGN_A64 {
                return Err(KernelError::Length(len));
            }
            return Ok(Self { kind: Kind::A64, len, text_offset });
        }
        Err(KernelError::NoKernel(a32, a64))
    }

    /// Checks the address to which the kernel is to be copied, which is its entry too.
    ///
    /// # Errors
    /// [`KernelError::Misplaced`].
    pub const fn check_place(&self, address: u64) -> Result<(), KernelError> {
        let good = match self.kind {
            Kind::A32 => address.is_multiple_of(4),
            Kind::A64 => address % ALIGN_A64 == self.text_offset,
        };
        if good { Ok(()) } else { Err(KernelError::Misplaced(address)) }
    }

    /// The first four registers at the entry. A32: 0, all ones (no machine number), device tree. A64: device tree, zeros.
    ///
    /// # Errors
    /// [`KernelError::TreeMisaligned`].
    pub const fn registers(&self, tree: u64) -> Result<[u64; 4], KernelError> {
        if !tree.is_multiple_of(8) {
            return Err(KernelError::TreeMisaligned(tree));
        }
        Ok(match self.kind {
            Kind::A32 => [0, 0xffff_ffff, tree, 0],
            Kind::A64 => [tree, 0, 0, 0],
        })
    }
}

/// Checks that the kernel will leave the pens alone: one reservation of its device tree covers them whole.
///
/// # Errors
/// [`KernelError::PensNotReserved`].
pub fn check_reserved(pens: Region, reservations: impl IntoIterator<Item = Region>) -> Result<(), KernelError> {
    let covers = |one: Region| {
        one.contains(pens.base)
            && pens.len != 0
            && pens.base.checked_add(pens.len - 1).is_some_and(|last| one.contains(last))
    };
    if reservations.into_iter().any(covers) { Ok(()) } else { Err(KernelError::PensNotReserved(pens.base)) }
}

const fn word(header: &[u8; HEADER], at: usize) -> u32 {
    u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
}

const fn wide(header: &[u8; HEADER], at: usize) -> u64 {
    word(header, at) as u64 | (word(header, at + 4) as u64) << 32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(words: &[(usize, u32)]) -> [u8; HEADER] {
        let mut header = [0; HEADER];
        for (at, word) in words {
            header[*at..at + 4].copy_from_slice(&word.to_le_bytes());
        }
        header
    }

    fn zimage(order: u32, end: u32) -> Result<Kernel, KernelError> {
        Kernel::parse(&header(&[(0x24, MAGIC_A32), (0x28, 0), (0x2c, end), (0x30, order)]))
    }

    #[test]
    fn a_zimage_tells_its_length() {
        let kernel = zimage(0x0403_0201, 5_448_192).unwrap();
        assert_eq!((kernel.kind, kernel.len, kernel.text_offset), (Kind::A32, 5_448_192, 0));
        assert_eq!(kernel.registers(0x6800_0000), Ok([0, 0xffff_ffff, 0x6800_0000, 0]));
        assert_eq!(kernel.check_place(0x6001_0000), Ok(()));
        assert_eq!(kernel.check_place(0x6001_0002), Err(KernelError::Misplaced(0x6001_0002)));
        assert_eq!(zimage(0x0102_0304, 4), Err(KernelError::BigEndian(0x0102_0304)));
        assert_eq!(zimage(0x0403_0201, 0), Err(KernelError::Length(0)));
    }

    fn image(text_offset: u32, len: [u32; 2], flags: u32) -> Result<Kernel, KernelError> {
        Kernel::parse(&header(&[(0x08, text_offset), (0x10, len[0]), (0x14, len[1]), (0x18, flags), (0x38, MAGIC_A64)]))
    }

    #[test]
    fn an_image_tells_its_place_and_size() {
        let kernel = image(0x8_0000, [0x200_0000, 0], 0xa).unwrap();
        assert_eq!((kernel.kind, kernel.len), (Kind::A64, 0x200_0000));
        assert_eq!(kernel.check_place(0x4008_0000), Ok(()));
        assert_eq!(kernel.check_place(0x4000_0000), Err(KernelError::Misplaced(0x4000_0000)));
        assert_eq!(kernel.registers(0x4800_0000), Ok([0x4800_0000, 0, 0, 0]));
        assert_eq!(kernel.registers(0x4800_0004), Err(KernelError::TreeMisaligned(0x4800_0004)));
        assert_eq!(image(0, [1, 0], 1), Err(KernelError::BigEndian(1)));
        assert_eq!(image(0, [0, 0], 0), Err(KernelError::NoLength));
        assert_eq!(image(0, [0, 1], 0), Err(KernelError::Length(1 << 32)));
    }

    #[test]
    fn anything_else_is_no_kernel() {
        assert_eq!(Kernel::parse(&header(&[(0x24, 7), (0x38, 9)])), Err(KernelError::NoKernel(7, 9)));
    }

    #[test]
    fn one_reservation_must_cover_the_pens_whole() {
        let region = |base, len| Region { base, len };
        let pens = region(0x1000, 0x1000);
        let check = |list: &[Region]| check_reserved(pens, list.iter().copied());
        assert_eq!(check(&[region(0, 1), region(0x1000, 0x1000)]), Ok(()));
        assert_eq!(check(&[region(0, 0x10000)]), Ok(()));
        for bad in [&[][..], &[region(0x1000, 0xfff)], &[region(0x1001, 0x1000)]] {
            assert_eq!(check(bad), Err(KernelError::PensNotReserved(0x1000)));
        }
    }
}
