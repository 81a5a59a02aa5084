// SPDX-License-Identifier: MIT OR Apache-2.0
//! The handful of instructions that prologues and trampolines are made of: encoders and a branch decoder.
//!
//! Encodings are those of the PowerPC architecture, Book I. Register numbers are 0 to 31; displacements are the
//! signed 16-bit field.

const fn d_form(opcode: u32, rt: u8, ra: u8, d: i16) -> u32 {
    opcode << 26 | (rt as u32 & 31) << 21 | (ra as u32 & 31) << 16 | d as u16 as u32
}

/// `stw rs,d(ra)`.
#[must_use]
pub const fn stw(rs: u8, d: i16, ra: u8) -> u32 {
    d_form(36, rs, ra, d)
}

/// `stwu rs,d(ra)`.
#[must_use]
pub const fn stwu(rs: u8, d: i16, ra: u8) -> u32 {
    d_form(37, rs, ra, d)
}

/// `li rt,value` (`addi rt,0,value`).
#[must_use]
pub const fn li(rt: u8, value: i16) -> u32 {
    d_form(14, rt, 0, value)
}

/// `lis rt,value` (`addis rt,0,value`).
#[must_use]
pub const fn lis(rt: u8, value: u16) -> u32 {
    d_form(15, rt, 0, value as i16)
}

/// `ori ra,rs,value`.
#[must_use]
pub const fn ori(ra: u8, rs: u8, value: u16) -> u32 {
    d_form(24, rs, ra, value as i16)
}

/// `mfctr rt`.
#[must_use]
pub const fn mfctr(rt: u8) -> u32 {
    0x7C09_02A6 | (rt as u32 & 31) << 21
}

/// `mtctr rs`.
#[must_use]
pub const fn mtctr(rs: u8) -> u32 {
    0x7C09_03A6 | (rs as u32 & 31) << 21
}

/// `mfmsr rt`.
#[must_use]
pub const fn mfmsr(rt: u8) -> u32 {
    0x7C00_00A6 | (rt as u32 & 31) << 21
}

/// `mtmsr rs`.
#[must_use]
pub const fn mtmsr(rs: u8) -> u32 {
    0x7C00_0124 | (rs as u32 & 31) << 21
}

/// `rlwinm ra,rs,0,mb,me`: keep the bits from `mb` to `me` (numbered from the left, wrapping).
#[must_use]
pub const fn rlwinm_mask(ra: u8, rs: u8, mb: u8, me: u8) -> u32 {
    21 << 26 | (rs as u32 & 31) << 21 | (ra as u32 & 31) << 16 | (mb as u32 & 31) << 6 | (me as u32 & 31) << 1
}

/// `bctr`.
pub const BCTR: u32 = 0x4E80_0420;
/// `isync`.
pub const ISYNC: u32 = 0x4C00_012C;

/// `b target` at address `at`: relative when the target is within the signed 26-bit range of the branch
/// itself (-0x0200_0000 to +0x01FF_FFFC), absolute when it lies in the lowest or highest 32 MiB; otherwise none.
///
/// A target that is not a multiple of four cannot be encoded.
#[must_use]
pub const fn b(at: u32, target: u32) -> Option<u32> {
    if !at.is_multiple_of(4) || !target.is_multiple_of(4) {
        return None;
    }
    let distance = target.wrapping_sub(at) as i32;
    if distance >= -0x0200_0000 && distance <= 0x01FF_FFFC {
        Some(18 << 26 | distance as u32 & 0x03FF_FFFC)
    } else if target <= 0x01FF_FFFC || target >= 0xFE00_0000 {
        Some(18 << 26 | target & 0x03FF_FFFC | 2)
    } else {
        None
    }
}

/// Where the unconditional branch `word` at address `at` goes, if it is one that does not link.
#[must_use]
pub const fn branch_target(at: u32, word: u32) -> Option<u32> {
    if word >> 26 != 18 || word & 1 != 0 {
        return None;
    }
    let field = ((word & 0x03FF_FFFC) << 6) as i32 >> 6;
    Some(if word & 2 == 0 { at.wrapping_add(field as u32) } else { field as u32 })
}

/// The value that `lis rt,hi; ori rt,rt,lo` builds, if the two words are that pair.
#[must_use]
pub const fn wide_immediate(lis_word: u32, ori_word: u32) -> Option<u32> {
    let rt = lis_word >> 21 & 31;
    if lis_word & 0xFC1F_0000 != 15 << 26 || ori_word & 0xFFFF_0000 != 24 << 26 | rt << 21 | rt << 16 {
        return None;
    }
    Some((lis_word & 0xFFFF) << 16 | ori_word & 0xFFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words as GNU as 2.40 assembles them.
    #[test]
    fn encodings_are_those_of_the_assembler() {
        assert_eq!(stw(1, 4, 13), 0x902D_0004);
        assert_eq!(stwu(1, -176, 1), 0x9421_FF50);
        assert_eq!(li(3, -0x80), 0x3860_FF80);
        assert_eq!(lis(4, 0xDEAD), 0x3C80_DEAD);
        assert_eq!(ori(4, 4, 0xBEEF), 0x6084_BEEF);
        assert_eq!(mfctr(4), 0x7C89_02A6);
        assert_eq!(mtctr(4), 0x7C89_03A6);
        assert_eq!(mfmsr(1), 0x7C20_00A6);
        assert_eq!(mtmsr(1), 0x7C20_0124);
        assert_eq!(rlwinm_mask(1, 1, 15, 13), 0x5421_03DA);
    }

    #[test]
    fn the_edges_of_a_branch() {
        let at = 0x0800_0500_u32;
        for (target, word) in [
            (at.wrapping_add(0x01FF_FFFC), Some(0x49FF_FFFC)),
            (at.wrapping_sub(0x0200_0000), Some(0x4A00_0000)),
            (at.wrapping_add(0x0200_0000), None),
            (at.wrapping_sub(0x0200_0004), None),
            (0x01FF_FFFC, Some(0x49FF_FFFE)),
            (0xFE00_0000, Some(0x4A00_0002)),
            (0xFFFF_FFFC, Some(0x4BFF_FFFE)),
            (0, Some(0x4800_0002)),
            (at + 2, None),
        ] {
            assert_eq!(b(at, target), word, "{target:#x}");
            if let Some(word) = word {
                assert_eq!(branch_target(at, word), Some(target));
            }
        }
        // The two that a sloppy range test gets wrong: +32 MiB and a legal backward branch.
        assert_eq!(b(0x500, 0x0280_0000), None);
        assert!(b(0x0400_0500, 0x03F0_0000).is_some());
    }
}
