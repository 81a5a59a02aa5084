// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the AArch32 leaving sequences share, and which of them a core needs.
//!
//! Manual sections: DDI 0406C (ARMv7-A/R architecture), DDI 0388 (Cortex-A9), DDI 0438 (Cortex-A15), DDI 0464 (A7).

use super::{Departure, Manner, UnknownCore, cortex_a9, cortex_a15};

/// A leaving sequence.
///
/// # Safety
/// * Everything that can be masked is masked; timers and the interrupt interface of the core are quiet.
/// * The executing code is mapped at its physical address, since translation ends in the middle of it.
/// * `departure.target` is code for this core at that physical address, at the point of coherency, that expects the
///   arguments and needs neither a stack nor translation.
/// * Nothing of this core's registers is needed any more; its stack stays as it is.
/// * With [`Coherency::Leave`](super::Coherency::Leave): ACTLR is writable in this state.
/// * With [`Levels::All`](super::Levels::All): every other core is stopped.
pub type Leave = unsafe fn(departure: &Departure, manner: Manner) -> !;

/// The sequence for a core with that MIDR (DDI 0406C, B4.1.105): implementer ARM, primary part number.
///
/// # Errors
/// [`UnknownCore`] for any other; there is no sequence that is right for all.
pub const fn sequence(midr: u32) -> Result<Leave, UnknownCore> {
    match (midr >> 24, midr >> 4 & 0xFFF) {
        (0x41, 0xC09) => Ok(cortex_a9::leave),
        // Cortex-A7 and A15 have the same control bit and the same duties (DDI 0464, 3.1; DDI 0438, 2.4).
        (0x41, 0xC07 | 0xC0F) => Ok(cortex_a15::leave),
        _ => Err(UnknownCore(midr)),
    }
}

/// MIDR of the executing core.
#[must_use]
pub fn midr() -> u32 {
    let midr;
    // SAFETY: reads an identification register; no memory, no stack, flags kept.
    unsafe { core::arch::asm!("mrc p15, 0, {}, c0, c0, 0", out(reg) midr, options(nomem, nostack, preserves_flags)) };
    midr
}

/// Loads r0–r5 from the departure at r0 and its target into r6, moves the flags from r1 to r7, and turns
/// the data cache off. From the `dsb` on there is no access to memory until the jump, not even to a stack: with
/// C = 0 it would bypass a dirty line of the same address (DDI 0406C, B2.2.5).
macro_rules! cache_off {
    () => {
        "mov     r7, r1                  @ flags
         ldr     r6, [r0]                @ target
         add     r12, r0, #4
         ldm     r12, {{r0-r5}}          @ arguments: the last access to the old image
         dsb                             @ all earlier accesses are complete
         mrc     p15, 0, r8, c1, c0, 0   @ SCTLR (DDI 0406C, B4.1.130)
         bic     r8, r8, #(1 << 2)       @ C = 0: nothing is allocated from here on
         mcr     p15, 0, r8, c1, c0, 0
         isb                             @ it is off before the first line is cleaned"
    };
}

/// Cleans and invalidates the level 1 data cache by set and way, and the outer levels if that is asked for. Uses r8–r12,
/// lr, and sp for the level: there is no stack any more.
macro_rules! clean_invalidate {
    () => {
        "mov     sp, #0                  @ level 1
     1:  mcr     p15, 2, sp, c0, c0, 0   @ CSSELR: this level, data (DDI 0406C, B4.1.41)
         isb                             @ CCSIDR follows the selection
         mrc     p15, 1, r8, c0, c0, 0   @ CCSIDR (DDI 0406C, B4.1.19)
         and     r9, r8, #7
         add     r9, r9, #4              @ log2 of the line's bytes: where the set number stands
         ubfx    r10, r8, #3, #10        @ ways - 1
         ubfx    r11, r8, #13, #15       @ sets - 1
         clz     r12, r10                @ where the way number stands
     2:  mov     r8, r11                 @ for each way, from the last to the first
     3:  lsl     lr, r10, r12            @ for each set: way, set, level
         orr     lr, lr, r8, lsl r9
         orr     lr, lr, sp
         mcr     p15, 0, lr, c7, c14, 2  @ DCCISW (DDI 0406C, B4.2.1)
         subs    r8, r8, #1
         bpl     3b
         subs    r10, r10, #1
         bpl     2b
         dsb                             @ everything dirty of this level is one level further out
         tst     r7, #{all}
         beq     4f                      @ the level that is this core's own was all
         mrc     p15, 1, r8, c0, c0, 1   @ CLIDR (DDI 0406C, B4.1.20)
         ubfx    r8, r8, #24, #3         @ level of coherency: so many levels hold data
         add     sp, sp, #2
         cmp     sp, r8, lsl #1
         blo     1b
     4:"
    };
}

/// Translation, instruction cache and prediction off, nothing cached of them; then the jump to r6. Uses r8.
macro_rules! translation_off_and_jump {
    () => {
        "mrc     p15, 0, r8, c1, c0, 0   @ SCTLR
         bic     r8, r8, #(1 << 0)       @ M = 0: no table walk into the old image
         bic     r8, r8, #(3 << 11)      @ I = 0, Z = 0: nothing new from it in cache or predictor
         mcr     p15, 0, r8, c1, c0, 0
         isb                             @ addresses are physical from here on
         mov     r8, #0
         mcr     p15, 0, r8, c8, c7, 0   @ TLBIALL: its translations (DDI 0406C, B4.2.2)
         mcr     p15, 0, r8, c7, c5, 6   @ BPIALL: its branches (DDI 0406C, B4.2.1)
         mcr     p15, 0, r8, c7, c5, 0   @ ICIALLU: its instructions
         dsb                             @ all three are complete
         isb                             @ and nothing fetched before is used
         bx      r6                      @ out of the image"
    };
}

pub(super) use {cache_off, clean_invalidate, translation_off_and_jump};
