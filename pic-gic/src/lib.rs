// SPDX-License-Identifier: MIT OR Apache-2.0
#![doc = include_str!("../README.md")]
#![doc = document_features::document_features!()]
#![no_std]

#[cfg(any(test, feature = "model"))]
extern crate std;

pub mod access;
mod bank;
mod barrier;
mod error;
pub mod fiq;
mod intid;
mod levels;
#[cfg(any(test, feature = "model"))]
pub mod model;
#[cfg(test)]
mod tests;
mod traits;
pub mod v2;
pub mod v3;
mod version;
mod wait;

pub use error::Error;
pub use intid::{Class, Group, IntId, Special, Trigger};
pub use version::{Version, detect};
pub use wait::POLLS;
