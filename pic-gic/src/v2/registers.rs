// SPDX-License-Identifier: MIT OR Apache-2.0
//! Offsets and bits of GICv1 and GICv2 (IHI 0048B, tables 4-1 and 4-2).

pub(crate) mod gicd {
    pub(crate) const CTLR: usize = 0x000;
    pub(crate) const TYPER: usize = 0x004;
    /// Targets, one byte per interrupt; the first eight words are read-only and banked.
    pub(crate) const ITARGETSR: usize = 0x800;
    pub(crate) const SGIR: usize = 0xf00;
    /// Pending SGIs, one byte per SGI, one bit per source; GICv2 only.
    pub(crate) const CPENDSGIR: usize = 0xf10;
    pub(crate) const SPENDSGIR: usize = 0xf20;

    /// CTLR: forward group 0 (and without groups: everything).
    pub(crate) const ENABLE_GROUP0: u32 = 1 << 0;
    pub(crate) const ENABLE_GROUP1: u32 = 1 << 1;
    /// TYPER: security extensions.
    pub(crate) const SECURITY: u32 = 1 << 10;
}

pub(crate) mod gicc {
    pub(crate) const CTLR: usize = 0x00;
    pub(crate) const PMR: usize = 0x04;
    pub(crate) const BPR: usize = 0x08;
    pub(crate) const IAR: usize = 0x0c;
    pub(crate) const EOIR: usize = 0x10;
    pub(crate) const RPR: usize = 0x14;
    pub(crate) const HPPIR: usize = 0x18;
    /// Binary point of group 1, where groups are ours and CBPR is clear.
    pub(crate) const ABPR: usize = 0x1c;
    /// Active priorities, four words; GICv2 only.
    pub(crate) const APR: usize = 0xd0;
    pub(crate) const NSAPR: usize = 0xe0;
    pub(crate) const IIDR: usize = 0xfc;
    /// Deactivation; GICv2 only, in the second page of the interface.
    pub(crate) const DIR: usize = 0x1000;

    pub(crate) const ENABLE_GROUP0: u32 = 1 << 0;
    pub(crate) const ENABLE_GROUP1: u32 = 1 << 1;
    pub(crate) const ACK_CTL: u32 = 1 << 2;
    pub(crate) const FIQ_EN: u32 = 1 << 3;
    /// One binary point for both groups; GICv1 calls it SBPR (IHI 0048B, 4.4.1).
    pub(crate) const CBPR: u32 = 1 << 4;
    /// The bypass bits, which belong to whoever set the machine up and are kept.
    pub(crate) const BYPASS: u32 = 0xf << 5;
    /// EOImodeS where the security extensions exist, else EOImode; GICv2 only.
    pub(crate) const EOI_MODE: u32 = 1 << 9;
}
