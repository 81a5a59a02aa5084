// SPDX-License-Identifier: MIT OR Apache-2.0
//! Entries: what a driver owns and hangs on a line.

use core::fmt;

use super::list::{self, Link, Node};
use super::sync::{AtomicPtr, AtomicU32, Ordering, forget_range};
use crate::handler::Handled;
use crate::pic::{CpuId, Line};

/// Which interrupt a handler is called for.
///
/// One word, so that it travels in a register.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct Delivery(u32);

impl Delivery {
    /// The interrupt of `line`, sent by `source` where the controller says so.
    #[inline(always)]
    pub const fn new(line: Line, source: Option<CpuId>) -> Self {
        let source = match source {
            Some(cpu) => cpu.index() as u32 + 1,
            None => 0,
        };
        Self(source << 16 | line.number() as u32)
    }

    /// The same, without what the compiler knows of the line's range.
    #[inline(always)]
    pub(super) fn of_unknown_range(self) -> Self {
        Self(forget_range(self.0))
    }

    /// The line.
    #[inline]
    pub const fn line(self) -> Line {
        Line::new(self.0 as u16)
    }

    /// The CPU that sent it, for inter-processor interrupts of controllers that say so.
    pub const fn source_cpu(self) -> Option<CpuId> {
        CpuId::new(((self.0 >> 16) as usize).wrapping_sub(1))
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.source_cpu() {
            Some(cpu) => write!(f, "{:?} from {cpu:?}", self.line()),
            None => write!(f, "{:?}", self.line()),
        }
    }
}

type Erased = unsafe fn(*const (), Delivery) -> Handled;

/// A handler and its data, owned by a driver as a `static` and lent to the manager while it is
/// installed.
///
/// ```
/// use hal_exc_api::handler::Handled;
/// use hal_exc_api::irq::{Delivery, IrqEntry};
/// use core::sync::atomic::{AtomicU32, Ordering};
///
/// struct Uart { received: AtomicU32 }
/// impl Uart {
///     fn on_interrupt(&'static self, _: Delivery) -> Handled {
///         self.received.fetch_add(1, Ordering::Relaxed);
///         Handled::Handled
///     }
/// }
/// static UART: Uart = Uart { received: AtomicU32::new(0) };
/// static UART_ENTRY: IrqEntry = IrqEntry::new("uart0", Uart::on_interrupt, &UART);
/// assert_eq!(UART_ENTRY.name(), "uart0");
/// ```
#[repr(C)]
pub struct IrqEntry {
    handler: Erased,
    data: *const (),
    link: Link<IrqEntry>,
    name: &'static str,
    unique: bool,
}

// SAFETY: `data` came from a `&'static T` with `T: Sync`, `handler` is a plain function, the link is
// atomic, the rest is immutable.
unsafe impl Sync for IrqEntry {}
// SAFETY: as for `Sync`; nothing belongs to a thread.
unsafe impl Send for IrqEntry {}

impl Node for IrqEntry {
    #[inline(always)]
    fn link(&self) -> &Link<Self> {
        &self.link
    }
}

impl IrqEntry {
    /// An entry that calls `handler(data, delivery)`. `name` is for reports.
    ///
    /// The handler says [`Handled::Handled`] if its device had caused the interrupt; on a shared line all
    /// entries are asked, in install order.
    pub const fn new<T: Sync>(
        name: &'static str,
        handler: fn(&'static T, Delivery) -> Handled,
        data: &'static T,
    ) -> Self {
        Self {
            // SAFETY: function pointers that differ only in `&'static T` and `*const ()` for a sized `T` are
            // ABI-compatible; `call` passes the very `data` given here, so the reference is valid.
            handler: unsafe { core::mem::transmute::<fn(&'static T, Delivery) -> Handled, Erased>(handler) },
            data: core::ptr::from_ref(data).cast(),
            link: Link { next: AtomicPtr::new(core::ptr::null_mut()), state: AtomicU32::new(list::FREE) },
            name,
            unique: false,
        }
    }

    /// The same, but it shares its line with nobody: installing it on a line in use, or another
    /// one beside it, is refused.
    pub const fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// The name for reports.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Whether it refuses to share its line.
    pub const fn is_unique(&self) -> bool {
        self.unique
    }

    /// The line that it is installed on, or is being removed from.
    pub fn line(&self) -> Option<Line> {
        match self.state() {
            list::FREE => None,
            word => Some(Line::new((word >> 16) as u16)),
        }
    }

    pub(super) fn state(&self) -> u32 {
        self.link.state.load(Ordering::Relaxed)
    }

    /// Only by whoever has it in possession, under the manager's lock.
    pub(super) fn mark(&self, tag: u32, line: Line) {
        self.link.state.store(list::state_word(tag, line.number()), Ordering::Relaxed);
    }

    /// Same handler and same data: such a pair has no business on one line.
    pub(super) fn same_action(&self, other: &Self) -> bool {
        core::ptr::fn_addr_eq(self.handler, other.handler) && core::ptr::eq(self.data, other.data)
    }

    #[inline(always)]
    pub(super) fn call(&self, delivery: Delivery) -> Handled {
        // SAFETY: `handler` expects the reference that `data` was made from.
        unsafe { (self.handler)(self.data, delivery) }
    }
}

impl fmt::Debug for IrqEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IrqEntry")
            .field("name", &self.name)
            .field("unique", &self.unique)
            .field("line", &self.line())
            .finish()
    }
}
