// SPDX-License-Identifier: MIT OR Apache-2.0
//! Capabilities that only some controllers have.

use super::{Acknowledge, InterruptController, Line, PicError, TriggerMode};

/// The input of the CPU that a line is routed to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Output {
    /// The ordinary external interrupt (PowerPC INT, ARM IRQ).
    Normal,
    /// The critical interrupt (PowerPC CINT, ARM FIQ).
    Critical,
    /// The machine-check input (PowerPC MCP).
    MachineCheck,
}

/// Routing of lines to the more urgent inputs of the CPU. Serialised by the caller.
///
/// On MPIC and UIC such a line bypasses priorities, acknowledge and end: it interrupts as long as
/// it is active, and software finds out which one it is.
pub trait CriticalRouting: InterruptController {
    /// Routes the line. [`PicError::Unsupported`] if this line cannot go there.
    fn set_output(&self, line: Line, output: Output) -> Result<(), PicError>;

    /// Where the line goes.
    fn output(&self, line: Line) -> Result<Output, PicError>;
}

/// Timers inside the controller. They are lines like others. Serialised by the caller.
pub trait Timers: InterruptController {
    /// How many there are.
    fn timer_count(&self) -> u8;

    /// The line of timer `number`.
    fn timer_line(&self, number: u8) -> Result<Line, PicError>;

    /// Tick rate in Hz of timer `number`, if the driver was told or can read it.
    fn timer_hz(&self, number: u8) -> Result<Option<u32>, PicError>;

    /// Starts timer `number`, periodically every `ticks` (1 to the counter's maximum,
    /// [`PicError::BadPeriod`] otherwise).
    fn start_timer(&self, number: u8, ticks: u32) -> Result<(), PicError>;

    /// Stops it.
    fn stop_timer(&self, number: u8) -> Result<(), PicError>;

    /// Ticks left until it interrupts next.
    fn timer_count_left(&self, number: u8) -> Result<u32, PicError>;
}

/// What a device is told so that it can send a message-signalled interrupt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MsiMessage {
    /// The line that the message raises.
    pub line: Line,
    /// Address to write to, as the device sees it.
    pub address: u64,
    /// Word to write there (byte order of the bus that carries it).
    pub data: u32,
}

/// Message-signalled interrupts. Serialised by the caller.
pub trait Msi: InterruptController {
    /// How many messages there are altogether.
    fn msi_count(&self) -> u16;

    /// Takes a free message; its line is masked. [`PicError::NoFreeMsi`] when there is none.
    fn allocate_msi(&self) -> Result<MsiMessage, PicError>;

    /// Gives it back. [`PicError::MsiNotAllocated`] if it was not allocated.
    fn free_msi(&self, line: Line) -> Result<(), PicError>;
}

/// A controller whose output is wired to a line of another controller.
///
/// Its lines are served by the handler of the line above, which acknowledges until there is
/// nothing more ([`crate::irq::IrqManager::dispatch_cascaded`]).
pub trait Cascaded: Acknowledge {
    /// The trigger mode that the line above must have.
    fn upstream_trigger(&self) -> TriggerMode;

    /// The most interrupts to serve for one interrupt of the line above before its handler
    /// returns. At least 1.
    fn burst_limit(&self) -> u16;

    /// Whether the burst that has just ended with [`Acknowledged::Spurious`](super::Acknowledged::Spurious) took requests of
    /// masked lines away from the hardware: the line above has then done its job, although no handler ran. `false`, as by
    /// default, where a masked line does not raise the line above.
    fn took_masked(&self) -> bool {
        false
    }
}
