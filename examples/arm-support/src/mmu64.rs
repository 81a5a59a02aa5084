// SPDX-License-Identifier: MIT OR Apache-2.0
//! Translation of the AArch64 boards: every address below 4 GiB is mapped to itself.
//!
//! Exclusive accesses are guaranteed on Normal memory only (ARM ARM DDI 0487, B2.9), and a program that never turned
//! translation on could not show that it leaves it off.
//!
//! * The 256 MiB that hold the image are Normal, write-back, inner shareable.
//! * Everything else is **Device-nGnRnE** and never executed: it is how a parked core, with translation off, accesses the
//!   same slots (D8.2), and mismatched types are not coherent (B2.8).
//! * So are the 2 MiB at `__uncached_start`, for boards whose pen area lies in RAM.

use core::arch::global_asm;
use core::ptr::addr_of;

/// `MAIR_EL1`: attribute 0 is Normal write-back, allocating; 1 is Device-nGnRnE.
const MAIR: u64 = 0xff;

/// `TCR_EL1`: 39 bits of address below, none above; 4 KiB granule; walks write-back, inner shareable; 32-bit output.
const TCR: u64 = 25 | 1 << 8 | 1 << 10 | 3 << 12 | 1 << 23;

const TABLE: u64 = 0b11;
/// A block with its access flag set, for EL1 alone (UXN).
const BLOCK: u64 = 0b01 | 1 << 10 | 1 << 54;
/// Inner shareable, attribute 0.
const NORMAL: u64 = BLOCK | 3 << 8;
/// Attribute 1, never executed (PXN): nothing is fetched from a device, not even ahead of time.
const DEVICE: u64 = BLOCK | 1 << 2 | 1 << 53;

const GIB: u64 = 1 << 30;
const BLOCK_SIZE: u64 = 1 << 21;

unsafe extern "C" {
    /// Level 1, then the level 2 of the GiB that holds the image.
    static mut __tables_start: [[u64; 512]; 2];
    static __image_start: u8;
    static __uncached_start: u8;
}

/// Fills the tables. Called by core 0 before it opens the gate, with translation off, so that they are in memory where
/// the walks look.
pub(crate) extern "C" fn prepare() {
    let image = addr_of!(__image_start) as u64;
    let uncached = addr_of!(__uncached_start) as u64;
    let gib = image & !(GIB - 1);
    let tables = &raw mut __tables_start;
    for n in 0..512 {
        let first = match n * GIB {
            base if base == gib => (tables as u64 + 4096) | TABLE,
            base if n < 4 => base | DEVICE,
            _ => 0,
        };
        let base = gib + n * BLOCK_SIZE;
        let normal = base >> 28 == image >> 28 && (base != uncached || uncached == 0);
        let second = base | if normal { NORMAL } else { DEVICE };
        // SAFETY: the linker reserves two tables of 512 words there; core 0 alone writes them, always the same.
        unsafe {
            (&raw mut (*tables)[0][n as usize]).write_volatile(first);
            (&raw mut (*tables)[1][n as usize]).write_volatile(second);
        }
    }
}

global_asm!(
    r#"
    .section .text.mmu, "ax"
    .global arm_support_mmu_on
arm_support_mmu_on:                 // uses x0; no stack
    ic      iallu                   // no instruction of before
    tlbi    vmalle1                 // no translation of before
    dsb     nsh                     // both are complete
    mov     x0, #{mair}
    msr     mair_el1, x0
    ldr     x0, ={tcr}
    msr     tcr_el1, x0
    ldr     x0, =__tables_start
    msr     ttbr0_el1, x0
    isb                             // all in force before the MMU is
    mrs     x0, sctlr_el1
    orr     x0, x0, #(1 << 0)       // M
    orr     x0, x0, #(1 << 2)       // C: reset and the leaving sequence have left no line in it
    orr     x0, x0, #(1 << 12)      // I
    msr     sctlr_el1, x0
    isb                             // translated from here on, to the same addresses
    ret
    .ltorg
"#,
    mair = const MAIR,
    tcr = const TCR,
);
