// SPDX-License-Identifier: MIT OR Apache-2.0
//! Block address translation, for programs that want translation on.

use core::arch::asm;

/// An empty page table, for what no block covers.
#[repr(align(65536))]
struct PageTable(#[expect(dead_code, reason = "the CPU reads it")] [u8; 65536]);
static PAGE_TABLE: PageTable = PageTable([0; 65536]);

/// MSR\[IR\] and MSR\[DR\].
const TRANSLATION: u32 = 0x0030;

/// Blocks of 256 MiB, valid for the supervisor, readable and writable: memory at 0 for code and data, KeyLargo for data,
/// cache-inhibited and guarded.
const VALID_256M: u32 = 0x1FFE;
const READ_WRITE: u32 = 0x2;
const DEVICE: u32 = 0x28;
const KEYLARGO: u32 = 0x8000_0000;

/// Switches translation on: memory below 256 MiB and KeyLargo are mapped one to one, nothing else is.
pub fn translate() {
    // SAFETY: the image, its stack and the vectors lie below 256 MiB, the devices above KEYLARGO: what is used is mapped one
    // to one. Not `nomem`.
    unsafe {
        asm!(
            "mtspr 528, {upper}",       // IBAT0: memory
            "mtspr 529, {lower}",
            "mtspr 536, {upper}",       // DBAT0: memory
            "mtspr 537, {lower}",
            "mtspr 538, {device_upper}", // DBAT1: KeyLargo
            "mtspr 539, {device_lower}",
            "mtspr 540, {zero}",        // DBAT2 and 3, IBAT1 to 3: nothing
            "mtspr 542, {zero}",
            "mtspr 530, {zero}",
            "mtspr 532, {zero}",
            "mtspr 534, {zero}",
            "mtspr 25, {table}",        // SDR1: 64 KiB of empty page table
            "isync",                    // before translation begins
            "mfmsr {t}",
            "ori {t}, {t}, {on}",
            "mtmsr {t}",
            "isync",                    // translated from here
            upper = in(reg) VALID_256M,
            lower = in(reg) READ_WRITE,
            device_upper = in(reg) KEYLARGO | VALID_256M,
            device_lower = in(reg) KEYLARGO | DEVICE | READ_WRITE,
            zero = in(reg) 0,
            table = in(reg) &raw const PAGE_TABLE as u32,
            t = out(reg_nonzero) _,
            on = const TRANSLATION,
            options(nostack, preserves_flags),
        );
    }
}

/// Shows the memory at 0 at `place`, a multiple of 256 MiB, too.
pub fn show_memory_at(place: u32) {
    // SAFETY: a second view of memory at 0 through DBAT2, at addresses that nothing else covers.
    unsafe {
        asm!("mtspr 541, {lower}", "mtspr 540, {upper}", "isync", upper = in(reg) place | VALID_256M,
            lower = in(reg) READ_WRITE, options(nostack, preserves_flags));
    }
}
