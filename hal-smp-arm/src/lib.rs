// SPDX-License-Identifier: MIT OR Apache-2.0
//! Victim and pen sequences, PSCI and secondary start for ARM: the hardware half of hal-smp-api.
#![no_std]
