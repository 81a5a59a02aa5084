// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which GIC this is: asked from the hardware, not from the board.

use crate::Error;
use crate::access::Registers;

/// Architecture version.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Version {
    /// GICv1: a CPU interface of 256 bytes, groups only with the security extensions.
    V1,
    /// GICv2: groups always, deactivation as an operation of its own.
    V2,
    /// GICv3 and v4: redistributors, system registers.
    V3,
}

/// ICPIDR2 of a v1 or v2 distributor (4 KiB frame).
pub(crate) const PIDR2_V2: usize = 0xfe8;
/// GICD_PIDR2, GICR_PIDR2, GITS_PIDR2 (64 KiB frames).
pub(crate) const PIDR2_V3: usize = 0xffe8;

/// Finds the version from a distributor's identification register 2, bits \[7:4\].
///
/// The v1/v2 place (0xFE8) is read first: it exists in every distributor and reads 0 in a v3 one,
/// whose register lies at 0xFFE8, an address that a 4 KiB distributor does not have.
///
/// # Errors
///
/// [`Error::Absent`] with the last value read if that is no version: 0 (nothing there) or all
/// ones.
pub fn detect<R: Registers>(distributor: &R) -> Result<Version, Error> {
    match distributor.read(PIDR2_V2) {
        u32::MAX => return Err(Error::Absent { what: "GIC distributor", value: u32::MAX }),
        id if id >> 4 & 0xf == 1 => return Ok(Version::V1),
        id if id >> 4 & 0xf == 2 => return Ok(Version::V2),
        _ => {}
    }
    match distributor.read(PIDR2_V3) {
        id if id != u32::MAX && matches!(id >> 4 & 0xf, 3 | 4) => Ok(Version::V3),
        value => Err(Error::Absent { what: "GIC distributor", value }),
    }
}
