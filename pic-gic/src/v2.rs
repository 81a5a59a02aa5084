// SPDX-License-Identifier: MIT OR Apache-2.0
//! GICv1 and GICv2: one distributor, one memory-mapped interface per core (ARM IHI 0048B).
//!
//! [`Distributor`] is shared by all cores, [`CpuInterface`] is each core's own; the registers of
//! both that are private to a core are banked by the hardware at one address. [`GicV2`] puts them
//! together behind the controller traits.
//!
//! # Groups
//!
//! Where groups exist ([`Distributor::has_groups`]), every interrupt that is not armed as FIQ is
//! put into group 1, and both groups are acknowledged through one register (GICC_CTLR.AckCtl):
//! GICv1 has no second one, and without AckCtl a pending group 1 interrupt answers 1022 for ever.
//! An interrupt moved to group 0 ([`Distributor::set_group`]) is signalled as FIQ on the cores
//! that were initialised with `fiq`.

mod adopt;
mod context;
mod cpu_interface;
mod distributor;
mod pic;
pub(crate) mod registers;
mod sgi;

pub use cpu_interface::{Acknowledged, Active, Combined, CpuInterface, EndMode, Interrupt, Split};
pub use distributor::Distributor;
pub use pic::GicV2;
pub use sgi::SgiTarget;
