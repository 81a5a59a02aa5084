// SPDX-License-Identifier: MIT OR Apache-2.0
//! The AArch64 pen: `hal_smp_api::pen::Pen` in position-independent assembly.
//!
//! It uses neither a stack nor anything else of an image: what it knows came in registers ([`Area::departure`]), what
//! it reads and writes are the slot and, if there is one, the witness register. It runs at EL1 with everything masked,
//! caches and translation off, so its data accesses are Device-nGnRnE (DDI 0487, D8.2): they happen in program order.
//!
//! At the release it branches to the entry with the argument in x0, x1 to x3 zero, at EL1, everything masked, caches and
//! translation off.
//!
//! [`Area::departure`]: super::Area::departure

use core::arch::global_asm;

use hal_smp_api::slots::SlotWord;
use hal_smp_api::word::Code;

use super::CODE_BYTES;

global_asm!(
    r#"
    .section .rodata.hal_smp_arm_pen_a64, "a"
    .p2align 2
    .global hal_smp_arm_pen_a64
    .global hal_smp_arm_pen_a64_end
hal_smp_arm_pen_a64:                        // x0 slot, x1 victim's half, w2 id, x3 witness, w4 its bits, w5 options
    mov     w6, wzr                         // the request that was acknowledged: none
    mov     w8, wzr                         // w7 holds no nonce yet
1:  ldr     w9, [x0, #{request}]
    lsr     w11, w9, #8                     // its generation
    cbz     w11, 2f                         // 0: no word
    and     w10, w9, #0xff
    cmp     w10, #{stop}
    b.ne    2f                              // not a stop
    cmp     w9, w6
    b.eq    2f                              // acknowledged already
    cbz     x3, 6f
    str     w4, [x3]                        // witness: the device ORs the bit in
6:  mov     w10, #{parked}
    orr     w10, w10, w11, lsl #8
    str     w10, [x1, #{stage}]             // parked, by an instruction fetched from here
    mvn     w10, w10
    str     w10, [x1, #{inverse}]           // what makes it valid
    dsb     sy                              // at the point of coherency ...
    sev                                     // ... before anybody is told
    mov     w6, w9
2:  ldr     w10, [x0, #{nonce}]
    cbz     w8, 7f                          // the first is answered, whatever it is
    cmp     w10, w7
    b.eq    3f                              // answered already
7:  str     w10, [x1, #{echo}]              // the pen executes now
    dsb     sy
    sev
    mov     w7, w10
    mov     w8, #1
3:  cbz     w11, 5f                         // no word, no release
    and     w10, w9, #0xf
    cmp     w10, #4
    b.eq    4f                              // a code with a reason
    and     w10, w9, #0xff
    cbz     w10, 5f                         // no such code
    cmp     w10, #7
    b.hi    5f                              // no such code
4:  mov     w10, #{release_code}
    orr     w10, w10, w11, lsl #8           // the release that belongs to this request
    ldr     w12, [x0, #{release}]
    cmp     w12, w10
    b.ne    5f
    ldr     w12, [x0, #{release_id}]
    cmp     w12, w2
    b.ne    5f                              // somebody else's
    dmb     sy                              // the order was complete before the release word
    ldr     w13, [x0, #{entry_low}]
    ldr     w14, [x0, #{entry_high}]
    orr     x13, x13, x14, lsl #32
    ldr     w14, [x0, #{arg_low}]
    ldr     w15, [x0, #{arg_high}]
    orr     x14, x14, x15, lsl #32
    tbz     w5, #{join_bit}, 8f
    mrs     x15, S3_1_C15_C2_1              // CPUECTLR_EL1 (A53, A57, A72)
    orr     x15, x15, #(1 << 6)             // SMPEN: inside before any cache is on
    msr     S3_1_C15_C2_1, x15
    isb
8:  tlbi    vmalle1                         // the next image has tables of its own
    ic      iallu                           // and other instructions at the same addresses
    dsb     nsh                             // both are complete
    isb                                     // nothing fetched ahead is used
    mov     w10, #{released}
    orr     w10, w10, w11, lsl #8
    str     w10, [x1, #{stage}]             // released: the last word from here
    mvn     w10, w10
    str     w10, [x1, #{inverse}]
    dsb     sy                              // seen before the core does anything else
    sev
    mov     x0, x14                         // argument
    mov     x1, xzr                         // the rest as boot protocols have it
    mov     x2, xzr
    mov     x3, xzr
    br      x13
5:  tbnz    w5, #{poll_bit}, 1b
    wfe                                     // until a requester has written, and said so by SEV
    b       1b
hal_smp_arm_pen_a64_end:
    "#,
    request = const SlotWord::Request.offset_in_half(),
    nonce = const SlotWord::Nonce.offset_in_half(),
    release = const SlotWord::Release.offset_in_half(),
    release_id = const SlotWord::ReleaseId.offset_in_half(),
    entry_low = const SlotWord::EntryLow.offset_in_half(),
    entry_high = const SlotWord::EntryHigh.offset_in_half(),
    arg_low = const SlotWord::ArgLow.offset_in_half(),
    arg_high = const SlotWord::ArgHigh.offset_in_half(),
    stage = const SlotWord::Stage.offset_in_half(),
    inverse = const SlotWord::StageInverse.offset_in_half(),
    echo = const SlotWord::Echo.offset_in_half(),
    stop = const Code::STOP,
    parked = const Code::PARKED,
    released = const Code::RELEASED,
    release_code = const Code::RELEASE,
    poll_bit = const super::POLL.trailing_zeros(),
    join_bit = const super::JOIN.trailing_zeros(),
);

unsafe extern "C" {
    static hal_smp_arm_pen_a64: u32;
    static hal_smp_arm_pen_a64_end: u32;
}

/// The pen's code, to be copied.
#[must_use]
pub fn code() -> &'static [u32] {
    let (start, end) = (&raw const hal_smp_arm_pen_a64, &raw const hal_smp_arm_pen_a64_end);
    let words = (end as usize - start as usize) / 4;
    debug_assert!(words * 4 <= CODE_BYTES);
    // SAFETY: the assembly above emits whole words between the two symbols, in read-only data.
    unsafe { core::slice::from_raw_parts(start, words) }
}
