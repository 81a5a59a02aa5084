// SPDX-License-Identifier: MIT OR Apache-2.0
//! Translation and caches of the AArch32 boards: one table, every address mapped to itself.
//!
//! Exclusive accesses are guaranteed on Normal memory only (ARM ARM DDI 0406C, A3.4.5), and a program that never turned
//! translation on could not show that it leaves it off.
//!
//! * The 256 MiB that hold the image are Normal, write-back, shareable.
//! * Everything else is **Strongly-ordered** and never executed: it is how a parked core, with translation off,
//!   accesses the same slots (DDI 0406C, B3.2.1), and mismatched types are not coherent (A3.5.7).
//! * So is the MiB at `__uncached_start`, for boards whose pen area lies in RAM.

use core::arch::{asm, global_asm};
use core::ptr::addr_of;

/// Section: Normal, write-back write-allocate, shareable, full access (DDI 0406C, B3.5.1 and B3.8.2).
const NORMAL: u32 = 0b10 | 1 << 2 | 1 << 3 | 0b11 << 10 | 0b001 << 12 | 1 << 16;
/// Section: Strongly-ordered, full access, execute never.
const STRONGLY_ORDERED: u32 = 0b10 | 1 << 4 | 0b11 << 10;

unsafe extern "C" {
    static mut __tables_start: [u32; 4096];
    static __image_start: u8;
    static __uncached_start: u8;
}

/// Fills the table and, on a Cortex-A9, turns the snoop control unit on. Called by core 0 before it opens the gate, with
/// translation off, so that the table is in memory where the walks look.
pub(crate) extern "C" fn prepare() {
    let ram = addr_of!(__image_start) as u32 >> 28;
    let uncached = addr_of!(__uncached_start) as u32 >> 20;
    for mib in 0..4096u32 {
        let kind = if mib >> 8 == ram && (mib != uncached || uncached == 0) { NORMAL } else { STRONGLY_ORDERED };
        // SAFETY: the linker reserves 4096 words there for this table; core 0 alone writes them, always the same.
        unsafe { (&raw mut __tables_start).cast::<u32>().add(mib as usize).write_volatile(mib << 20 | kind) };
    }
    if part() == 0xC09 {
        let base: usize;
        // SAFETY: reads CBAR (DDI 0388, 4.3.24); no memory, no stack, flags kept.
        unsafe { asm!("mrc p15, 4, {}, c15, c0, 0", out(reg) base, options(nomem, nostack, preserves_flags)) };
        let control = base as *mut u32;
        // SAFETY: the SCU's registers at PERIPHBASE (DDI 0407, 2.2); on before any core joins it.
        unsafe {
            if control.read_volatile() & 1 == 0 {
                // All tags of all cores are invalid: their caches are.
                control.add(3).write_volatile(0xFFFF);
                control.write_volatile(control.read_volatile() | 1);
            }
        }
    }
}

/// Primary part number of this core: MIDR\[15:4\].
fn part() -> u32 {
    hal_smp_arm::victim::a32::midr() >> 4 & 0xFFF
}

global_asm!(
    r#"
    .section .text.mmu, "ax"
    .arm
    .global arm_support_mmu_on
arm_support_mmu_on:                     @ uses r0-r3, r7-r12; no stack
    mrc     p15, 0, r0, c0, c0, 0       @ MIDR
    ubfx    r0, r0, #4, #12             @ part
    mov     r1, #(1 << 6)               @ SMP: C07, C0F
    movw    r2, #0xc09
    cmp     r0, r2
    orreq   r1, r1, #1                  @ A9: FW too, maintenance is broadcast
    mrc     p15, 0, r2, c1, c0, 1       @ ACTLR
    orr     r3, r2, r1
    cmp     r2, r3
    mcrne   p15, 0, r3, c1, c0, 1       @ coherent before the first line is allocated; firmware's may be set already
    isb
    mov     r0, #0
    mcr     p15, 2, r0, c0, c0, 0       @ CSSELR: level 1, data
    isb
    mrc     p15, 1, r1, c0, c0, 0       @ CCSIDR
    and     r2, r1, #7
    add     r2, r2, #4                  @ where the set number stands
    ubfx    r3, r1, #3, #10             @ ways - 1
    ubfx    r7, r1, #13, #15            @ sets - 1
    clz     r8, r3                      @ where the way number stands
1:  mov     r9, r7
2:  lsl     r10, r3, r8
    orr     r10, r10, r9, lsl r2
    mcr     p15, 0, r10, c7, c6, 2      @ DCISW: reset leaves a Cortex-A9's lines undefined; nothing of ours is dirty
    subs    r9, r9, #1
    bpl     2b
    subs    r3, r3, #1
    bpl     1b
    mcr     p15, 0, r0, c8, c7, 0       @ TLBIALL
    mcr     p15, 0, r0, c7, c5, 6       @ BPIALL
    mcr     p15, 0, r0, c7, c5, 0       @ ICIALLU
    dsb                                 @ all of it done
    isb
    mcr     p15, 0, r0, c2, c0, 2       @ TTBCR = 0: one table, short descriptors
    ldr     r1, =__tables_start
    orr     r1, r1, #0x4a               @ walks: write-back, shareable
    mcr     p15, 0, r1, c2, c0, 0       @ TTBR0
    mov     r1, #1
    mcr     p15, 0, r1, c3, c0, 0       @ DACR: domain 0 checks permissions
    isb
    mrc     p15, 0, r1, c1, c0, 0       @ SCTLR
    bic     r1, r1, #(3 << 28)          @ TRE = AFE = 0: descriptors as written
    orr     r1, r1, #(3 << 11)          @ I, Z
    orr     r1, r1, #5                  @ C, M
    mcr     p15, 0, r1, c1, c0, 0
    dsb
    isb                                 @ translated from here on, to the same addresses
    bx      lr
    .ltorg
"#
);
