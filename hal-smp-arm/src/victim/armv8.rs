// SPDX-License-Identifier: MIT OR Apache-2.0
//! ARMv8-A in AArch64 at EL1: every core whose data cache may be cleaned by set and way.
//!
//! The order is that of the manuals for a core that is to be shut down, up to the `WFI`: Cortex-A53 (DDI 0500, 2.4 "Power
//! management"), A57 (DDI 0488, 2.4), A72 (ARM 100095, 2.4). Architecture sections: DDI 0487.

use core::arch::asm;

use hal_smp_api::victim::{Step, follows};

use super::{Coherency, Departure, Levels, Manner, UnknownCore};

/// The order of [`leave`], after the steps of the board.
pub const STEPS: [Step; 9] = [
    Step::EndOfInterrupt,
    Step::MaskAll,
    Step::ReportEntered,
    Step::QuietDevices,
    Step::CacheOff,
    Step::CleanInvalidate,
    Step::LeaveCoherency,
    Step::TranslationOff,
    Step::JumpToPen,
];
const _: () = assert!(follows(&STEPS));

/// Checks a choice for the core with that MIDR. Only Cortex-A53, A57 and A72 leave the coherency domain by a control bit
/// (`CPUECTLR_EL1.SMPEN`; DDI 0500, DDI 0488 and ARM 100095, "CPU Extended Control Register"). Later cores leave it by
/// themselves when they lose power.
///
/// # Errors
/// [`UnknownCore`] for [`Coherency::Leave`] on any other core, where the register does not exist.
pub const fn check(midr: u32, coherency: Coherency) -> Result<(), UnknownCore> {
    match (coherency, midr >> 24, midr >> 4 & 0xFFF) {
        (Coherency::Keep, ..) | (Coherency::Leave, 0x41, 0xD03 | 0xD07 | 0xD08) => Ok(()),
        _ => Err(UnknownCore(midr)),
    }
}

/// Whether level 1 is all that the core with that MIDR has for itself: Cortex-A35 (ARM 100236), A53 (DDI 0500), A57 (DDI 0488), A72
/// (ARM 100095) and A73 (ARM 100048) have a level 2 that the cluster shares. Cores with a DSU have a private one (Cortex-A76: ARM 100798).
const fn shares_level_2(midr: u32) -> bool {
    matches!((midr >> 24, midr >> 4 & 0xFFF), (0x41, 0xD03 | 0xD04 | 0xD07 | 0xD08 | 0xD09))
}

/// MIDR of the executing core.
#[must_use]
pub fn midr() -> u32 {
    let midr: u64;
    // SAFETY: reads an identification register; no memory, no stack, flags kept.
    unsafe { asm!("mrs {}, midr_el1", out(reg) midr, options(nomem, nostack, preserves_flags)) };
    midr as u32
}

