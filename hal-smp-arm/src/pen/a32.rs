// SPDX-License-Identifier: MIT OR Apache-2.0
//! The AArch32 pen: `hal_smp_api::pen::Pen` in position-independent assembly.
//!
//! It uses neither a stack nor anything else of an image: what it knows came in registers ([`Area::departure`]), what
//! it reads and writes are the slot and, if there is one, the witness register. It runs with everything masked,
//! caches and translation off, so its data accesses are Strongly-ordered (DDI 0406C, B3.2.1): they happen in program order.
//!
//! At the release it branches to the entry with the argument in r0 (low) and r1 (high), in the mode in which it was
//! entered, everything masked, caches and translation off. Bit 0 of the entry chooses T32; an entry with one of
//! bits 63:32 set does not open the pen.
//!
//! [`Area::departure`]: super::Area::departure

use core::arch::global_asm;

use hal_smp_api::slots::SlotWord;
use hal_smp_api::word::Code;

use super::CODE_BYTES;

global_asm!(
    r#"
    .section .rodata.hal_smp_arm_pen_a32, "a"
    .p2align 2
    .arm
    .global hal_smp_arm_pen_a32
    .global hal_smp_arm_pen_a32_end
hal_smp_arm_pen_a32:                    @ r0 slot, r1 victim's half, r2 id, r3 witness, r4 its bits, r5 options
    mov     r6, #0                      @ the request that was acknowledged: none
    mov     r8, #0                      @ r7 holds no nonce yet
1:  ldr     r9, [r0, #{request}]
    lsrs    r11, r9, #8                 @ its generation
    beq     2f                          @ 0: no word
    and     r10, r9, #0xff
    cmp     r10, #{stop}
    bne     2f                          @ not a stop
    cmp     r9, r6
    beq     2f                          @ acknowledged already
    cmp     r3, #0
    strne   r4, [r3]                    @ witness: the device ORs the bit in
    mov     r10, #{parked}
    orr     r10, r10, r11, lsl #8
    str     r10, [r1, #{stage}]         @ parked, by an instruction fetched from here
    mvn     r10, r10
    str     r10, [r1, #{inverse}]       @ what makes it valid
    dsb                                 @ at the point of coherency ...
    sev                                 @ ... before anybody is told
    mov     r6, r9
2:  ldr     r10, [r0, #{nonce}]
    teq     r8, #1
    teqeq   r10, r7
    beq     3f                          @ answered already
    str     r10, [r1, #{echo}]          @ the pen executes now
    dsb
    sev
    mov     r7, r10
    mov     r8, #1
3:  cmp     r11, #0
    beq     5f                          @ no word, no release
    and     r10, r9, #0xf
    cmp     r10, #4
    beq     4f                          @ a code with a reason
    and     r10, r9, #0xff
    cmp     r10, #0
    beq     5f                          @ no such code
    cmp     r10, #7
    bhi     5f                          @ no such code
4:  mov     r10, #{release_code}
    orr     r10, r10, r11, lsl #8       @ the release that belongs to this request
    ldr     r12, [r0, #{release}]
    cmp     r12, r10
    bne     5f
    ldr     r12, [r0, #{release_id}]
    cmp     r12, r2
    bne     5f                          @ somebody else's
    dmb                                 @ the order was complete before the release word
    ldr     lr, [r0, #{entry_high}]
    cmp     lr, #0
    bne     5f                          @ an entry that this core cannot reach
    ldr     lr, [r0, #{entry}]
    ldr     r8, [r0, #{arg_low}]
    ldr     r9, [r0, #{arg_high}]
    mov     r10, #0
    mcr     p15, 0, r10, c8, c7, 0      @ TLBIALL: the next image has tables of its own
    mcr     p15, 0, r10, c7, c5, 6      @ BPIALL: and other branches
    mcr     p15, 0, r10, c7, c5, 0      @ ICIALLU: and other instructions at the same addresses
    dsb                                 @ all three are complete
    isb                                 @ nothing fetched ahead is used
    mov     r10, #{released}
    orr     r10, r10, r11, lsl #8
    str     r10, [r1, #{stage}]         @ released: the last word from here
    mvn     r10, r10
    str     r10, [r1, #{inverse}]
    dsb                                 @ seen before the core does anything else
    sev
    mov     r0, r8                      @ argument
    mov     r1, r9
    bx      lr
5:  tst     r5, #{poll}
    wfeeq                               @ until a requester has written, and said so by SEV
    b       1b
hal_smp_arm_pen_a32_end:
    "#,
    request = const SlotWord::Request.offset_in_half(),
    nonce = const SlotWord::Nonce.offset_in_half(),
    release = const SlotWord::Release.offset_in_half(),
    release_id = const SlotWord::ReleaseId.offset_in_half(),
    entry_high = const SlotWord::EntryHigh.offset_in_half(),
    entry = const SlotWord::EntryLow.offset_in_half(),
    arg_low = const SlotWord::ArgLow.offset_in_half(),
    arg_high = const SlotWord::ArgHigh.offset_in_half(),
    stage = const SlotWord::Stage.offset_in_half(),
    inverse = const SlotWord::StageInverse.offset_in_half(),
    echo = const SlotWord::Echo.offset_in_half(),
    stop = const Code::STOP,
    parked = const Code::PARKED,
    released = const Code::RELEASED,
    release_code = const Code::RELEASE,
    poll = const super::POLL,
);

unsafe extern "C" {
    static hal_smp_arm_pen_a32: u32;
    static hal_smp_arm_pen_a32_end: u32;
}

/// The pen's code, to be copied.
#[must_use]
pub fn code() -> &'static [u32] {
    let (start, end) = (&raw const hal_smp_arm_pen_a32, &raw const hal_smp_arm_pen_a32_end);
    let words = (end as usize - start as usize) / 4;
    debug_assert!(words * 4 <= CODE_BYTES);
    // SAFETY: the assembly above emits whole words between the two symbols, in read-only data.
    unsafe { core::slice::from_raw_parts(start, words) }
}
