// SPDX-License-Identifier: MIT OR Apache-2.0
//! From computed words to a routine.

use super::encode::NOP;

/// A routine under construction: words, and how many there are.
pub(super) struct Code<const N: usize> {
    words: [u32; N],
    len: usize,
}

impl<const N: usize> Code<N> {
    pub(super) const fn new() -> Self {
        Self { words: [NOP; N], len: 0 }
    }

    /// Appends `words`.
    ///
    /// # Panics
    /// When they do not fit: routines are constants, so that is an error of the compiler.
    pub(super) const fn then<const M: usize>(mut self, words: [u32; M]) -> Self {
        let mut i = 0;
        while i < M {
            assert!(self.len < N, "the routine is longer than its array");
            self.words[self.len] = words[i];
            self.len += 1;
            i += 1;
        }
        self
    }

    /// The words, padded to the array's length with instructions that are never reached.
    ///
    /// # Panics
    /// When more than seven words are left over: the array is then too long.
    pub(super) const fn finish(self) -> [u32; N] {
        assert!(N - self.len < 8, "the array is longer than its routine");
        self.words
    }
}

/// Makes a C-callable function out of a constant array, given its length as a list of blocks of eight words. `.long` and not
/// mnemonics: the assembler of an image for all cores knows none of these instructions.
#[cfg(target_arch = "powerpc")]
macro_rules! routine {
    ($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) = $words:path, [$($block:literal)+]) => {
        $(#[$doc])*
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        pub(super) unsafe extern "C" fn $name($($arg: $type),*) {
            const _: () = assert!([$($block),+].len() * 8 == $words.len(), "the blocks do not cover the routine");
            core::arch::naked_asm!(
                $(concat!(".long {}, {}, {}, {}, {}, {}, {}, {} // block ", stringify!($block)),)+
                $(
                    const $words[8 * $block],
                    const $words[8 * $block + 1],
                    const $words[8 * $block + 2],
                    const $words[8 * $block + 3],
                    const $words[8 * $block + 4],
                    const $words[8 * $block + 5],
                    const $words[8 * $block + 6],
                    const $words[8 * $block + 7],
                )+
            )
        }
    };
}

#[cfg(target_arch = "powerpc")]
pub(super) use routine;

/// Calls a macro with the numbers of a register file.
macro_rules! register_file {
    ($callback:ident) => {
        $callback! { 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 }
    };
}

pub(super) use register_file;

/// A register and its place in the save area.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Slot {
    pub(super) register: u8,
    pub(super) offset: u16,
}

/// What the tests of the register files share.
#[cfg(test)]
pub(super) mod tests {
    use std::vec::Vec;

    use super::Slot;

    /// Fails unless every register is there once, in a slot of its own.
    pub(in super::super) fn is_complete(slots: &[Slot], size: u16) {
        assert_eq!(slots.len(), 32);
        for register in 0..32u8 {
            let found: Vec<_> = slots.iter().filter(|slot| slot.register == register).collect();
            assert_eq!(found.len(), 1, "register {register}");
            assert_eq!(found[0].offset, u16::from(register) * size, "register {register}");
        }
    }

    /// The middle of a routine: registers moved to and from slots, in the order of the words.
    pub(in super::super) fn moves(words: &[u32], decode: impl Fn(&[u32]) -> Option<Slot>) -> Vec<Slot> {
        (0..words.len()).filter_map(|at| decode(&words[at..])).collect()
    }
}
