// SPDX-License-Identifier: MIT OR Apache-2.0
//! Behaving models for tests on the host: what the real driver runs against.
//!
//! Not a page of memory: acknowledging puts an interrupt in service and raises the priority, ending it lowers it
//! again, level inputs stay up, a request that was withdrawn answers as spurious. The models also watch the
//! driver ([`FakeMpic::violations`]) and can be broken on purpose ([`Fault`]).
//!
//! ```
//! use hal_exc_api::pic::{Acknowledge, Acknowledged, Claim, CpuId, CpuInterface, LineMask};
//! use pic_openpic::fakes::{FakeKind, FakeMpic};
//! use pic_openpic::{Config, Model, OpenPic};
//!
//! let fake = FakeMpic::new(FakeKind::MPIC_4_2, 1);
//! let pic = OpenPic::start(fake.clone(), &Config::new(Model::FREESCALE)).unwrap();
//! pic.init_cpu(CpuId::BOOT).unwrap();
//! let uart = pic.source_line(42).unwrap();
//! pic.enable(uart).unwrap();
//! fake.set_input(42, true);
//! assert!(fake.output(CpuId::BOOT));
//! let Acknowledged::Claimed(claim) = pic.acknowledge(CpuId::BOOT) else { panic!() };
//! assert_eq!(claim.line(), uart);
//! fake.set_input(42, false);
//! pic.end(claim);
//! assert!(!fake.output(CpuId::BOOT));
//! ```

mod i8259;
mod mpic;

pub use i8259::FakeI8259;
pub use mpic::{FakeKind, FakeMpic, Fault};
