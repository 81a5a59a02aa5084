// SPDX-License-Identifier: MIT OR Apache-2.0
//! v0 to v31, VSCR and VRSAVE.
//!
//! The registers are saved in groups of four, each skipped when its bits in a mask are clear. [`VectorContext`] saves with
//! all bits set, [`LiveVectorContext`] with VRSAVE: on systems whose programs keep VRSAVE it costs nearly nothing
//! when the interrupted program uses no vectors. The mask is kept in the area, so that what is restored is what was
//! saved, whatever the handler does to VRSAVE.

use core::mem::{offset_of, size_of};

use super::code::{Code, Slot, register_file};
use super::encode::{BLR, lvx, lwz, mfspr, mfvscr, mtspr, mtvscr, skip_if_zero, stvx, test_lower, test_upper};
use crate::insn::{li, stw};

/// AltiVec state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C, align(16))]
pub struct VectorContext {
    /// v0 to v31, most significant word first.
    pub vr: [[u32; 4]; 32],
    /// VSCR in the last word.
    pub vscr: [u32; 4],
    /// VRSAVE (SPR 256).
    pub vrsave: u32,
    /// Which groups of four registers are in the area, bit 0 from the left being v0: a group is there when one of
    /// its bits is set.
    pub live: u32,
    padding: [u32; 2],
}

const _: () = {
    assert!(size_of::<VectorContext>() == 544);
    assert!(offset_of!(VectorContext, vr) == 0);
    assert!(offset_of!(VectorContext, vscr) == 512);
    assert!(offset_of!(VectorContext, vrsave) == 528);
    assert!(offset_of!(VectorContext, live) == 532);
};

impl VectorContext {
    /// All zeros, every register in use.
    pub const ZERO: Self = Self { vr: [[0; 4]; 32], vscr: [0; 4], vrsave: 0, live: u32::MAX, padding: [0; 2] };
}

/// AltiVec state of a program that keeps VRSAVE: only the registers that it marks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct LiveVectorContext(
    /// The area.
    pub VectorContext,
);

macro_rules! slots {
    ($($n:literal)+) => {
        /// The register file: save and restore are both made from it.
        const SLOTS: [Slot; 32] = [$(Slot { register: $n, offset: (offset_of!(VectorContext, vr) + 16 * $n) as u16 },)+];
    };
}

register_file!(slots);

const VSCR: i16 = offset_of!(VectorContext, vscr) as i16;
const VRSAVE: u16 = offset_of!(VectorContext, vrsave) as u16;
const LIVE: u16 = offset_of!(VectorContext, live) as u16;
/// SPR number of VRSAVE.
const SPR_VRSAVE: u16 = 256;
/// The area, in both routines.
const AREA: u8 = 3;
/// The mask of groups, in both routines.
const MASK: u8 = 4;
/// Offsets and VRSAVE, in both routines. r0 takes the tests.
const TEMP: u8 = 5;

/// Appends all groups: a test, a branch over the group, and an offset and an access for each register.
const fn groups<const N: usize>(mut code: Code<N>, store: bool) -> Code<N> {
    let mut i = 0;
    while i < SLOTS.len() {
        if i % 4 == 0 {
            let bits = 0xF000_0000_u32 >> SLOTS[i].register;
            let test =
                if bits >> 16 != 0 { test_upper(MASK, (bits >> 16) as u16) } else { test_lower(MASK, bits as u16) };
            code = code.then([test, skip_if_zero(8)]);
        }
        let Slot { register, offset } = SLOTS[i];
        let access = if store { stvx(register, AREA, TEMP) } else { lvx(register, AREA, TEMP) };
        code = code.then([li(TEMP, offset as i16), access]);
        i += 1;
    }
    code
}

/// Mask and VRSAVE, the groups, then VSCR through v0, which is in the area or not in use.
const SAVE: [u32; 88] = groups(
    Code::new().then([stw(MASK, LIVE as i16, AREA), mfspr(TEMP, SPR_VRSAVE), stw(TEMP, VRSAVE as i16, AREA)]),
    true,
)
.then([mfvscr(0), li(TEMP, VSCR), stvx(0, AREA, TEMP), BLR])
.finish();

/// VSCR through v0, the groups by the mask in the area, then VRSAVE.
const RESTORE: [u32; 88] =
    groups(Code::new().then([li(TEMP, VSCR), lvx(0, AREA, TEMP), mtvscr(0), lwz(MASK, LIVE, AREA)]), false)
        .then([lwz(TEMP, VRSAVE, AREA), mtspr(SPR_VRSAVE, TEMP), BLR])
        .finish();

#[cfg(target_arch = "powerpc")]
mod target {
    use core::arch::asm;

    use super::super::code::routine;
    use super::super::{Context, switch_back, switch_on};
    use super::{LiveVectorContext, RESTORE, SAVE, VectorContext};
    use crate::msr::MsrBit;

    routine! {
        /// Stores the groups in `live`, VSCR and VRSAVE to `area`; destroys v0.
        hal_exc_ctx_vr_save(area: *mut VectorContext, live: u32) = SAVE, [0 1 2 3 4 5 6 7 8 9 10]
    }

