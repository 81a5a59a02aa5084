// SPDX-License-Identifier: MIT OR Apache-2.0
//! A board is a value that exists once.

use core::sync::atomic::{AtomicBool, Ordering};

use crate::error::BoardError;

/// Lets the first caller through.
#[derive(Debug)]
pub struct Once(AtomicBool);

impl Once {
    /// Nobody came yet.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a `static`'s initial value has to be `const`")]
    pub const fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// Ok for the first caller.
    ///
    /// # Errors
    /// [`BoardError::Taken`] for every other.
    pub fn take(&self) -> Result<(), BoardError> {
        if self.0.swap(true, Ordering::Relaxed) { Err(BoardError::Taken) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_goes_through() {
        let once = Once::new();
        assert_eq!(once.take(), Ok(()));
        assert_eq!(once.take(), Err(BoardError::Taken));
    }
}
