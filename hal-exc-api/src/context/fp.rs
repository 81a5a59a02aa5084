// SPDX-License-Identifier: MIT OR Apache-2.0
//! f0 to f31 and FPSCR.

use core::mem::{offset_of, size_of};

use super::code::{Code, Slot, register_file};
use super::encode::{BLR, lfd, mffs, mtfsf_all, stfd};
use crate::alignment::FpRegisters;

/// Floating-point state, as bits: nothing here computes with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C, align(8))]
pub struct FpContext {
    /// f0 to f31.
    pub fpr: [u64; 32],
    /// FPSCR in the lower word, as `mffs` gives it.
    pub fpscr: u64,
}

const _: () = {
    assert!(size_of::<FpContext>() == 264);
    assert!(offset_of!(FpContext, fpr) == 0);
    assert!(offset_of!(FpContext, fpscr) == 256);
};

impl FpContext {
    /// All zeros: every register +0.0, FPSCR with round to nearest and no exception enabled.
    pub const ZERO: Self = Self { fpr: [0; 32], fpscr: 0 };
}

impl FpRegisters for FpContext {
    fn get(&self, n: u8) -> u64 {
        self.fpr[usize::from(n & 31)]
    }

    fn set(&mut self, n: u8, bits: u64) {
        self.fpr[usize::from(n & 31)] = bits;
    }
}

macro_rules! slots {
    ($($n:literal)+) => {
        /// The register file: save and restore are both made from it.
        const SLOTS: [Slot; 32] = [$(Slot { register: $n, offset: (offset_of!(FpContext, fpr) + 8 * $n) as u16 },)+];
    };
}

register_file!(slots);

const FPSCR: u16 = offset_of!(FpContext, fpscr) as u16;
/// The area, in both routines.
const AREA: u8 = 3;

/// f0 to f31, then FPSCR through f0.
const SAVE: [u32; 40] = {
    let mut code = Code::new();
    let mut i = 0;
    while i < SLOTS.len() {
        code = code.then([stfd(SLOTS[i].register, SLOTS[i].offset, AREA)]);
        i += 1;
    }
    code.then([mffs(0), stfd(0, FPSCR, AREA), BLR]).finish()
};

/// FPSCR through f0, then f0 to f31.
const RESTORE: [u32; 40] = {
    let mut code = Code::new().then([lfd(0, FPSCR, AREA), mtfsf_all(0)]);
    let mut i = 0;
    while i < SLOTS.len() {
        code = code.then([lfd(SLOTS[i].register, SLOTS[i].offset, AREA)]);
        i += 1;
    }
    code.then([BLR]).finish()
};

#[cfg(target_arch = "powerpc")]
mod target {
    use super::super::code::routine;
    use super::super::{Context, switch_back, switch_on};
    use super::{FpContext, RESTORE, SAVE};
    use crate::msr::MsrBit;

    routine! {
        /// Stores the FP state to `area`; destroys f0.
        hal_exc_ctx_fp_save(area: *mut FpContext) = SAVE, [0 1 2 3 4]
    }

    routine! {
        /// Loads the FP state from `area`.
        hal_exc_ctx_fp_restore(area: *const FpContext) = RESTORE, [0 1 2 3 4]
    }

    // SAFETY: the table has every FP register, FPSCR goes besides; MSR is put back; no other register is touched.
    unsafe impl Context for FpContext {
        unsafe fn save(area: *mut Self) -> u32 {
            // SAFETY: the caller answers for the unit.
            let msr = unsafe { switch_on(MsrBit::FloatingPoint.mask()) };
            // SAFETY: the unit is on and the caller answers for the area.
            unsafe { hal_exc_ctx_fp_save(area) };
            msr
        }

        unsafe fn restore(area: *const Self, msr: u32) {
            // SAFETY: the unit is on since `save`, and the caller answers for the area.
            unsafe { hal_exc_ctx_fp_restore(area) };
            // SAFETY: the caller passes what `save` returned.
            unsafe { switch_back(msr) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::code::tests::{is_complete, moves};
    use super::*;

    fn decode(opcode: u32) -> impl Fn(&[u32]) -> Option<Slot> {
        move |words| {
            let word = words[0];
            (word >> 26 == opcode && word >> 16 & 31 == 3)
                .then_some(Slot { register: (word >> 21 & 31) as u8, offset: word as u16 })
        }
    }

    #[test]
    fn mistake_31_a_register_goes_to_anothers_slot() {
        is_complete(&SLOTS, 8);
        let saved = moves(&SAVE, decode(54));
        is_complete(&saved[..32], 8);
        // f0 is in its slot before FPSCR goes through it.
        assert_eq!(saved[32..], [Slot { register: 0, offset: 256 }]);
        let restored = moves(&RESTORE, decode(50));
        assert_eq!(restored[0], Slot { register: 0, offset: 256 });
        is_complete(&restored[1..], 8);
    }

    #[test]
    fn the_status_register_moves_between() {
        assert_eq!(SAVE[32..36], [0xFC00_048E, 0xD803_0100, BLR, 0x6000_0000]);
        assert_eq!(RESTORE[..2], [0xC803_0100, 0xFDFE_058E]);
        assert_eq!(RESTORE[34], BLR);
    }
}
