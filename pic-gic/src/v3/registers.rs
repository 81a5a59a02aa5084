// SPDX-License-Identifier: MIT OR Apache-2.0
//! Offsets and bits of GICv3 (IHI 0069, tables 12-25, 12-27 and 12-41).

pub(crate) mod gicd {
    pub(crate) const CTLR: usize = 0x0000;
    pub(crate) const TYPER: usize = 0x0004;
    /// Affinity routes, 8 bytes per SPI; indexed by id, so that the first is at 0x6100.
    pub(crate) const IROUTER: usize = 0x6000;
    /// Routes of extended SPIs.
    pub(crate) const IROUTER_E: usize = 0x8000;

    pub(crate) const ENABLE_GROUP0: u32 = 1 << 0;
    /// Group 1; in the Secure view the Non-secure one.
    pub(crate) const ENABLE_GROUP1: u32 = 1 << 1;
    /// Secure view only.
    pub(crate) const ENABLE_GROUP1_SECURE: u32 = 1 << 2;
    /// Affinity routing; in the Secure view of the Secure state.
    pub(crate) const ARE: u32 = 1 << 4;
    /// Secure view only.
    pub(crate) const ARE_NON_SECURE: u32 = 1 << 5;
    /// One security state only.
    pub(crate) const DS: u32 = 1 << 6;
    pub(crate) const RWP: u32 = 1 << 31;

    /// TYPER: extended SPIs.
    pub(crate) const ESPI: u32 = 1 << 8;
    /// TYPER: LPIs.
    pub(crate) const LPIS: u32 = 1 << 17;
    /// TYPER: no "any core" routing.
    pub(crate) const NO_1N: u32 = 1 << 25;
    /// TYPER: SGI range selector.
    pub(crate) const RSS: u32 = 1 << 26;
    /// IROUTER: to any core.
    pub(crate) const ANY: u64 = 1 << 31;
}

pub(crate) mod gicr {
    pub(crate) const CTLR: usize = 0x0000;
    pub(crate) const IIDR: usize = 0x0004;
    pub(crate) const TYPER: usize = 0x0008;
    pub(crate) const WAKER: usize = 0x0014;
    /// Power register of GIC-600 and GIC-700.
    pub(crate) const PWRR: usize = 0x0024;
    pub(crate) const PROPBASER: usize = 0x0070;
    pub(crate) const PENDBASER: usize = 0x0078;
    /// The frame of SGIs and PPIs follows the first one.
    pub(crate) const SGI_FRAME: usize = 0x1_0000;
    /// Bytes of the two frames of a core; twice that with virtual LPIs.
    pub(crate) const STRIDE: usize = 0x2_0000;

    pub(crate) const ENABLE_LPIS: u32 = 1 << 0;
    pub(crate) const RWP: u32 = 1 << 3;
    pub(crate) const PROCESSOR_SLEEP: u32 = 1 << 1;
    pub(crate) const CHILDREN_ASLEEP: u32 = 1 << 2;
    pub(crate) const TYPER_PLPIS: u64 = 1 << 0;
    pub(crate) const TYPER_VLPIS: u64 = 1 << 1;
    pub(crate) const TYPER_LAST: u64 = 1 << 4;
    pub(crate) const POWER_DOWN: u32 = 1 << 0;
    pub(crate) const GROUP_POWER_DOWN: u32 = 1 << 2;
    pub(crate) const GROUP_POWER_OFF: u32 = 1 << 3;
}

pub(crate) mod gits {
    pub(crate) const CTLR: usize = 0x0000;
    pub(crate) const CBASER: usize = 0x0080;
    pub(crate) const CWRITER: usize = 0x0088;
    pub(crate) const CREADR: usize = 0x0090;
    pub(crate) const BASER: usize = 0x0100;

    pub(crate) const ENABLED: u32 = 1 << 0;
    pub(crate) const QUIESCENT: u32 = 1 << 31;
    pub(crate) const VALID: u64 = 1 << 63;
}

pub(crate) mod icc {
    /// ICC_SRE: system registers instead of memory-mapped ones.
    pub(crate) const SRE: u32 = 1 << 0;
    /// ICC_CTLR: end of interrupt drops the priority only.
    pub(crate) const EOI_MODE: u32 = 1 << 1;
    /// ICC_CTLR: this core can send SGIs to Aff0 above 15.
    pub(crate) const RSS: u32 = 1 << 18;
    /// ICC_SGI1R: all but the sender.
    pub(crate) const SGI_OTHERS: u64 = 1 << 40;
}
