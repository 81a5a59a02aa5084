// SPDX-License-Identifier: MIT OR Apache-2.0
//! Console text: `print!` and `println!` to the function that the board sets.
//!
//! No lock and no buffer: a report from an exception handler must come out even when it interrupted a line.

use core::convert::Infallible;
use core::fmt::{self, Write as _};
use core::mem;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

/// Sends bytes, and returns when the device took them all.
pub type Sink = fn(&[u8]);

static SINK: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// From now on text goes to `sink`.
pub fn set(sink: Sink) {
    SINK.store(sink as *mut (), Ordering::Relaxed);
}

/// The board's console. Before [`set`] text is lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Console;

impl Console {
    fn send(bytes: &[u8]) {
        let sink = SINK.load(Ordering::Relaxed);
        if !sink.is_null() {
            // SAFETY: only `set` stores here, and what it stores was a `Sink`.
            let sink = unsafe { mem::transmute::<*mut (), Sink>(sink) };
            sink(bytes);
        }
    }
}

impl fmt::Write for Console {
    /// A line feed becomes carriage return and line feed, as terminals want it.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for piece in text.as_bytes().split_inclusive(|&byte| byte == b'\n') {
            match piece.split_last() {
                Some((b'\n', line)) => {
                    Self::send(line);
                    Self::send(b"\r\n");
                }
                _ => Self::send(piece),
            }
        }
        Ok(())
    }
}

impl embedded_io::ErrorType for Console {
    type Error = Infallible;
}

impl embedded_io::Write for Console {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        Self::send(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Sends formatted text line by line, each with `# ` in front: a note, not compared with expected text.
pub fn notes(text: impl fmt::Display) {
    // As for `print`.
    let _ = write!(Notes { at_start: true }, "{text}");
}

struct Notes {
    at_start: bool,
}

impl fmt::Write for Notes {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for line in text.split_inclusive('\n') {
            if self.at_start {
                Console.write_str("# ")?;
            }
            Console.write_str(line)?;
            self.at_start = line.ends_with('\n');
        }
        Ok(())
    }
}

/// Sends formatted text to the console; see [`crate::print!`].
pub fn print(text: fmt::Arguments<'_>) {
    // A console that cannot be written has nobody to tell.
    let _ = Console.write_fmt(text);
}

/// Sends formatted text to the console.
#[macro_export]
macro_rules! print {
    ($($text:tt)*) => { $crate::console::print(::core::format_args!($($text)*)) };
}

/// Sends formatted text and a line end to the console.
#[macro_export]
macro_rules! println {
    () => { $crate::print!("\n") };
    ($($text:tt)*) => { $crate::console::print(::core::format_args!("{}\n", ::core::format_args!($($text)*))) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use embedded_io::Write as _;
    use std::string::String;
    use std::sync::Mutex;

    static SEEN: Mutex<String> = Mutex::new(String::new());

    fn sink(bytes: &[u8]) {
        SEEN.lock().unwrap().push_str(core::str::from_utf8(bytes).unwrap());
    }

    #[test]
    fn text_before_and_after_set() {
        println!("lost");
        set(sink);
        println!("a {}\nb", 1);
        println!();
        print!("c");
        Console.write_all(b"raw\n").unwrap();
        notes(format_args!("x{}\n\nz\n", 'y'));
        assert_eq!(*SEEN.lock().unwrap(), "a 1\r\nb\r\n\r\ncraw\n# xy\r\n# \r\n# z\r\n");
    }
}
