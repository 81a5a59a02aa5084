// SPDX-License-Identifier: MIT OR Apache-2.0
//! From the wrapper's handler call to a manager: one function per manager, no indirection.

use super::{IrqError, IrqManager, Platform};
use crate::frame::InterruptFrame;
use crate::handler::{Handled, InterruptHandler};
use crate::pic::{Acknowledge, LineMask};

/// Names a manager that lives in a `static`, so that a handler function can be made for it.
/// [`irq_manager!`](crate::irq_manager) writes the implementation.
///
/// # Safety
///
/// * [`manager`](Self::manager) answers the same manager on every call.
pub unsafe trait ManagerStatic<const LINES: usize, const CPUS: usize>: 'static {
    /// Its controller.
    type Controller: Acknowledge + LineMask + Send + 'static;
    /// Its platform.
    type Platform: Platform + 'static;

    /// The manager.
    fn manager() -> &'static IrqManager<Self::Controller, Self::Platform, LINES, CPUS>;
}

/// The handler for the external-input exception that dispatches to the manager `M`. To be had only when
/// the manager is initialised, so the handler need not look.
pub fn exception_handler<M, const LINES: usize, const CPUS: usize>() -> Result<InterruptHandler, IrqError>
where
    M: ManagerStatic<LINES, CPUS>,
{
    if M::manager().is_initialised() { Ok(external::<M, LINES, CPUS>) } else { Err(IrqError::NotInitialised) }
}

extern "C" fn external<M, const LINES: usize, const CPUS: usize>(_: &mut InterruptFrame) -> Handled
where
    M: ManagerStatic<LINES, CPUS>,
{
    let manager = M::manager();
    // SAFETY: this function is private and `exception_handler` gives it out only after it has seen
    // that the manager is initialised, which it then stays; `M` answers the same manager always.
    unsafe { manager.dispatch_from(manager.controller_unchecked()) }
}

/// Declares a manager in a `static`, and a type of the same visibility that names it for
/// [`exception_handler`](crate::irq::exception_handler).
///
/// ```
/// # use hal_exc_api::pic::*;
/// # struct Board;
/// # impl hal_exc_api::irq::Platform for Board {
/// #     fn cpu(&self) -> CpuId { CpuId::BOOT }
/// #     fn in_interrupt(&self) -> bool { false }
/// #     fn mask_local(&self) -> u32 { 0 }
/// #     fn restore_local(&self, _: u32) {}
/// #     fn is_online(&self, _: CpuId) -> bool { true }
/// # }
/// # struct Pic;
/// # struct Token(Line);
/// # impl Claim for Token { fn line(&self) -> Line { self.0 } }
/// # impl InterruptController for Pic {
/// #     fn line_count(&self) -> u16 { 64 }
/// #     fn line_kind(&self, line: Line) -> Option<LineKind> { (line.number() < 64).then_some(LineKind::Source) }
/// #     fn cpu_count(&self) -> u8 { 1 }
/// # }
/// # impl Acknowledge for Pic {
/// #     type Claim = Token;
/// #     fn acknowledge(&self, _: CpuId) -> Acknowledged<Token> { Acknowledged::Spurious }
/// #     fn end(&self, _: Token) {}
/// # }
/// # impl LineMask for Pic {
/// #     fn enable(&self, _: Line) -> Result<(), PicError> { Ok(()) }
/// #     fn disable(&self, _: Line) -> Result<(), PicError> { Ok(()) }
/// #     fn is_enabled(&self, _: Line) -> Result<bool, PicError> { Ok(true) }
/// # }
/// use hal_exc_api::{irq, irq_manager};
///
/// irq_manager! {
///     /// The interrupts of the board: 64 lines, one CPU.
///     static IRQS: IrqManager<Pic, Board, 64, 1> = Board, named Irqs;
/// }
///
/// fn main() -> Result<(), irq::IrqError> {
///     IRQS.init(Pic)?;
///     let handler = irq::exception_handler::<Irqs, 64, 1>()?;
///     // … to be registered for the external-input exception.
/// #   let _ = handler;
///     Ok(())
/// }
/// ```
#[macro_export]
macro_rules! irq_manager {
    ($(#[$doc:meta])* $vis:vis static $name:ident: IrqManager<$controller:ty, $platform:ty, $lines:tt, $cpus:tt> = $value:expr, named $type:ident;) => {
        $(#[$doc])*
        $vis static $name: $crate::irq::IrqManager<$controller, $platform, $lines, $cpus> =
            $crate::irq::IrqManager::new($value);

        #[doc = concat!("Names [`", stringify!($name), "`] for its exception handler.")]
        $vis enum $type {}

        // SAFETY: it is the same static always.
        unsafe impl $crate::irq::ManagerStatic<$lines, $cpus> for $type {
            type Controller = $controller;
            type Platform = $platform;

            #[inline(always)]
            fn manager() -> &'static $crate::irq::IrqManager<$controller, $platform, $lines, $cpus> {
                &$name
            }
        }
    };
}
