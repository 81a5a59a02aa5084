// SPDX-License-Identifier: MIT OR Apache-2.0
//! The instructions: only a 405 or a 440 may come here. Written as words, because the assembler knows other cores' forms.

use core::arch::asm;

use super::{Page, Rights, Size};

/// `tlbwe r3, r4, ws`.
const fn tlbwe(ws: u32) -> u32 {
    31 << 26 | 3 << 21 | 4 << 16 | ws << 11 | 978 << 1
}

/// `tlbsx. r3, 0, r4`.
const TLBSX: u32 = 31 << 26 | 3 << 21 | 4 << 11 | 914 << 1 | 1;

/// Writes entry `number` of a 440, address space 0, every process.
///
/// # Safety
/// * The core is a 440, and nothing that the entry translated before is used any more.
/// * What appears there is what the caller says it is, no other entry translates a part of it, and no Rust object lies there
///   by accident.
pub unsafe fn write_440(number: u32, page: &Page) {
    let [word_0, word_1, word_2] = page.words_440();
    // SAFETY: the caller answers for the entry. Not `nomem`: what memory is changes here.
    unsafe {
        asm!(
            "mtspr 946, {zero}", // MMUCR: no PID, address space 0
            "isync",
            "mr 3, {word_0}",
            ".long {write_0}",
            "mr 3, {word_1}",
            ".long {write_1}",
            "mr 3, {word_2}",
            ".long {write_2}",
            "isync", // the context that later accesses see
            zero = in(reg) 0, word_0 = in(reg) word_0, word_1 = in(reg) word_1, word_2 = in(reg) word_2,
            write_0 = const tlbwe(0), write_1 = const tlbwe(1), write_2 = const tlbwe(2),
            in("r4") number, out("r3") _,
            options(nostack, preserves_flags),
        );
    }
}

/// The entry of a 440 that translates `ea` in address space 0, if one does.
///
/// # Safety
/// * The core is a 440.
#[must_use]
pub unsafe fn find_440(ea: u32) -> Option<u32> {
    let (number, cr): (u32, u32);
    // SAFETY: a search changes r3 and CR0 only.
    unsafe {
        asm!(
            "mtspr 946, {zero}", // MMUCR: no PID, address space 0
            "isync",
            ".long {search}",
            "mfcr {cr}",
            zero = in(reg) 0, search = const TLBSX, cr = out(reg) cr,
            in("r4") ea, lateout("r3") number, out("cr0") _,
            options(nostack),
        );
    }
    // CR0[EQ]: found.
    (cr & 1 << 29 != 0).then_some(number)
}

/// Leaves 256 MiB of devices at `devices`, effective = physical, of the upper half that a loader maps as one page; the rest of
/// that half is unmapped from here on. A loader that maps no upper half has its way.
///
/// # Safety
/// * The core is a 440; image and stack lie in the lower half, in an entry of their own.
/// * All devices in use lie in the window.
pub unsafe fn devices_only_440(devices: u32) {
    // SAFETY: the caller's promise; nobody uses a device between the words.
    unsafe {
        if let Some(upper) = find_440(0x8000_0000) {
            write_440(upper, &Page::device(devices, devices.into(), Size::M256));
        }
    }
}

/// Writes entry `number` of a 405, every process.
///
/// # Safety
/// * As for [`write_440`], on a 405; its PID is 0.
pub unsafe fn write_405(number: u32, page: &Page) {
    let [high, low] = page.words_405();
    // SAFETY: the caller answers for the entry. Not `nomem`: what memory is changes here.
    unsafe {
        asm!(
            "mr 3, {low}",
            ".long {write_low}", // rights and attributes first: the entry is not valid yet
            "mr 3, {high}",
            ".long {write_high}",
            "isync", // the context that later accesses see
            low = in(reg) low, high = in(reg) high,
            write_low = const tlbwe(1), write_high = const tlbwe(0),
            in("r4") number, out("r3") _,
            options(nostack, preserves_flags),
        );
    }
}

/// Whether a 405 in real mode caches data in the lowest 128 MiB: DCCR\[0\]. Translated accesses to the same memory
/// must do the same, since handlers run in real mode.
#[must_use]
pub fn real_mode_caches_405() -> bool {
    let dccr: u32;
    // SAFETY: reads DCCR (SPR 1018).
    unsafe { asm!("mfspr {}, 1018", out(reg) dccr, options(nomem, nostack, preserves_flags)) };
    dccr >> 31 == 1
}

/// Turns translation on: 16 MiB at 0 and 16 MiB of devices at `devices`, effective = physical, in entries 0 and 1; all others
/// go. Exceptions turn it off, and their return on again.
///
/// # Safety
/// * The core is a 405 in real mode; image, stack and everything that is used lie in the lowest 16 MiB.
/// * All devices in use lie in the window.
pub unsafe fn translate_405(devices: u32) {
    let memory = Page { uncached: !real_mode_caches_405(), ..Page::memory(0, 0, Size::M16, Rights::Execute) };
    // SAFETY: the caller's promise: what is used is there before and after, at the same address.
    unsafe {
        asm!(
            "tlbia",             // all entries invalid
            "mtspr 945, {zero}", // PID: matches entries of every process only
            "mtspr 944, {zones}", // ZPR: what an entry allows is allowed, in both states
            "isync",
            zero = in(reg) 0, zones = in(reg) 0x5555_5555_u32,
            options(nostack, preserves_flags),
        );
        write_405(0, &memory);
        write_405(1, &Page::device(devices, devices.into(), Size::M16));
        asm!(
            "mfmsr {t}",
            "ori {t}, {t}, 0x30", // IR, DR
            "mtmsr {t}",
            "isync", // from here on translated
            t = out(reg) _,
            options(nostack, preserves_flags),
        );
    }
}
