// SPDX-License-Identifier: MIT OR Apache-2.0
//! What every PowerPC board of this folder shares.
#![no_std]
