// SPDX-License-Identifier: MIT OR Apache-2.0
//! Encoders of the floating-point, AltiVec and SPE instructions that the routines are made of.
//!
//! Sources: PowerPC Book I (floating point), AltiVec Technology Programming Environments Manual chapter 6, Signal
//! Processing Engine Programming Environments Manual chapter 5.

/// Opcode, two registers, a third field and an extended opcode that starts at bit 0.
const fn form(opcode: u32, d: u8, a: u8, b: u8, extended: u32) -> u32 {
    opcode << 26 | (d as u32 & 31) << 21 | (a as u32 & 31) << 16 | (b as u32 & 31) << 11 | extended
}

const fn displaced(opcode: u32, d: u8, offset: u16, a: u8) -> u32 {
    opcode << 26 | (d as u32 & 31) << 21 | (a as u32 & 31) << 16 | offset as u32
}

/// The two halves of an SPR number change places in the word.
const fn spr(number: u16) -> u32 {
    (number as u32 & 31) << 16 | (number as u32 >> 5 & 31) << 11
}

/// `blr`.
pub(super) const BLR: u32 = 0x4E80_0020;
/// `nop`.
pub(super) const NOP: u32 = 0x6000_0000;

pub(super) const fn lwz(rt: u8, offset: u16, ra: u8) -> u32 {
    displaced(32, rt, offset, ra)
}

pub(super) const fn mfspr(rt: u8, number: u16) -> u32 {
    31 << 26 | (rt as u32 & 31) << 21 | spr(number) | 339 << 1
}

pub(super) const fn mtspr(number: u16, rs: u8) -> u32 {
    31 << 26 | (rs as u32 & 31) << 21 | spr(number) | 467 << 1
}

/// `andis. r0,rs,value`: tests bits of the upper half.
pub(super) const fn test_upper(rs: u8, value: u16) -> u32 {
    29 << 26 | (rs as u32 & 31) << 21 | value as u32
}

/// `andi. r0,rs,value`: tests bits of the lower half.
pub(super) const fn test_lower(rs: u8, value: u16) -> u32 {
    28 << 26 | (rs as u32 & 31) << 21 | value as u32
}

/// `beq` forwards over `words` instructions.
pub(super) const fn skip_if_zero(words: u16) -> u32 {
    0x4182_0000 | ((words as u32 + 1) * 4)
}

pub(super) const fn lfd(frt: u8, offset: u16, ra: u8) -> u32 {
    displaced(50, frt, offset, ra)
}

pub(super) const fn stfd(frs: u8, offset: u16, ra: u8) -> u32 {
    displaced(54, frs, offset, ra)
}

pub(super) const fn mffs(frt: u8) -> u32 {
    form(63, frt, 0, 0, 583 << 1)
}

/// `mtfsf 0xFF,frb`: all fields.
pub(super) const fn mtfsf_all(frb: u8) -> u32 {
    63 << 26 | 0xFF << 17 | (frb as u32 & 31) << 11 | 711 << 1
}

pub(super) const fn lvx(vt: u8, ra: u8, rb: u8) -> u32 {
    form(31, vt, ra, rb, 103 << 1)
}

pub(super) const fn stvx(vs: u8, ra: u8, rb: u8) -> u32 {
    form(31, vs, ra, rb, 231 << 1)
}

pub(super) const fn mfvscr(vt: u8) -> u32 {
    form(4, vt, 0, 0, 1540)
}

pub(super) const fn mtvscr(vb: u8) -> u32 {
    form(4, 0, 0, vb, 1604)
}

/// `evstwwe rs,offset(ra)`: stores the upper half. The field counts words.
pub(super) const fn evstwwe(rs: u8, offset: u16, ra: u8) -> u32 {
    form(4, rs, ra, (offset / 4) as u8, 825)
}

/// `evmergelo rt,ra,rb`: lower half of `ra` on top of the lower half of `rb`.
pub(super) const fn evmergelo(rt: u8, ra: u8, rb: u8) -> u32 {
    form(4, rt, ra, rb, 557)
}

/// `evstdd rs,offset(ra)`: stores all 64 bits. The field counts doublewords.
pub(super) const fn evstdd(rs: u8, offset: u16, ra: u8) -> u32 {
    form(4, rs, ra, (offset / 8) as u8, 801)
}

/// `evldd rt,offset(ra)`: loads all 64 bits.
pub(super) const fn evldd(rt: u8, offset: u16, ra: u8) -> u32 {
    form(4, rt, ra, (offset / 8) as u8, 769)
}

/// `evxor rt,ra,rb`.
pub(super) const fn evxor(rt: u8, ra: u8, rb: u8) -> u32 {
    form(4, rt, ra, rb, 534)
}

/// `evmwumiaa rt,ra,rb`: ACC plus a product; of zeros, so ACC itself.
pub(super) const fn evmwumiaa(rt: u8, ra: u8, rb: u8) -> u32 {
    form(4, rt, ra, rb, 1368)
}

/// `evmra rt,ra`: sets ACC.
pub(super) const fn evmra(rt: u8, ra: u8) -> u32 {
    form(4, rt, ra, 0, 1220)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words as GNU as 2.40 assembles them (`-mppc -maltivec`, `-me500`).
    #[test]
    fn encodings_are_those_of_the_assembler() {
        let words = [
            (lwz(4, 8, 3), 0x8083_0008),
            (mfspr(5, 256), 0x7CA0_42A6),
            (mtspr(256, 5), 0x7CA0_43A6),
            (mfspr(5, 512), 0x7CA0_82A6),
            (mtspr(512, 5), 0x7CA0_83A6),
            (test_upper(4, 0xF000), 0x7480_F000),
            (test_lower(4, 0x000F), 0x7080_000F),
            (skip_if_zero(8), 0x4182_0024),
            (lfd(31, 248, 3), 0xCBE3_00F8),
            (stfd(7, 56, 3), 0xD8E3_0038),
            (mffs(0), 0xFC00_048E),
            (mtfsf_all(0), 0xFDFE_058E),
            (lvx(31, 3, 5), 0x7FE3_28CE),
            (stvx(10, 3, 5), 0x7D43_29CE),
            (mfvscr(0), 0x1000_0604),
            (mtvscr(0), 0x1000_0644),
            (evstwwe(31, 124, 3), 0x13E3_FB39),
            (evmergelo(7, 4, 7), 0x10E4_3A2D),
            (evstdd(6, 128, 3), 0x10C3_8321),
            (evldd(6, 128, 3), 0x10C3_8301),
            (evxor(6, 6, 6), 0x10C6_3216),
            (evmwumiaa(6, 6, 6), 0x10C6_3558),
            (evmra(6, 6), 0x10C6_04C4),
        ];
        for (i, (ours, theirs)) in words.into_iter().enumerate() {
            assert_eq!(ours, theirs, "row {i}: {ours:08x}");
        }
    }
}
