// SPDX-License-Identifier: MIT OR Apache-2.0
//! A core's power or reset line on an `embedded-hal` output pin: the last rung of a ladder.

use embedded_hal::digital::OutputPin;

use crate::hooks::HookError;

/// The line that holds one core in reset, or cuts its power, while driven active.
#[derive(Debug)]
pub struct PowerLine<P> {
    pin: P,
    active_low: bool,
}

impl<P: OutputPin> PowerLine<P> {
    /// Takes the pin; `active_low` says that a low level ends the core.
    pub const fn new(pin: P, active_low: bool) -> Self {
        Self { pin, active_low }
    }

    /// Ends the core; for [`cpu_kill`](crate::hooks::RequesterHooks::cpu_kill).
    ///
    /// # Errors
    /// [`HookError::Failed`] with 1 if the pin cannot be driven.
    pub fn kill(&mut self) -> Result<(), HookError> {
        let done = if self.active_low { self.pin.set_low() } else { self.pin.set_high() };
        done.map_err(|_| HookError::Failed(1))
    }

    /// Lets the core start again.
    ///
    /// # Errors
    /// [`HookError::Failed`] with 2 if the pin cannot be driven.
    pub fn revive(&mut self) -> Result<(), HookError> {
        let done = if self.active_low { self.pin.set_high() } else { self.pin.set_low() };
        done.map_err(|_| HookError::Failed(2))
    }
}
