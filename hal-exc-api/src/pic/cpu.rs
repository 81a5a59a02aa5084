// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a controller has per CPU.

use super::{CpuId, CpuMask, InterruptController, Line, PicError, Priority};

/// Bringing up and quieting down one CPU's part of the controller.
pub trait CpuInterface: InterruptController {
    /// Makes the executing CPU, `cpu`, able to take interrupts: nothing in service, nothing held
    /// back. Interrupts that a former owner left in service are ended, at most as many as the
    /// controller can hold; [`PicError::Timeout`] if the controller does not answer. Each CPU calls it
    /// for itself, with interrupts masked.
    fn init_cpu(&self, cpu: CpuId) -> Result<(), PicError>;

    /// Keeps every line from the executing CPU, `cpu`, and ends what is in service.
    fn quiet_cpu(&self, cpu: CpuId) -> Result<(), PicError>;
}

/// Per-CPU threshold. Not serialised: every CPU for itself.
pub trait TaskPriority: InterruptController {
    /// `None`: every line comes through. `Some(p)`: only lines **more urgent than** `p` do.
    fn set_threshold(&self, cpu: CpuId, threshold: Option<Priority>) -> Result<(), PicError>;

    /// The threshold of `cpu`.
    fn threshold(&self, cpu: CpuId) -> Result<Option<Priority>, PicError>;
}

/// To whom an inter-processor interrupt goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IpiTarget {
    /// The sender itself.
    Myself,
    /// Every CPU that the controller serves but the sender.
    Others,
    /// Exactly these CPUs; the sender may be among them.
    List(CpuMask),
}

impl IpiTarget {
    /// The CPUs meant, when `from` of `count` CPUs sends.
    pub const fn resolve(self, from: CpuId, count: u8) -> CpuMask {
        match self {
            Self::Myself => CpuMask::only(from),
            Self::Others => CpuMask::first(count as usize).without(from),
            Self::List(cpus) => cpus,
        }
    }
}

/// Software interrupts between CPUs. They are lines like others: to be enabled, given a priority,
/// installed on.
pub trait InterProcessor: InterruptController {
    /// How many there are.
    fn ipi_count(&self) -> u8;

    /// The line of inter-processor interrupt `number`.
    fn ipi_line(&self, number: u8) -> Result<Line, PicError>;

    /// Sends `number` from the executing CPU, `from`. What the sender stored before is visible
    /// to the receiver's handler. Not serialised. An empty target is no error and sends nothing.
    fn send(&self, from: CpuId, number: u8, to: IpiTarget) -> Result<(), PicError>;
}
