// SPDX-License-Identifier: MIT OR Apache-2.0
//! The upper halves of r0 to r31, ACC and SPEFSCR.
//!
//! The lower halves are the general-purpose registers that the wrappers save anyway.

use core::mem::{offset_of, size_of};

use super::code::{Code, Slot, register_file};
use super::encode::{BLR, evldd, evmergelo, evmra, evmwumiaa, evstdd, evstwwe, evxor, lwz, mfspr, mtspr};
use crate::insn::stw;

/// SPE state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C, align(8))]
pub struct SpeContext {
    /// Upper halves of r0 to r31.
    pub upper: [u32; 32],
    /// Accumulator.
    pub acc: u64,
    /// SPEFSCR (SPR 512).
    pub spefscr: u32,
    padding: u32,
}

const _: () = {
    assert!(size_of::<SpeContext>() == 144);
    assert!(offset_of!(SpeContext, upper) == 0);
    assert!(offset_of!(SpeContext, acc) == 128);
    assert!(offset_of!(SpeContext, spefscr) == 136);
};

impl SpeContext {
    /// All zeros.
    pub const ZERO: Self = Self { upper: [0; 32], acc: 0, spefscr: 0, padding: 0 };
}

macro_rules! slots {
    ($($n:literal)+) => {
        /// The register file: save and restore are both made from it.
        const SLOTS: [Slot; 32] = [$(Slot { register: $n, offset: (offset_of!(SpeContext, upper) + 4 * $n) as u16 },)+];
    };
}

register_file!(slots);

const ACC: u16 = offset_of!(SpeContext, acc) as u16;
const SPEFSCR: u16 = offset_of!(SpeContext, spefscr) as u16;
/// SPR number of SPEFSCR.
const SPR_SPEFSCR: u16 = 512;
/// The area, in both routines. Its upper half counts as any other.
const AREA: u8 = 3;
/// Upper halves on their way back.
const TEMP: u8 = 4;
/// SPEFSCR.
const TEMP_STATUS: u8 = 5;
/// ACC, all 64 bits.
const TEMP_WIDE: u8 = 6;

/// The upper halves, then ACC by adding a product of zeros to it, then SPEFSCR.
const SAVE: [u32; 40] = {
    let mut code = Code::new();
    let mut i = 0;
    while i < SLOTS.len() {
        code = code.then([evstwwe(SLOTS[i].register, SLOTS[i].offset, AREA)]);
        i += 1;
    }
    code.then([
        evxor(TEMP_WIDE, TEMP_WIDE, TEMP_WIDE),
        evmwumiaa(TEMP_WIDE, TEMP_WIDE, TEMP_WIDE),
        evstdd(TEMP_WIDE, ACC, AREA),
        mfspr(TEMP_STATUS, SPR_SPEFSCR),
        stw(TEMP_STATUS, SPEFSCR as i16, AREA),
        BLR,
    ])
    .finish()
};

/// SPEFSCR and ACC, then the upper halves: a load into a lower half changes no upper one, so the temporary register can have
/// its turn like all others.
const RESTORE: [u32; 72] = {
    let mut code = Code::new().then([
        lwz(TEMP_STATUS, SPEFSCR, AREA),
        mtspr(SPR_SPEFSCR, TEMP_STATUS),
        evldd(TEMP_WIDE, ACC, AREA),
        evmra(TEMP_WIDE, TEMP_WIDE),
    ]);
    let mut i = 0;
    while i < SLOTS.len() {
        let Slot { register, offset } = SLOTS[i];
        code = code.then([lwz(TEMP, offset, AREA), evmergelo(register, TEMP, register)]);
        i += 1;
    }
    code.then([BLR]).finish()
};

#[cfg(target_arch = "powerpc")]
mod target {
    use super::super::code::routine;
    use super::super::{Context, switch_back, switch_on};
    use super::{RESTORE, SAVE, SpeContext};
    use crate::msr::MsrBit;

    routine! {
        /// Stores the SPE state to `area`; destroys the upper half of r6.
        hal_exc_ctx_spe_save(area: *mut SpeContext) = SAVE, [0 1 2 3 4]
    }

    routine! {
        /// Loads the SPE state from `area`.
        hal_exc_ctx_spe_restore(area: *const SpeContext) = RESTORE, [0 1 2 3 4 5 6 7 8]
    }

    // SAFETY: the table has the upper half of every register, ACC and SPEFSCR go besides; MSR is put back; the lower halves of
    // r4 to r6 are volatile, all others are unchanged.
    unsafe impl Context for SpeContext {
        unsafe fn save(area: *mut Self) -> u32 {
            // SAFETY: the caller answers for the unit.
            let msr = unsafe { switch_on(MsrBit::Spe.mask()) };
            // SAFETY: the unit is on and the caller answers for the area.
            unsafe { hal_exc_ctx_spe_save(area) };
            msr
        }

        unsafe fn restore(area: *const Self, msr: u32) {
            // SAFETY: the unit is on since `save`, and the caller answers for the area.
            unsafe { hal_exc_ctx_spe_restore(area) };
            // SAFETY: the caller passes what `save` returned.
            unsafe { switch_back(msr) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::code::tests::{is_complete, moves};
    use super::*;

    #[test]
    fn every_upper_half_goes_to_its_own_slot_and_back() {
        is_complete(&SLOTS, 4);
        let saved = moves(&SAVE, |words| {
            let word = words[0];
            (word & 0xFC1F_07FF == 4 << 26 | 3 << 16 | 825)
                .then_some(Slot { register: (word >> 21 & 31) as u8, offset: (word >> 11 & 31) as u16 * 4 })
        });
        is_complete(&saved, 4);
        let restored = moves(&RESTORE, |words| {
            let [load, merge] = words.get(..2)? else { return None };
            let register = merge >> 21 & 31;
            // Onto the register's own lower half, from the loaded r4.
            let is_pair = load >> 16 == 0x8083 && *merge == 4 << 26 | register << 21 | 4 << 16 | register << 11 | 557;
            is_pair.then_some(Slot { register: register as u8, offset: *load as u16 })
        });
        is_complete(&restored, 4);
    }

    #[test]
    fn the_upper_half_of_r6_is_saved_before_it_is_used() {
        let used = SAVE.iter().position(|word| *word == 0x10C6_3216).unwrap();
        let saved = SAVE.iter().position(|word| *word == evstwwe(6, 24, 3)).unwrap();
        assert!(saved < used);
    }

    #[test]
    fn accumulator_and_status_move_too() {
        assert_eq!(SAVE[32..38], [0x10C6_3216, 0x10C6_3558, 0x10C3_8321, 0x7CA0_82A6, 0x90A3_0088, BLR]);
        assert_eq!(RESTORE[..4], [0x80A3_0088, 0x7CA0_83A6, 0x10C3_8301, 0x10C6_04C4]);
        assert_eq!(RESTORE[68], BLR);
    }
}
