// SPDX-License-Identifier: MIT OR Apache-2.0
//! The hooks that a SoC implements, in the spirit of the 2012 proposal, with their contracts written down.
//!
//! A SoC that cannot reset a core implements [`VictimHook`] well (the core leaves by itself) and answers
//! [`HookError::NotSupported`] to [`cpu_kill`](RequesterHooks::cpu_kill). A SoC that can implements both, and its ladder ends in
//! [`CoreReset`](crate::ladder::Signal::CoreReset). In either case *absence is never success*: a missing hook proves nothing.

use core::convert::Infallible;
use core::fmt;

use crate::cpus::{Cpu, CpuSet};
use crate::evidence::OffProof;
use crate::ladder::Signal;
use crate::word::{Generation, Refusal};

/// Runs on the core that is stopped.
///
/// # Safety
/// An implementation promises, each point a condition for the overwrite of the image:
/// * it follows [`victim::ORDER`](crate::victim::ORDER) from `QuietDevices` on;
/// * `Parked` is written by an instruction fetched from the pen, after the barrier that completes the cache clean;
/// * the pen, its slots, its stack (none) and any translation table it uses lie outside every image;
/// * it takes no lock and waits for no other core.
pub unsafe trait VictimHook {
    /// Leaves the image for good. Called after the end of interrupt, with everything masked, after `Entered`.
    ///
    /// # Errors
    /// It returns only if the core cannot leave (a Trusted OS resides on it, say). Its timers and its interrupt interface may
    /// be quiet by then. So the caller brings them up as at its start, reports the refusal, and only then resumes its
    /// work: without the first it would be deaf to the next stop.
    fn notify_cpu_stop(&mut self, cpu: Cpu, generation: Generation) -> Result<Infallible, Refusal>;
}

/// Why a hook did nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum HookError {
    /// The SoC has no such means.
    NotSupported,
    /// It has, and it did not work; carries the platform's code.
    Failed(i32),
}

impl fmt::Display for HookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSupported => f.write_str("not supported by this SoC"),
            Self::Failed(code) => write!(f, "failed with code {code}"),
        }
    }
}

impl core::error::Error for HookError {}

/// What the platform knows about a core without asking it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Stopped {
    /// Nothing. Not "running", not "stopped".
    NoProof,
    /// Held since power-on in the boot ROM's or loader's pen, which lies outside every image.
    BootPen,
    /// Not executing, for that reason.
    Off(OffProof),
}

/// Runs on the core that asks.
///
/// # Safety
/// * `is_cpu_stopped` answers [`Stopped::Off`] or [`Stopped::BootPen`] only for a core that can no longer fetch, load, store,
///   walk tables or write back anything in an image, and cannot begin to before it is released.
/// * No method blocks without a bound.
pub unsafe trait RequesterHooks {
    /// Signals all `targets` at once. Must not include the calling core.
    ///
    /// # Errors
    /// [`HookError`]; the stop goes on to the next rung at once.
    fn signal(&mut self, signal: Signal, targets: CpuSet) -> Result<(), HookError>;

    /// Ends a core by reset or power. Returning `Ok` proves nothing yet: [`is_cpu_stopped`](Self::is_cpu_stopped) must confirm.
    ///
    /// # Errors
    /// [`HookError::NotSupported`] where the SoC has no per-core control.
    fn cpu_kill(&mut self, cpu: Cpu) -> Result<(), HookError> {
        let _ = cpu;
        Err(HookError::NotSupported)
    }

    /// What hardware or firmware says about the core. Asked before the first signal, then for each missing core at times that
    /// [`Spacing`](crate::clock::Spacing) keeps apart, and once more before a rung is given up.
    fn is_cpu_stopped(&mut self, cpu: Cpu) -> Stopped {
        let _ = cpu;
        Stopped::NoProof
    }

    /// Wakes parked cores so that they look at their slots (ARM `SEV`).
    fn wake(&mut self, cpus: CpuSet);

    /// A number that was not used before in this stop and that no one could guess: counter bits will do.
    fn nonce(&mut self) -> u32;
}