    routine! {
        /// Loads the groups that are in `area`, VSCR and VRSAVE.
        hal_exc_ctx_vr_restore(area: *const VectorContext) = RESTORE, [0 1 2 3 4 5 6 7 8 9 10]
    }

    // SAFETY: the table has every vector register, VSCR and VRSAVE go besides; MSR is put back; r0, r4, r5 and CR0 are volatile.
    unsafe impl Context for VectorContext {
        unsafe fn save(area: *mut Self) -> u32 {
            // SAFETY: the caller answers for the unit.
            let msr = unsafe { switch_on(MsrBit::Vector.mask()) };
            // SAFETY: the unit is on and the caller answers for the area.
            unsafe { hal_exc_ctx_vr_save(area, u32::MAX) };
            msr
        }

        unsafe fn restore(area: *const Self, msr: u32) {
            // SAFETY: the unit is on since `save`, and the caller answers for the area.
            unsafe { hal_exc_ctx_vr_restore(area) };
            // SAFETY: the caller passes what `save` returned.
            unsafe { switch_back(msr) };
        }
    }

    // SAFETY: as above; registers outside VRSAVE are free to be destroyed in the systems that this type is for.
    unsafe impl Context for LiveVectorContext {
        unsafe fn save(area: *mut Self) -> u32 {
            // SAFETY: the caller answers for the unit.
            let msr = unsafe { switch_on(MsrBit::Vector.mask()) };
            let live;
            // SAFETY: a CPU with AltiVec has VRSAVE; no memory, no flags, no stack.
            unsafe {
                asm!("mfspr {}, 256", // VRSAVE
                     out(reg) live, options(nomem, nostack, preserves_flags))
            };
            // SAFETY: the unit is on and the caller answers for the area.
            unsafe { hal_exc_ctx_vr_save(area.cast(), live) };
            msr
        }

        unsafe fn restore(area: *const Self, msr: u32) {
            // SAFETY: the contract is the same and the area's mask says what is in it.
            unsafe { VectorContext::restore(area.cast(), msr) };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::super::code::tests::{is_complete, moves};
    use super::super::encode::NOP;
    use super::*;

    /// `li r5,offset` and the access that follows it.
    fn decode(extended: u32) -> impl Fn(&[u32]) -> Option<Slot> {
        move |words| {
            let [li, access] = words.get(..2)? else { return None };
            let is_pair = li >> 16 == 0x38A0 && access & 0xFC1F_FFFF == 31 << 26 | 3 << 16 | 5 << 11 | extended << 1;
            is_pair.then_some(Slot { register: (access >> 21 & 31) as u8, offset: *li as u16 })
        }
    }

    #[test]
    fn mistake_31_a_register_goes_to_anothers_slot() {
        is_complete(&SLOTS, 16);
        let vscr = Slot { register: 0, offset: 512 };
        let saved = moves(&SAVE, decode(231));
        is_complete(&saved[..32], 16);
        assert_eq!(saved[32..], [vscr]);
        let restored = moves(&RESTORE, decode(103));
        assert_eq!(restored[0], vscr);
        is_complete(&restored[1..], 16);
    }

    /// Runs a routine's integer part: which slots are accessed when `mask` is live.
    fn accessed(words: &[u32], mask: u32, extended: u32) -> Vec<u8> {
        let (mut at, mut zero, mut seen) = (0, false, Vec::new());
        while words[at] != BLR {
            let word = words[at];
            match word >> 26 {
                29 => zero = mask & word << 16 == 0,
                28 => zero = mask & (word & 0xFFFF) == 0,
                16 if zero => at += (word & 0xFFFC) as usize / 4 - 1,
                31 if word >> 1 & 0x3FF == extended => seen.push((word >> 21 & 31) as u8),
                _ => {}
            }
            at += 1;
        }
        seen
    }

    #[test]
    fn groups_are_skipped_by_the_mask_and_only_whole() {
        for register in 0..32u8 {
            let mask = 0x8000_0000 >> register;
            let group: Vec<_> = (register / 4 * 4..register / 4 * 4 + 4).collect();
            let mut saved = accessed(&SAVE, mask, 231);
            assert_eq!(saved.pop(), Some(0), "VSCR goes last, through v0");
            assert_eq!(saved, group);
            assert_eq!(accessed(&RESTORE, mask, 103)[1..], group);
        }
        assert_eq!(accessed(&SAVE, 0, 231), [0]);
        assert_eq!(accessed(&SAVE, u32::MAX, 231).len(), 33);
    }

    #[test]
    fn the_rest_moves_too() {
        assert_eq!(SAVE[..3], [0x9083_0214, 0x7CA0_42A6, 0x90A3_0210]);
        assert_eq!(SAVE[83..], [0x1000_0604, 0x38A0_0200, 0x7C03_29CE, BLR, NOP]);
        assert_eq!(RESTORE[..4], [0x38A0_0200, 0x7C03_28CE, 0x1000_0644, 0x8083_0214]);
        assert_eq!(RESTORE[84..], [0x80A3_0210, 0x7CA0_43A6, BLR, NOP]);
    }
}
