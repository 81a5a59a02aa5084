// SPDX-License-Identifier: MIT OR Apache-2.0
//! Parameters of a program, from the emulator's semihosting command line.
//!
//! `cargo xtask` starts the emulator with `-semihosting-config arg=rounds=10,arg=fault=masked-50`; the words arrive
//! here as one line, `rounds=10 fault=masked-50` (semihosting SYS_GET_CMDLINE, 0x15). Words without `=` are not looked
//! at: where nobody gives parameters, the emulator's line is the path of the image.

use core::fmt;
use core::str::FromStr;

/// Longest command line in bytes, the closing zero included.
const SIZE: usize = 1024;

/// The parameters.
#[derive(Debug)]
pub struct Options {
    text: [u8; SIZE],
    len: usize,
}

/// Why there are no parameters, or one is of no use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OptionError<'a> {
    /// The emulator's line is longer than this many bytes, or the emulator has none.
    NoLine(usize),
    /// The value of a parameter is not of the type that the program wants.
    Value {
        /// Name of the parameter.
        key: &'a str,
        /// What was given.
        value: &'a str,
    },
}

impl fmt::Display for OptionError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLine(size) => write!(f, "no command line of at most {size} bytes"),
            Self::Value { key, value } => write!(f, "parameter {key} cannot be `{value}`"),
        }
    }
}

impl Options {
    /// Asks the emulator.
    ///
    /// # Errors
    /// [`OptionError::NoLine`] if its line is too long.
    pub fn read() -> Result<Self, OptionError<'static>> {
        #[allow(unused_mut)]
        let mut options = Self { text: [0; SIZE], len: 0 };
        #[cfg(any(target_arch = "arm", target_arch = "aarch64"))]
        {
            let mut buffer = [core::mem::MaybeUninit::uninit(); SIZE];
            let line = semihosting::sys::arm_compat::sys_get_cmdline_uninit(&mut buffer)
                .map_err(|_| OptionError::NoLine(SIZE))?;
            options.len = line.len();
            options.text[..line.len()].copy_from_slice(line);
        }
        Ok(options)
    }

    /// The value of a parameter; `None` if it was not given.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        // What is no text holds no parameter of ours.
        let line = core::str::from_utf8(&self.text[..self.len]).unwrap_or_default();
        line.split(' ').filter_map(|word| word.split_once('=')).find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// The value of a parameter as a number or whatever else reads itself from text; `default` if it was not given.
    ///
    /// # Errors
    /// [`OptionError::Value`] if it does not read so.
    pub fn parse<'a, T: FromStr>(&'a self, key: &'a str, default: T) -> Result<T, OptionError<'a>> {
        match self.get(key) {
            Some(value) => value.parse().map_err(|_| OptionError::Value { key, value }),
            None => Ok(default),
        }
    }
}
