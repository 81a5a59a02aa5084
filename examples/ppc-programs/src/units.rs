// SPDX-License-Identifier: MIT OR Apache-2.0
//! Holding a pattern in the registers of the CPU's floating-point, AltiVec and SPE units. The image's compiled code uses none
//! of them, so what is loaded stays until a handler changes it.

use core::ptr;

use hal_exc_api::context::{Context, FpContext, SpeContext, VectorContext, Wanted};
use hal_exc_api::cpu::{Cpu, Features};

/// FPSCR without enables and without the bits that the unit computes from others.
const FPSCR_BITS: u32 = 0x1E01_F003;
/// VSCR has these two: non-Java, saturation.
const VSCR_BITS: u32 = 0x0001_0001;
/// SPEFSCR: sticky status and rounding mode, no enables.
const SPEFSCR_BITS: u32 = 0x003F_0003;

/// Every unit that a CPU may have.
pub(crate) fn wanted(cpu: &Cpu) -> Wanted {
    Wanted::FP.with(Wanted::VECTOR).with(Wanted::SPE).present_in(cpu.features())
}

/// The state of all units.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Units {
    fp: FpContext,
    vector: VectorContext,
    spe: SpeContext,
}

impl Units {
    pub(crate) const ZERO: Self = Self { fp: FpContext::ZERO, vector: VectorContext::ZERO, spe: SpeContext::ZERO };

    /// A pattern from a source of random words.
    pub(crate) fn pattern(next: &mut impl FnMut() -> u32) -> Self {
        let mut new = Self::ZERO;
        new.fp.fpr = core::array::from_fn(|_| u64::from(next()) << 32 | u64::from(next()));
        new.fp.fpscr = u64::from(next() & FPSCR_BITS);
        new.vector.vr = core::array::from_fn(|_| core::array::from_fn(|_| next()));
        new.vector.vscr[3] = next() & VSCR_BITS;
        new.vector.vrsave = next();
        new.spe.upper = core::array::from_fn(|_| next());
        new.spe.acc = u64::from(next()) << 32 | u64::from(next());
        new.spe.spefscr = next() & SPEFSCR_BITS;
        new
    }

    /// Loads the units that the CPU has.
    pub(crate) fn load(&self, cpu: &Cpu) {
        let has = |unit| cpu.features().contains(unit);
        if has(Features::FPU) {
            reload(&self.fp);
        }
        if has(Features::ALTIVEC) {
            reload(&self.vector);
        }
        if has(Features::SPE) {
            reload(&self.spe);
        }
    }

    /// What is wrong with the units' registers now, if anything. They hold anything afterwards.
    pub(crate) fn difference(&self, cpu: &Cpu) -> Option<&'static str> {
        let has = |unit| cpu.features().contains(unit);
        let mut found = Self::ZERO;
        if has(Features::FPU) {
            store(&mut found.fp);
            if found.fp.fpr != self.fp.fpr {
                return Some("an FP register");
            }
            if found.fp.fpscr as u32 != self.fp.fpscr as u32 {
                return Some("FPSCR");
            }
        }
        if has(Features::ALTIVEC) {
            store(&mut found.vector);
            if found.vector.vr != self.vector.vr {
                return Some("an AltiVec register");
            }
            if (found.vector.vscr[3], found.vector.vrsave) != (self.vector.vscr[3], self.vector.vrsave) {
                return Some("VSCR or VRSAVE");
            }
        }
        if has(Features::SPE) {
            store(&mut found.spe);
            if found.spe.upper != self.spe.upper {
                return Some("an upper half");
            }
            if (found.spe.acc, found.spe.spefscr) != (self.spe.acc, self.spe.spefscr) {
                return Some("ACC or SPEFSCR");
            }
        }
        None
    }
}

/// Loads a unit and leaves it switched as it was.
fn reload<C: Context>(area: &C) {
    let msr: u32;
    // SAFETY: reads MSR, which says how the unit is switched now.
    unsafe { core::arch::asm!("mfmsr {}", out(reg) msr, options(nomem, nostack, preserves_flags)) };
    let mut scratch = core::mem::MaybeUninit::<C>::uninit();
    // SAFETY: the callers ask for units that the CPU has; the area is valid and aligned. What it saves is not needed: it
    // switches the unit on.
    unsafe { C::save(scratch.as_mut_ptr()) };
    // SAFETY: a complete area, filled by `pattern`; the unit is on.
    unsafe { C::restore(ptr::from_ref(area), msr) };
}

/// Stores a unit and leaves it switched as it was. Its registers are as before, but for the scratch ones of `save`.
fn store<C: Context>(area: &mut C) {
    // SAFETY: the callers ask for units that the CPU has; the area is valid and aligned.
    let msr = unsafe { C::save(ptr::from_mut(area)) };
    // SAFETY: what `save` filled, and what it returned.
    unsafe { C::restore(ptr::from_ref(area), msr) };
}
