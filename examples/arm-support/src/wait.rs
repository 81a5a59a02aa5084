// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bounded waits for what another core or a device does.

/// Polls of [`until`]: several seconds on the emulator, whose host may be busy.
pub const POLLS: u32 = 400_000_000;

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
