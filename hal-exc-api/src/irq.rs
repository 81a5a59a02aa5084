// SPDX-License-Identifier: MIT OR Apache-2.0
//! The interrupt manager: handlers for interrupt lines, on any controller.
//!
//! Between the exception and the driver: a driver owns a `&'static` [`IrqEntry`], the manager hangs it on
//! a [`Line`](crate::pic::Line), and the external-input exception ends up in its handler.
//!
//! * [`IrqManager`]: install, replace, remove; enable, raise, priority, affinity and so on, each as far as
//!   the controller has the capability; dispatch; statistics; storms.
//! * [`Platform`]: what the manager needs from the CPU.
//! * [`irq_manager!`](crate::irq_manager) and [`exception_handler`]: the function that the exception's
//!   handler table takes.
//! * [`DeferredQueue`]: work that a handler leaves for thread level.
//!
//! # Costs
//!
//! Dispatch takes no lock and makes one indirect call, the entry's own. Per line it touches a list head
//! and a counter of the executing CPU in two flat arrays. The counter is both the statistics and the
//! protocol that makes removal safe.
//!
//! # Sharing, order, removal
//!
//! Several entries may share a line; all are called, in install order. [`IrqManager::remove`] may
//! happen while another CPU runs the entry: it takes the entry out, waits within a bound until that
//! CPU has left, and otherwise answers [`Removal::Running`], to be polled. Until it is
//! [`Removal::Complete`] the entry cannot be installed again and its data must live on.
//!
//! # What goes wrong is counted
//!
//! A spurious interrupt, a vector of no line, a line without a responsible entry: each is counted and
//! passed to [`Platform::report`]. A line that is unhandled [`set_storm_limit`](IrqManager::set_storm_limit)
//! times in a row is masked, so that a screaming device cannot take the CPU away.

mod control;
mod deferred;
mod entry;
mod error;
mod glue;
mod install;
mod list;
mod lock;
mod manager;
mod platform;
mod statistics;
mod sync;

pub use deferred::{Deferred, DeferredQueue};
pub use entry::{Delivery, IrqEntry};
pub use error::{IrqError, IrqEvent};
pub use glue::{ManagerStatic, exception_handler};
pub use install::{Removal, Retiring};
pub use manager::{DEFAULT_PATIENCE, DEFAULT_STORM_LIMIT, IrqManager};
pub use platform::Platform;
pub use statistics::{CpuStatistics, LineStatistics};
