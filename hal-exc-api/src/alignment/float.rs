// SPDX-License-Identifier: MIT OR Apache-2.0
//! Single to double and back, on bits: the handler must not use the floating-point unit.
//!
//! These are the conversions of the load and store instructions (Book I, 4.6.2 and 4.6.3), not of arithmetic: they never
//! round, never trap and carry signalling NaNs over as they are.

/// What `lfs` puts into the register for the word it loads.
#[must_use]
pub const fn single_to_double(word: u32) -> u64 {
    let sign = (word as u64 & 0x8000_0000) << 32;
    let exponent = word as u64 >> 23 & 0xFF;
    let fraction = word as u64 & 0x007F_FFFF;
    let (exponent, fraction) = match (exponent, fraction) {
        (0, 0) => (0, 0),
        (0, _) => {
            // A denormal single is a normal double: the leading one moves to bit 23.
            let shift = fraction.leading_zeros() as u64 - 40;
            (897 - shift, fraction << shift & 0x007F_FFFF)
        }
        (0xFF, _) => (0x7FF, fraction),
        _ => (exponent + 896, fraction),
    };
    sign | exponent << 52 | fraction << 29
}

/// The word that `stfs` stores for what is in the register.
///
/// The architecture leaves the result open for magnitudes below 2^-149; it is a zero of the same sign here.
#[must_use]
pub const fn double_to_single(bits: u64) -> u32 {
    let sign = (bits >> 32) as u32 & 0x8000_0000;
    let exponent = (bits >> 52 & 0x7FF) as u32;
    match exponent {
        897.. => {
            // Sign and top exponent bit, then the next 30 bits without the three that a single's exponent lacks.
            (bits >> 32) as u32 & 0xC000_0000 | (bits >> 29) as u32 & 0x3FFF_FFFF
        }
        874..=896 => {
            let fraction = bits & 0x000F_FFFF_FFFF_FFFF | 0x0010_0000_0000_0000;
            sign | (fraction >> (29 + 897 - exponent)) as u32
        }
        _ => sign,
    }
}
