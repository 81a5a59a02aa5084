// SPDX-License-Identifier: MIT OR Apache-2.0
//! Stopping the other cores so surely that their memory may be overwritten: protocol, evidence types, escalation ladder.
#![no_std]
