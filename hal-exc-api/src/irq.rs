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
//! Dispatch takes no lock and makes one indirect call, the entry's own. Per line it touches a slot and
//! counters of the executing CPU in flat arrays. The counters are both the statistics and the
//! protocol that makes removal safe; with several CPUs they cost two full barriers, which also serve the controller.
//!
//! # Sharing, order, removal
//!
//! Several entries may share a line; all are called, in install order. [`IrqManager::remove`] may
//! happen while another CPU runs the entry: it takes the entry out, waits within a bound until that
//! CPU has left, and otherwise answers [`Removal::Running`], to be polled. Until it is
//! [`Removal::Complete`] the entry cannot be installed again and its data must live on.
//!
//! # Driving it
//!
//! 1. The board implements [`Platform`] for a unit struct and declares the manager with
//!    [`irq_manager!`](crate::irq_manager), big enough for the controller's lines; powers of two are fastest.
//! 2. At boot it starts the controller, calls [`IrqManager::init`], and registers the function from
//!    [`exception_handler`] for the external-input exception.
//! 3. Each CPU calls the controller's [`init_cpu`](crate::pic::CpuInterface::init_cpu), then enables interrupts.
//! 4. Drivers [`install`](IrqManager::install) their entries. Priority, trigger and affinity go through the
//!    manager too; other set-up of the controller through [`configure`](IrqManager::configure).
//! 5. A controller below a line gets a manager of its own, and an entry with
//!    [`dispatch_cascaded`](IrqManager::dispatch_cascaded) on that line.
//!
//! # A foreign controller
//!
//! A board implements the traits that its controller can keep. The universal interrupt controller of the 4xx
//! has 32 lines, no acknowledge, no priorities in service and a status register that is cleared by writing ones. It
//! masks the line while it is served, so that handlers can be interrupted by others:
//!
//! ```
//! use hal_exc_api::pic::*;
//!
//! /// The controller's registers (DCRs on hardware), as the board reaches them.
//! trait Dcr: Sync {
//!     fn read(&self, register: u32) -> u32;
//!     fn write(&self, register: u32, value: u32);
//! }
//! const SR: u32 = 0; // status, cleared by writing ones
//! const ER: u32 = 2; // enable
//! const MSR: u32 = 6; // status and enable
//!
//! struct Uic<D>(D);
//!
//! /// Line n is bit 31 - n: the manual counts from the left.
//! fn bit(line: Line) -> u32 {
//!     1 << (31 - line.number())
//! }
//!
//! #[must_use]
//! struct UicClaim(Line);
//! impl Claim for UicClaim {
//!     fn line(&self) -> Line { self.0 }
//! }
//!
//! impl<D: Dcr> InterruptController for Uic<D> {
//!     fn line_count(&self) -> u16 { 32 }
//!     fn line_kind(&self, line: Line) -> Option<LineKind> {
//!         (line.number() < 32).then_some(LineKind::Source)
//!     }
//!     fn cpu_count(&self) -> u8 { 1 }
//! }
//!
//! impl<D: Dcr> Acknowledge for Uic<D> {
//!     type Claim = UicClaim;
//!     fn acknowledge(&self, _: CpuId) -> Acknowledged<UicClaim> {
//!         let pending = self.0.read(MSR);
//!         if pending == 0 {
//!             return Acknowledged::Spurious;
//!         }
//!         // The leftmost bit is the most urgent.
//!         let line = Line::new(pending.leading_zeros() as u16);
//!         // Not again before the end: the contract of `Acknowledge`.
//!         self.0.write(ER, self.0.read(ER) & !bit(line));
//!         Acknowledged::Claimed(UicClaim(line))
//!     }
//!     fn end(&self, claim: UicClaim) {
//!         self.0.write(SR, bit(claim.0));
//!         self.0.write(ER, self.0.read(ER) | bit(claim.0));
//!     }
//! }
//!
//! impl<D: Dcr> LineMask for Uic<D> {
//!     fn enable(&self, line: Line) -> Result<(), PicError> {
//!         self.check_line(line)?;
//!         self.0.write(ER, self.0.read(ER) | bit(line));
//!         Ok(())
//!     }
//!     fn disable(&self, line: Line) -> Result<(), PicError> {
//!         self.check_line(line)?;
//!         self.0.write(ER, self.0.read(ER) & !bit(line));
//!         Ok(())
//!     }
//!     fn is_enabled(&self, line: Line) -> Result<bool, PicError> {
//!         self.check_line(line)?;
//!         Ok(self.0.read(ER) & bit(line) != 0)
//!     }
//! }
//! # use hal_exc_api::irq::{IrqManager, IrqEntry, Platform};
//! # use hal_exc_api::handler::Handled;
//! # use core::sync::atomic::{AtomicU32, Ordering};
//! # struct Regs([AtomicU32; 3]);
//! # impl Dcr for &'static Regs {
//! #     fn read(&self, r: u32) -> u32 {
//! #         match r { SR => self.0[0].load(Ordering::Relaxed), ER => self.0[1].load(Ordering::Relaxed),
//! #             _ => self.0[0].load(Ordering::Relaxed) & self.0[1].load(Ordering::Relaxed) }
//! #     }
//! #     fn write(&self, r: u32, v: u32) {
//! #         if r == SR { self.0[0].fetch_and(!v, Ordering::Relaxed); } else { self.0[1].store(v, Ordering::Relaxed); }
//! #     }
//! # }
//! # struct Board;
//! # impl Platform for Board {
//! #     fn cpu(&self) -> CpuId { CpuId::BOOT }
//! #     fn in_interrupt(&self) -> bool { false }
//! #     fn mask_local(&self) -> u32 { 0 }
//! #     fn restore_local(&self, _: u32) {}
//! #     fn is_online(&self, _: CpuId) -> bool { true }
//! # }
//! # static REGS: Regs = Regs([const { AtomicU32::new(0) }; 3]);
//! # static IRQS: IrqManager<Uic<&'static Regs>, Board, 32, 1> = IrqManager::new(Board);
//! # static HITS: AtomicU32 = AtomicU32::new(0);
//! # static ENTRY: IrqEntry = IrqEntry::new("uart", |n: &'static AtomicU32, _| { n.fetch_add(1, Ordering::Relaxed); Handled::Handled }, &HITS);
//! # IRQS.init(Uic(&REGS)).unwrap();
//! # IRQS.install(Line::new(3), &ENTRY).unwrap();
//! # REGS.0[0].store(bit(Line::new(3)), Ordering::Relaxed);
//! # assert_eq!(IRQS.dispatch(), Handled::Handled);
//! # assert_eq!(HITS.load(Ordering::Relaxed), 1);
//! # assert_eq!(REGS.0[0].load(Ordering::Relaxed), 0);
//! # assert!(IRQS.is_enabled(Line::new(3)).unwrap());
//! ```
//!
//! A handler of such a controller that disables its own line is overruled by `end`; a driver for real use
//! keeps a word of the lines that are wanted, as this one would beside `ER`.
//!
//! # What goes wrong is counted
//!
//! A spurious interrupt, a vector of no line, a line without a responsible entry: each is counted and
//! passed to [`Platform::report`]. A line that is unhandled [`set_storm_limit`](IrqManager::set_storm_limit)
//! times in a row is masked, so that a screaming device cannot take the CPU away.

mod control;
mod deferred;
mod dispatch;
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
