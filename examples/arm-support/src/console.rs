// SPDX-License-Identifier: MIT OR Apache-2.0
//! Console on the board's PL011.
//!
//! The console has no lock: with the MMU off exclusive accesses are not guaranteed on every
//! machine. By convention only core 0 prints, but for a fault that ends the program.

use arm_pl011_uart::{PL011Registers, Uart, UniqueMmioPointer};
use core::fmt;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};

static BASE: AtomicUsize = AtomicUsize::new(0);

/// Names the UART that [`crate::println!`] writes to. The emulator's UART needs no line settings;
/// on hardware the boot loader has made them.
///
/// # Safety
///
/// `base` is the address of a PL011, mapped as device memory, that nobody else writes text to.
pub unsafe fn init(base: usize) {
    BASE.store(base, Ordering::Release);
}

/// The console's UART, for interrupt tests; `None` before [`init`].
pub fn uart() -> Option<Uart<'static>> {
    let base = NonNull::new(BASE.load(Ordering::Acquire) as *mut PL011Registers)?;
    // SAFETY: `init`'s caller vouches for the address; accesses of this program are serialised
    // by the convention that one core prints, and each is a whole register access.
    Some(Uart::new(unsafe { UniqueMmioPointer::new(base) }))
}

struct Console;

impl fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let Some(mut uart) = uart() else {
            return Ok(());
        };
        for byte in text.bytes() {
            // Bounded: a UART that never drains loses text instead of hanging the program.
            for _ in 0..1_000_000 {
                if !uart.is_tx_fifo_full() {
                    break;
                }
            }
            uart.write_word(byte);
        }
        Ok(())
    }
}

#[doc(hidden)]
pub fn print(args: fmt::Arguments<'_>) {
    // The console itself never fails.
    let _ = fmt::Write::write_fmt(&mut Console, args);
}

/// Prints to the console.
#[macro_export]
macro_rules! print {
    ($($arg:tt)*) => { $crate::console::print(format_args!($($arg)*)) };
}

/// Prints a line to the console.
#[macro_export]
macro_rules! println {
    () => { $crate::print!("\n") };
    ($($arg:tt)*) => { $crate::print!("{}\n", format_args!($($arg)*)) };
}
