// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a command comes to, and the exit status that says so.
//!
//! 0: all well. 1: something measured or tested fell short. 2: wrong use, or something is missing.

use std::fmt;
use std::process::ExitCode;

/// The end of a command that ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Everything that was asked for is as it should be.
    Well,
    /// Something measured or tested fell short; the command has said what.
    Short,
}

impl Outcome {
    /// [`Outcome::Well`] if `good`.
    pub(crate) fn of(good: bool) -> Self {
        if good { Self::Well } else { Self::Short }
    }
}

/// Wrong use, or something is missing: one line that says what, and the mend.
#[derive(Debug)]
pub(crate) struct Unusable(pub(crate) String);

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unusable {}

/// The error that ends a command with status 2.
pub(crate) fn unusable(text: impl Into<String>) -> anyhow::Error {
    anyhow::Error::new(Unusable(text.into()))
}

/// Prints the error of a command that did not come to an end and gives the exit status.
pub(crate) fn exit_code(result: anyhow::Result<Outcome>) -> ExitCode {
    ExitCode::from(status(&result))
}

fn status(result: &anyhow::Result<Outcome>) -> u8 {
    match result {
        Ok(Outcome::Well) => 0,
        Ok(Outcome::Short) => 1,
        Err(error) => {
            eprintln!("error: {error:#}");
            if error.is::<Unusable>() { 2 } else { 1 }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_those_of_the_contract() {
        assert_eq!(status(&Ok(Outcome::of(true))), 0);
        assert_eq!(status(&Ok(Outcome::of(false))), 1);
        assert_eq!(status(&Err(anyhow::anyhow!("broken"))), 1);
        assert_eq!(status(&Err(unusable("no such board"))), 2);
        assert_eq!(status(&Err(unusable("missing").context("while looking"))), 2);
    }
}