/// Leaves the image.
///
/// # Safety
/// * The core is in AArch64 at EL1; everything that can be masked is masked; its timers and interrupt interface are quiet.
/// * The executing code is mapped at its physical address, since translation ends in the middle of it.
/// * `departure.target` is code for this core at that physical address, at the point of coherency, that expects the
///   arguments and needs neither a stack nor translation.
/// * Nothing of this core's registers is needed any more; its stack stays as it is.
/// * No hypervisor traps cache maintenance by set and way (`HCR_EL2.TSW`), or it does what was asked for.
/// * With [`Coherency::Leave`]: [`check`] allowed it, and EL3 and EL2 have opened the register (`ACTLR_EL3` and
///   `ACTLR_EL2`, bit 1); elsewhere the access is trapped.
/// * With [`Levels::All`]: every other core is stopped.
pub unsafe fn leave(departure: &Departure, mut manner: Manner) -> ! {
    if !shares_level_2(midr()) {
        // A line that is cleaned once too often does no harm, in a shared level either; one that stays would be written back over the
        // next image.
        manner.levels = Levels::All;
    }
    // SAFETY: never returns; the caller vouches for state and target.
    unsafe {
        asm!(
            "ldr     x6, [x8]                // target
             ldp     x0, x1, [x8, #8]        // its arguments
             ldp     x2, x3, [x8, #24]
             ldp     x4, x5, [x8, #40]       // the last access to the old image
             dsb     sy                      // all earlier accesses are complete",
            // CacheOff (D19.2, SCTLR_EL1.C). From here to the jump no memory is accessed, not even a stack: it would bypass
            // a dirty line of the same address. Table walks bypass the cache too, so the tables must be in memory.
            "mrs     x9, sctlr_el1
             bic     x9, x9, #(1 << 2)       // C = 0: nothing is allocated from here on
             msr     sctlr_el1, x9
             isb                             // it is off before the first line is cleaned",
            // CleanInvalidate (D7.5, maintenance by set and way): each data or unified level, the own one first.
            "mrs     x10, clidr_el1
             mov     w11, #1                 // the level that is this core's own
             ubfx    w12, w10, #24, #3       // LoC: all that hold data
             tst     w7, #{all}
             csel    w11, w12, w11, ne
             mrs     x12, id_aa64mmfr2_el1
             ubfx    w12, w12, #20, #4       // CCIDX: which format CCSIDR_EL1 has
             mov     w13, wzr                // level
         2:  cmp     w13, w11
             b.hs    7f
             add     w14, w13, w13, lsl #1
             lsr     w14, w10, w14           // three bits of CLIDR_EL1 for each level
             and     w14, w14, #7
             cmp     w14, #2
             b.lo    6f                      // no data here
             lsl     w14, w13, #1            // the level as CSSELR_EL1 and DC CISW take it
             msr     csselr_el1, x14
             isb                             // CCSIDR_EL1 follows the selection
             mrs     x15, ccsidr_el1
             and     w16, w15, #7
             add     w16, w16, #4            // log2 of the line's bytes: where the set number stands
             ubfx    x17, x15, #3, #10       // ways - 1
             ubfx    x15, x15, #13, #15      // sets - 1
             cbz     w12, 3f
             mrs     x15, ccsidr_el1
             ubfx    x17, x15, #3, #21       // the same with CCIDX
             ubfx    x15, x15, #32, #24
         3:  clz     w8, w17                 // where the way number stands
         4:  mov     x9, x15                 // for each way, from the last to the first
         5:  lsl     x20, x17, x8            // for each set: way, set, level
             lsl     x21, x9, x16
             orr     x20, x20, x21
             orr     x20, x20, x14
             dc      cisw, x20
             subs    x9, x9, #1
             b.pl    5b
             subs    x17, x17, #1
             b.pl    4b
             dsb     sy                      // everything dirty of this level is one level further out
         6:  add     w13, w13, #1
             b       2b
         7:  clrex                           // no reservation is left that the domain could ask about",
            // LeaveCoherency (CPUECTLR_EL1.SMPEN).
            "tst     w7, #{keep}             // firmware's or hardware's business: stay
             b.ne    8f
             mrs     x9, S3_1_C15_C2_1       // CPUECTLR_EL1
             bic     x9, x9, #(1 << 6)       // SMPEN = 0: no snoop, no broadcast maintenance
             msr     S3_1_C15_C2_1, x9
             isb                             // the core is outside
             dsb     sy                      // and every request from inside is answered",
            // TranslationOff (D8.2, "The effects of disabling an address translation stage").
            "8:  mrs     x9, sctlr_el1
             bic     x9, x9, #(1 << 0)       // M = 0: no table walk into the old image
             bic     x9, x9, #(1 << 12)      // I = 0: nothing new from it in the cache
             msr     sctlr_el1, x9
             isb                             // addresses are physical from here on
             tlbi    vmalle1                 // its translations
             ic      iallu                   // its instructions
             dsb     nsh                     // both are complete
             isb                             // and nothing fetched before is used
             br      x6                      // out of the image",
            in("x8") departure,
            in("x7") u64::from(manner.flags()),
            keep = const Manner::KEEP,
            all = const Manner::ALL,
            options(noreturn)
        )
    }
}
