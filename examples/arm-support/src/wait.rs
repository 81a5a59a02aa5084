// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bounded waits for what another core or a device does.

/// Polls of [`until`]: tens of seconds of the polling core's own time on the emulator. What is waited
/// for takes milliseconds; a busy host gives both cores' threads their share long before.
pub const POLLS: u32 = 4_000_000_000;

/// Polls until `condition` holds; false when it never did.
pub fn until(condition: impl FnMut() -> bool) -> bool {
    polls(POLLS, condition)
}

/// Polls at most `n` times until `condition` holds; false when it never did.
pub fn polls(n: u32, mut condition: impl FnMut() -> bool) -> bool {
    for _ in 0..n {
        if condition() {
            return true;
        }
        core::hint::spin_loop();
    }
    false
}
