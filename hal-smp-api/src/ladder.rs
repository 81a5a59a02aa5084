// SPDX-License-Identifier: MIT OR Apache-2.0
//! The escalation ladder: what is tried, in which order, and how long each try may take. Data, not code.

use core::fmt;

use crate::clock::Micros;

/// A way to reach a core.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Signal {
    /// An ordinary inter-processor interrupt.
    Irq,
    /// A fast or pseudo-non-maskable interrupt: reaches a core that masks the ordinary ones.
    Fiq,
    /// Firmware delivers the event (SDEI).
    Firmware,
    /// Per-core reset through a device, by [`cpu_kill`](crate::hooks::RequesterHooks::cpu_kill).
    CoreReset,
    /// The core's power or reset line, by [`cpu_kill`](crate::hooks::RequesterHooks::cpu_kill).
    PowerLine,
}

impl Signal {
    /// Whether it ends the core without the core's help.
    #[must_use]
    pub const fn is_kill(self) -> bool {
        matches!(self, Self::CoreReset | Self::PowerLine)
    }

    /// The name in reports: `irq`, `fiq`, `firmware`, `reset`, `power`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Irq => "irq",
            Self::Fiq => "fiq",
            Self::Firmware => "firmware",
            Self::CoreReset => "reset",
            Self::PowerLine => "power",
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One rung.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Rung {
    /// What is done to every core that is still missing.
    pub signal: Signal,
    /// How long to wait for all of them before the next rung.
    pub patience: Micros,
    /// Whether a core that went by this rung can be released again.
    pub restartable: bool,
}

/// Why a list of rungs is no ladder.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum LadderError {
    /// No rung.
    Empty,
    /// A gentle signal after one that ends the core; carries the position.
    GentleAfterKill(usize),
}

impl fmt::Display for LadderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the ladder has no rung"),
            Self::GentleAfterKill(n) => {
                write!(f, "rung {n} signals cores that an earlier rung has ended")
            }
        }
    }
}

impl core::error::Error for LadderError {}

/// A checked list of rungs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Ladder<'a>(&'a [Rung]);

impl<'a> Ladder<'a> {
    /// Takes the rungs, gentlest first.
    ///
    /// # Errors
    /// [`LadderError`] if there is none, or a gentle one stands after one that ends the core.
    pub const fn new(rungs: &'a [Rung]) -> Result<Self, LadderError> {
        if rungs.is_empty() {
            return Err(LadderError::Empty);
        }
        let mut n = 1;
        while n < rungs.len() {
            if rungs[n - 1].signal.is_kill() && !rungs[n].signal.is_kill() {
                return Err(LadderError::GentleAfterKill(n));
            }
            n += 1;
        }
        Ok(Self(rungs))
    }

    /// The rung at that position.
    #[must_use]
    pub fn rung(&self, position: usize) -> Option<Rung> {
        self.0.get(position).copied()
    }
}
