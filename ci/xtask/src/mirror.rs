// SPDX-License-Identifier: MIT OR Apache-2.0
//! What comes from a package mirror is asked for several times.
//!
//! A mirror that is just being brought up to date has indexes and packages that do not fit together ("File has unexpected
//! size … Mirror sync in progress?"), and a line can be down for a moment. Nothing that is fetched can differ by that: apt
//! checks signatures and sums.

use std::time::Duration;

use anyhow::Result;

/// Times to wait before another try.
const PAUSES: [Duration; 3] = [Duration::from_secs(5), Duration::from_secs(15), Duration::from_secs(40)];

/// The first success; the last failure if there is none. What went wrong before is told.
pub(crate) fn patiently<T>(tell: impl Fn(&str), work: impl FnMut() -> Result<T>) -> Result<T> {
    patiently_with(&PAUSES, tell, work)
}

fn patiently_with<T>(pauses: &[Duration], tell: impl Fn(&str), mut work: impl FnMut() -> Result<T>) -> Result<T> {
    for pause in pauses {
        match work() {
            Ok(done) => return Ok(done),
            Err(error) => tell(&format!("{error:#}; once more in {} s", pause.as_secs())),
        }
        std::thread::sleep(*pause);
    }
    work()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::{Cell, RefCell};

    const AT_ONCE: [Duration; 2] = [Duration::ZERO; 2];

    fn with(failures: u32) -> (Result<u32>, Vec<String>) {
        let (tries, told) = (Cell::new(0), RefCell::new(Vec::new()));
        let work = || {
            tries.set(tries.get() + 1);
            anyhow::ensure!(tries.get() > failures, "try {}", tries.get());
            Ok(tries.get())
        };
        let result = patiently_with(&AT_ONCE, |text| told.borrow_mut().push(text.to_owned()), work);
        (result, told.into_inner())
    }

    #[test]
    fn a_failure_is_told_and_followed_by_another_try() {
        assert!(matches!(with(0), (Ok(1), told) if told.is_empty()));
        assert!(matches!(with(2), (Ok(3), told) if told[1] == "try 2; once more in 0 s"));
    }

    #[test]
    fn the_last_failure_is_the_result() {
        let (result, told) = with(9);
        assert_eq!((result.unwrap_err().to_string().as_str(), told.len()), ("try 3", 2));
    }
}
