// SPDX-License-Identifier: MIT OR Apache-2.0
#![doc = include_str!("../README.md")]
//! # Features
#![doc = document_features::document_features!()]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "fakes", test))]
extern crate std;

mod bus;
mod cpu;
mod error;
#[cfg(feature = "fakes")]
#[cfg_attr(docsrs, doc(cfg(feature = "fakes")))]
pub mod fakes;
mod handshake;
pub mod i8259;
mod lines;
mod messages;
mod model;
mod msi;
mod msi_layout;
mod pic;
pub mod registers;
mod save;
mod start;
mod timers;
mod vectors;

pub use bus::{BigEndian, Bus, ByteOrder, LittleEndian, Mmio, Order};
pub use cpu::InService;
pub use error::StartError;
pub use handshake::{ByRegister, Delayed, ExternalProxy, Handshake, Mpic43, PrivateWindow, ProxyRegister};
pub use model::{Identity, Model, Run};
pub use msi::{MsiInService, SharedMsi};
pub use msi_layout::MsiLayout;
pub use pic::{MPIC_4_3_LINES, MPIC_LINES, OpenPic};
pub use save::SavedState;
pub use start::{Config, identify};
pub use timers::{TimerCascade, TimerClock};
