// SPDX-License-Identifier: MIT OR Apache-2.0
//! What all board programs share: how they start, how they end, how they fail.

use core::fmt::{self, Write as _};

#[cfg(target_arch = "powerpc")]
use hal_exc_api::fatal::Fatal;

use crate::boot::BootInfo;
use crate::println;
#[cfg(target_arch = "powerpc")]
use crate::stack::MainStack;

/// Why a program failed: the text after `result: fail: `.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure(heapless::String<112>);

impl Failure {
    /// A failure with this text; what does not fit is cut off.
    #[must_use]
    pub fn new(text: impl fmt::Display) -> Self {
        let mut reason = Cut(heapless::String::new());
        // `Cut` takes what fits and never fails.
        let _ = write!(reason, "{text}");
        Self(reason.0)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: core::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

struct Cut(heapless::String<112>);

impl fmt::Write for Cut {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            if self.0.push(c).is_err() {
                break;
            }
        }
        Ok(())
    }
}

/// Runs `main`, prints the result line and powers the board off.
pub fn run(boot: &'static BootInfo, main: fn(&'static BootInfo) -> Result<(), Failure>, power_off: fn() -> !) -> ! {
    report(main(boot));
    power_off()
}

fn report(outcome: Result<(), Failure>) {
    match outcome {
        Ok(()) => println!("result: pass"),
        Err(reason) => println!("result: fail: {reason}"),
    }
}

/// Reports a panic as the result and powers the board off.
pub fn panicked(info: &core::panic::PanicInfo<'_>, power_off: fn() -> !) -> ! {
    report(Err(Failure::new(format_args!("{info}"))));
    power_off()
}

/// Makes an image: the entry stub calls `main(&'static BootInfo) -> Result<(), Failure>`, the result line is
/// printed, then `power_off() -> !` runs. A panic is a failed result.
#[macro_export]
macro_rules! program {
    ($main:path, $power_off:path) => {
        const _: () = {
            #[unsafe(no_mangle)]
            fn __board_program(boot: &'static $crate::BootInfo) -> ! {
                $crate::program::run(boot, $main, $power_off)
            }

            #[panic_handler]
            fn panic(info: &::core::panic::PanicInfo<'_>) -> ! {
                $crate::program::panicked(info, $power_off)
            }
        };
    };
}

/// The report of an exception that the program did not expect, with the way to where it happened.
#[cfg(target_arch = "powerpc")]
pub fn fatal(fatal: &Fatal<'_>) {
    println!("{fatal}{}", MainStack::new().callers(&fatal.frame));
    println!("result: fail: a fatal exception");
}

/// Makes an image that takes a board, installs exceptions and runs `$body` with references to the `Exceptions` and the
/// `Board`; the body returns `Result<(), Failure>`. `$board` is the board's crate, `$family` its family, `$vectors` a
/// vector area. A fatal exception is a failed result, unless `report = PATH` names a `fn(&Fatal<'_>)` that prints another.
#[macro_export]
macro_rules! board_program {
    ($board:ident, $family:expr, $vectors:expr, |$exceptions:pat_param, $taken:pat_param| $body:expr) => {
        $crate::board_program!($board, $family, $vectors, |$exceptions, $taken| $body, report = $crate::program::fatal);
    };
    ($board:ident, $family:expr, $vectors:expr, |$exceptions:pat_param, $taken:pat_param| $body:expr, report = $report:path) => {
        static MEMORY: ::hal_exc_api::install::CpuMemory = ::hal_exc_api::install::CpuMemory::new();

        $crate::program!(main, $board::power_off);

        fn main(boot: &'static $crate::BootInfo) -> ::core::result::Result<(), $crate::Failure> {
            let board = $board::Board::take(boot)?;
            let cpu = ::hal_exc_api::cpu::identify(::hal_exc_api::cpu::Pvr(boot.pvr))?;
            $crate::println!("# {cpu}");
            let exceptions = ::hal_exc_api::install::Exceptions::new(&cpu, &[$family])?
                .memory(&MEMORY)
                .vectors($vectors)
                .fatal(fatal)
                .install()?;
            let ($exceptions, $taken) = (&exceptions, &board);
            $body
        }

        fn fatal(fatal: &::hal_exc_api::fatal::Fatal<'_>) -> ! {
            $report(fatal);
            $board::power_off()
        }
    };
}

/// Leaves the function with a [`Failure`] of the given text unless the condition holds.
#[macro_export]
macro_rules! ensure {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            return Err($crate::Failure::new(::core::format_args!($($text)+)));
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::BoardError;
    use std::string::{String, ToString};

    #[test]
    fn failures_carry_the_text_of_the_error() {
        let failure = Failure::from(BoardError::NoDevice("fsl,mpic"));
        assert_eq!(failure.to_string(), "the device tree has no fsl,mpic");
    }

    #[test]
    fn long_texts_are_cut() {
        let long: String = core::iter::repeat_n('x', 500).collect();
        assert_eq!(Failure::new(&long).to_string(), long[..112]);
    }

    #[test]
    fn ensure_returns_early() {
        fn check(value: u32) -> Result<(), Failure> {
            ensure!(value == 1, "value is {value}");
            Ok(())
        }
        assert_eq!(check(1), Ok(()));
        assert_eq!(check(2).unwrap_err().to_string(), "value is 2");
    }
}
