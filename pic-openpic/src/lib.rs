// SPDX-License-Identifier: MIT OR Apache-2.0
#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod bus;
mod cpu;
mod error;
mod handshake;
pub mod i8259;
mod lines;
mod messages;
mod model;
mod msi;
mod pic;
pub mod registers;
mod save;
mod start;
mod timers;
mod vectors;

pub use bus::{BigEndian, Bus, ByteOrder, LittleEndian, Mmio, Order};
pub use cpu::InService;
pub use error::StartError;
pub use handshake::{ByRegister, Delayed, ExternalProxy, Handshake, PrivateWindow, ProxyRegister};
pub use model::{Identity, Model, Run};
pub use msi::{MsiInService, SharedMsi};
pub use pic::{MPIC_LINES, OpenPic};
pub use save::SavedState;
pub use start::{Config, identify};
pub use timers::{TimerCascade, TimerClock};
