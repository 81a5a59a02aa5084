// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bounded waits for the hardware.

use crate::Error;

/// Polls before a wait gives up. A poll is a device read of some tens of nanoseconds at least,
/// so that this is well above 10 ms on any machine; what is waited for takes microseconds.
pub const POLLS: u32 = 1_000_000;

/// Polls until `done`; [`Error::Timeout`] naming `what` if it never was.
pub(crate) fn until(what: &'static str, mut done: impl FnMut() -> bool) -> Result<(), Error> {
    for _ in 0..POLLS {
        if done() {
            return Ok(());
        }
        core::hint::spin_loop();
    }
    Err(Error::Timeout { what })
}
