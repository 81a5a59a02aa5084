// SPDX-License-Identifier: MIT OR Apache-2.0
#![doc = include_str!("../README.md")]
#![cfg_attr(feature = "document-features", doc = "\n## Features\n")]
#![cfg_attr(feature = "document-features", doc = document_features::document_features!())]
#![no_std]

pub mod ack;
pub mod clock;
pub mod cpus;
pub mod election;
pub mod evidence;
pub mod handover;
pub mod hooks;
pub mod image;
pub mod ladder;
pub mod pen;
#[cfg(feature = "power-line")]
pub mod power_line;
pub mod release;
pub mod slots;
pub mod stop;
pub mod victim;
pub mod word;
