// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a family crate implements so that an install can use it. Porters begin here.
//!
//! A family is a unit struct with `const` tables behind it. It answers questions about a CPU, and one
//! function touches hardware. Everything it hands out is decided once, at install; afterwards no code asks which
//! family it is.

use crate::cpu::Cpu;
use crate::exception::Exception;
use crate::flavor::{Class, Flavor};
use crate::install::InstallError;
use crate::prologue::Target;
use crate::vectors::{VectorEntry, VectorTable};

/// MSR images that the wrappers use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MsrImages {
    /// In which handlers run, for families whose wrappers set one; elsewhere 0.
    pub handler: u32,
    /// From the end of the handler to the return instruction: EE and the critical enable off, ME on.
    pub exit: u32,
}

/// A wrapper that a family offers.
#[derive(Clone, Copy, Debug)]
pub struct Wrapper {
    /// Save/restore pair and return instruction.
    pub flavor: Flavor,
    /// The level at which its handlers run.
    pub class: Class,
    /// Whether it is for asynchronous exceptions (decides only within [`Class::Standard`]).
    pub asynchronous: bool,
    /// The exceptions that it is for, where a wrapper differs in what it captures; empty: all of its flavor and class. An
    /// install takes the first wrapper of [`Family::wrappers`] that serves a row, so these come first.
    pub only: &'static [Exception],
    /// Its entries. A function, because the address of a symbol is not a constant.
    pub target: fn() -> Target,
}

/// A [`Wrapper`] for an expansion of one of the wrapper macros: flavor, class, whether asynchronous, the names of its two
/// symbols, and the exceptions that it is for if these are not all. On a host, where no wrapper is linked, its address is a made-up one.
#[macro_export]
macro_rules! wrapper_row {
    ($flavor:ident, $class:ident, $asynchronous:literal, $near:ident, $far:ident $(, $only:ident)* $(,)?) => {
        $crate::family::Wrapper {
            flavor: $crate::flavor::Flavor::$flavor,
            class: $crate::flavor::Class::$class,
            asynchronous: $asynchronous,
            only: &[$($crate::exception::Exception::$only),*],
            target: || {
                #[cfg(target_arch = "powerpc")]
                {
                    unsafe extern "C" {
                        fn $near();
                        fn $far();
                    }
                    $crate::prologue::Target {
                        near: $near as *const () as usize as u32,
                        far: $far as *const () as usize as u32,
                    }
                }
                #[cfg(not(target_arch = "powerpc"))]
                $crate::prologue::Target { near: 0x0010_000C, far: 0x0010_0000 }
            },
        }
    };
}

impl Wrapper {
    /// Whether it serves this row of a vector table.
    #[must_use]
    pub fn serves(&self, entry: &VectorEntry) -> bool {
        let class = entry.class();
        self.flavor == entry.flavor
            && self.class == class
            && (class != Class::Standard || self.asynchronous == entry.asynchronous)
            && (self.only.is_empty() || self.only.contains(&entry.exception))
    }
}

/// A family of CPUs that share wrappers and a way to point the hardware at vectors.
///
/// # Safety
/// The implementer promises that for every CPU it [`claims`](Self::claims):
/// * [`table`](Self::table) lists vectors where the hardware delivers them, in the flavor in which it does;
/// * each [`Wrapper`] is an expansion of the macro in [`wrapper`](crate::wrapper) for its class, with the
///   save/restore pair and the return instruction of its flavor, and lies in memory that stays mapped and executable;
/// * [`msr`](Self::msr) keeps machine checks on, and its exit image masks everything that may dispatch;
/// * [`point`](Self::point) makes the hardware use the given base, or returns an error and leaves the old one.
pub unsafe trait Family: Sync {
    /// The crate's name.
    fn crate_name(&self) -> &'static str;

    /// What the CPU's family is called in output: `classic`, `405`, `booke`, `e500`, `e200`.
    fn family_name(&self, cpu: &Cpu) -> &'static str;

    /// Whether it serves this CPU.
    fn claims(&self, cpu: &Cpu) -> bool;

    /// The vectors of this CPU; `None` when it does not serve it.
    fn table(&self, cpu: &Cpu) -> Option<&'static VectorTable>;

    /// The wrappers it offers.
    fn wrappers(&self, cpu: &Cpu) -> &'static [Wrapper];

    /// The wrapper of exceptions that the push of a frame may raise itself, data TLB miss and data storage: an expansion
    /// of [`guarded_wrapper!`](crate::guarded_wrapper). `None` where entry code runs untranslated.
    fn guarded(&self, _cpu: &Cpu) -> Option<Wrapper> {
        None
    }

    /// The MSR images for this CPU.
    fn msr(&self, cpu: &Cpu) -> MsrImages;

    /// Whether an exception switches translation off, so that entry code reaches frames and blocks untranslated. The
    /// install then tests that their memory is write-back.
    fn enters_untranslated(&self) -> bool {
        false
    }

    /// Whether vectors can lie at `base` on this CPU.
    ///
    /// # Errors
    /// [`InstallError::VectorBase`] when they cannot.
    fn check_base(&self, cpu: &Cpu, base: u32) -> Result<(), InstallError>;

    /// Points the hardware at the vectors and reads back that it took the values.
    ///
    /// # Errors
    /// [`InstallError::Register`] when a register did not take its value.
    ///
    /// # Safety
    /// * All prologues of `table` are written at `base` and visible to instruction fetch.
    /// * Asynchronous exceptions are masked.
    unsafe fn point(&self, cpu: &Cpu, base: u32, table: &VectorTable) -> Result<(), InstallError>;
}
