// SPDX-License-Identifier: MIT OR Apache-2.0
//! Floating-point, AltiVec and SPE state around a handler.
//!
//! The wrappers save none of it, and this crate's code uses none of it: by default a handler leaves those registers
//! alone, as code built for soft float does, and exceptions cost nothing for units that nobody uses. A board whose handler
//! does use a unit registers it through `shim::wrap` with what it [`Wanted`]: the entry in the handler table is then a
//! *shim* that saves the interrupted program's state, calls the handler, and restores it. Other handlers' entries are
//! untouched.
//!
//! Which units there are is decided at run time, so an image that runs on all cores cannot be built with their instructions.
//! The save and restore routines (symbols `hal_exc_ctx_*`) are therefore words computed by `const` functions
//! from one table per register file, which the tests decode; an image that wraps no handler does not contain them.
//!
//! | area | registers | bytes | unit switched on by |
//! |---|---|---|---|
//! | [`FpContext`] | f0 to f31, FPSCR | 264 | MSR\[FP\] |
//! | [`VectorContext`], [`LiveVectorContext`] | v0 to v31, VSCR, VRSAVE | 544 | MSR\[VEC\] |
//! | [`SpeContext`] | upper halves of r0 to r31, ACC, SPEFSCR | 144 | MSR\[SPE\] |

#![cfg_attr(not(target_arch = "powerpc"), allow(dead_code, reason = "the routines are made for PowerPC only"))]

mod code;
mod encode;
mod fp;
pub mod shim;
mod spe;
mod vector;

use core::fmt;

pub use fp::FpContext;
pub use spe::SpeContext;
pub use vector::{LiveVectorContext, VectorContext};

use crate::cpu::Features;

/// A save area for the state of one or more units.
///
/// # Safety
/// * [`save`](Self::save) stores all state of the units that compiled or handwritten code between it and `restore`
///   could change, and switches the units on.
/// * [`restore`](Self::restore) puts all of it back and leaves the units as `save` found them.
/// * Neither changes anything else that the C calling convention preserves.
pub unsafe trait Context: Sized {
    /// Switches the units on and saves their state into `area`. Returns the MSR as it was before. What the registers
    /// hold afterwards is not specified.
    ///
    /// # Safety
    /// * The CPU has the units; supervisor state.
    /// * `area` is valid for writes and aligned.
    unsafe fn save(area: *mut Self) -> u32;

    /// Restores what `save` saved, and its MSR.
    ///
    /// # Safety
    /// * `area` was filled by `save` on this CPU, and `msr` is what that returned.
    unsafe fn restore(area: *const Self, msr: u32);
}

/// Which state a board wants saved around a handler.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Wanted(u8);

impl Wanted {
    /// None: the default.
    pub const NONE: Self = Self(0);
    /// Floating-point registers.
    pub const FP: Self = Self(1);
    /// All AltiVec registers.
    pub const VECTOR: Self = Self(2);
    /// The AltiVec registers that VRSAVE marks as in use. Only for systems whose programs all keep VRSAVE.
    pub const LIVE_VECTOR: Self = Self(2 | 4);
    /// SPE state.
    pub const SPE: Self = Self(8);

    /// Both together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The part of it that a CPU with `features` has units for.
    #[must_use]
    pub const fn present_in(self, features: Features) -> Self {
        let mut kept = self.0;
        if !features.contains(Features::FPU) {
            kept &= !Self::FP.0;
        }
        if !features.contains(Features::ALTIVEC) {
            kept &= !Self::LIVE_VECTOR.0;
        }
        if !features.contains(Features::SPE) {
            kept &= !Self::SPE.0;
        }
        Self(kept)
    }

    /// Which shim does this on a CPU with `features`: those of its model, or those found by probing where the model
    /// leaves a unit open.
    ///
    /// # Errors
    /// * [`ContextError::UnitMissing`] when the CPU lacks a unit; [`present_in`](Self::present_in) leaves those out.
    /// * [`ContextError::Combination`] for SPE together with another unit, which no core has.
    pub const fn plan(self, features: Features) -> Result<Plan, ContextError> {
        let missing = self.0 & !self.present_in(features).0;
        if missing != 0 {
            return Err(ContextError::UnitMissing { wanted: Self(missing), features });
        }
        Ok(match (self.has(Self::FP), self.has(Self::VECTOR), self.has(Self::LIVE_VECTOR), self.has(Self::SPE)) {
            (false, false, _, false) => Plan::None,
            (true, false, _, false) => Plan::Fp,
            (false, true, false, false) => Plan::Vector,
            (false, true, true, false) => Plan::LiveVector,
            (true, true, false, false) => Plan::FpVector,
            (true, true, true, false) => Plan::FpLiveVector,
            (false, false, _, true) => Plan::Spe,
            _ => return Err(ContextError::Combination(self)),
        })
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut gap = "";
        for (part, name) in [(Self::FP, "fp"), (Self::VECTOR, "altivec"), (Self::SPE, "spe")] {
            if self.has(part) {
                write!(f, "{gap}{name}")?;
                gap = " ";
            }
        }
        if gap.is_empty() { f.write_str("none") } else { Ok(()) }
    }
}

/// What a handler's table entry will be.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Plan {
    /// The handler itself.
    None,
    /// A shim with [`FpContext`].
    Fp,
    /// A shim with [`VectorContext`].
    Vector,
    /// A shim with [`LiveVectorContext`].
    LiveVector,
    /// A shim with both.
    FpVector,
    /// A shim with both, the vector part by VRSAVE.
    FpLiveVector,
    /// A shim with [`SpeContext`].
    Spe,
}

/// Why a handler cannot be wrapped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ContextError {
    /// The CPU lacks units.
    UnitMissing {
        /// Which.
        wanted: Wanted,
        /// What the CPU has.
        features: Features,
    },
    /// No core has these units together.
    Combination(Wanted),
}

impl fmt::Display for ContextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnitMissing { wanted, features } => write!(f, "no unit for {wanted} in a CPU with {features}"),
            Self::Combination(wanted) => write!(f, "no shim saves this together: {wanted}"),
        }
    }
}

impl core::error::Error for ContextError {}

/// Switches units on: MSR bits in `mask`. Returns the MSR as it was.
///
/// # Safety
/// * `mask` has only bits of units that the CPU has; supervisor state.
#[cfg(target_arch = "powerpc")]
unsafe fn switch_on(mask: u32) -> u32 {
    let before;
    // SAFETY: the caller answers for the bits; the units' registers belong to no compiled code. Not `nomem`: accesses must not
    // be moved across a change of MSR.
    unsafe {
        core::arch::asm!(
            "mfmsr {before}",            // what to go back to
            "or {mask}, {mask}, {before}",
            "mtmsr {mask}",              // the unit is on
            "isync",                     // from the next instruction on
            before = out(reg) before,
            mask = inout(reg) mask => _,
            options(nostack, preserves_flags)
        );
    }
    before
}

/// Sets MSR back.
///
/// # Safety
/// * `msr` is what [`switch_on`] returned in this handler.
#[cfg(target_arch = "powerpc")]
unsafe fn switch_back(msr: u32) {
    // SAFETY: it is the MSR that this handler began with.
    unsafe {
        core::arch::asm!(
            "mtmsr {}",                  // units as they were
            "isync",                     // from the next instruction on
            in(reg) msr,
            options(nostack, preserves_flags)
        );
    }
}
