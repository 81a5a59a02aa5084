// SPDX-License-Identifier: MIT OR Apache-2.0
//! Interrupt controllers behind one interface, split by capability.
//!
//! Controllers differ in what they can do: an 8259 cannot pend a line by software, a UIC has no
//! priorities, a KeyLargo OpenPIC has no critical output. One fat trait would make half of its
//! methods lie, so there is one small trait per capability and a controller implements the ones
//! it has. [`InterruptController`] and [`Acknowledge`] are the minimum that the interrupt manager
//! ([`crate::irq`]) needs.
//!
//! | trait | capability |
//! |---|---|
//! | [`InterruptController`] | how many lines and CPUs, which line is what |
//! | [`Acknowledge`] | take the most urgent interrupt, end it: linear [`Claim`] |
//! | [`SplitEnd`] | priority drop and deactivation as two steps |
//! | [`LineMask`] | enable, disable, is-enabled |
//! | [`LinePending`] | pending: read, raise, clear |
//! | [`LinePriority`] | priority of a line |
//! | [`TaskPriority`] | per-CPU threshold |
//! | [`LineTrigger`] | level or edge, polarity |
//! | [`LineAffinity`] | which CPUs a line may interrupt |
//! | [`InterProcessor`] | software interrupts between CPUs |
//! | [`LineInfo`] | what can be done with a line |
//! | [`CriticalRouting`] | route a line to the critical or machine-check input |
//! | [`CpuInterface`] | bring up and quiet down one CPU's part |
//! | [`Timers`] | timers inside the controller |
//! | [`Msi`] | message-signalled interrupts |
//! | [`Cascaded`] | controller whose output is a line of another controller |
//!
//! # Directions
//!
//! * **Priority**: a greater [`Priority`] is more urgent, on every controller. Hardware that
//!   counts the other way (GIC) is converted by its driver. The range is asked
//!   ([`LinePriority::priority_range`]), it is contiguous, and what is outside of it is refused;
//!   nothing is rounded.
//! * **Threshold**: `None` lets every line through, `Some(p)` holds back `p` and everything less
//!   urgent.
//! * **CPUs** are logical indices; the driver or board maps them to the hardware's numbers.
//!
//! # Who serialises what
//!
//! All methods take `&self`, because several CPUs use one controller at the same time, and every
//! implementation must be free of data races (in Rust's sense) under any interleaving. Two groups:
//!
//! * **Never serialised, called on the hot path**: [`Acknowledge`], [`SplitEnd`],
//!   [`TaskPriority`], [`InterProcessor::send`]. They touch only registers of one CPU, or registers whose single
//!   write is the whole operation. `cpu` arguments name the executing CPU.
//! * **Serialised by the caller**: everything else. These may be read-modify-write sequences on
//!   a shared register; two of them at once on one controller may lose an update (never memory
//!   safety). [`crate::irq::IrqManager`] calls them under its configuration lock with local
//!   interrupts masked; whoever uses a driver without the manager does the same.
//!
//! # No magic numbers
//!
//! [`Acknowledge::acknowledge`] answers [`Acknowledged`]: a claim, a spurious interrupt, or a
//! number that belongs to no line. Only a claim can be ended and it can be ended once: the token
//! is neither `Clone` nor `Copy` and is consumed by [`Acknowledge::end`].

mod acknowledge;
mod cpu;
mod error;
mod extras;
mod ids;
mod line;

pub use acknowledge::{Acknowledge, Acknowledged, Claim, SplitEnd};
pub use cpu::{CpuInterface, InterProcessor, IpiTarget, TaskPriority};
pub use error::{Capability, PicError};
pub use extras::{Cascaded, CriticalRouting, Msi, MsiMessage, Output, Timers};
pub use ids::{CpuId, CpuMask, CpuMaskIter, Line, Priority, PriorityRange, TriggerMode, Vector};
pub use line::{
    InterruptController, LineAffinity, LineAttributes, LineInfo, LineKind, LineMask, LinePending, LinePriority,
    LineTrigger,
};
