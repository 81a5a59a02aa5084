// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which core: its affinity value.

use core::fmt;

/// Affinity of a core, packed as Aff3.Aff2.Aff1.Aff0 (the form of GICR_TYPER).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Affinity(u32);

impl Affinity {
    /// From the packed form.
    pub const fn new(packed: u32) -> Self {
        Self(packed)
    }

    /// From MPIDR, whose other bits are ignored.
    pub const fn from_mpidr(mpidr: u64) -> Self {
        Self((mpidr & 0xff_ffff) as u32 | ((mpidr >> 32 & 0xff) as u32) << 24)
    }

    /// The packed form.
    pub const fn packed(self) -> u32 {
        self.0
    }

    /// The form of MPIDR and GICD_IROUTER: Aff3 in bits \[39:32\].
    pub const fn mpidr(self) -> u64 {
        (self.0 & 0xff_ffff) as u64 | ((self.0 >> 24) as u64) << 32
    }

    /// Lowest field.
    pub const fn aff0(self) -> u32 {
        self.0 & 0xff
    }

    /// What an SGI write can address at once: Aff3.Aff2.Aff1 and a group of 16 Aff0 values.
    pub(crate) const fn sgi_cluster(self) -> u32 {
        self.0 & !0xf
    }

    /// The cluster fields in ICC_SGI1R: Aff3 \[55:48\], RS \[47:44\], Aff2 \[39:32\], Aff1 \[23:16\].
    pub(crate) const fn sgi_fields(self) -> u64 {
        let packed = self.0 as u64;
        (packed >> 24 & 0xff) << 48
            | (packed >> 4 & 0xf) << 44
            | (packed >> 16 & 0xff) << 32
            | (packed >> 8 & 0xff) << 16
    }
}

impl fmt::Debug for Affinity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [aff3, aff2, aff1, aff0] = self.0.to_be_bytes();
        write!(f, "{aff3}.{aff2}.{aff1}.{aff0}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_where_the_registers_want_them() {
        let a = Affinity::from_mpidr(0x12_8134_5678 | 1 << 24);
        assert_eq!(a.packed(), 0x1234_5678);
        assert_eq!(a.mpidr(), 0x12_0034_5678);
        assert_eq!(a.sgi_fields(), 0x12 << 48 | 7 << 44 | 0x34 << 32 | 0x56 << 16);
        assert_eq!(std::format!("{a:?}"), "18.52.86.120");
    }
}
