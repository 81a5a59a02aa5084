// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the program needs of AArch32: pens, the way out, and the code that runs while the image is gone.

use super::code::{boot_pen, depart_all, warm_address};
use super::overwrite::{Probe, write_code};
use super::{BootPen, Stoppable, Verdict};
use core::arch::global_asm;
use core::mem::offset_of;
use core::ops::Range;
use hal_smp_api::ack::SetClear;
use hal_smp_api::cpus::Cpu;
use hal_smp_api::slots::SlotWord;
use hal_smp_api::word::Code;
use hal_smp_arm::flags::FlagRegister;
use hal_smp_arm::victim::{Coherency, Departure, Levels, Manner, a32};

pub(super) use hal_smp_arm::pen::a32::code as pen_code;

/// Undefined in A32, and in T32 by its lower half: who executes poison traps.
pub(super) const POISON: u32 = 0xE7F0_DEF0;

/// Does nothing.
pub(super) const NOP: u32 = 0xE320_F000;

/// Leaves for `departure`.
pub(super) fn leave(departure: &Departure, coherency: Coherency, levels: Levels) -> ! {
    let Ok(leave) = a32::sequence(a32::midr()) else { crate::finish(Err("no way to leave for this core")) };
    // SAFETY: callers have masked everything and made their interface quiet, or hold the image alone; start-up maps every
    // address to itself; the targets of this program are position-independent code in the pen area.
    unsafe { leave(departure, Manner { coherency, levels }) }
}

/// What holds a core in a boot pen that was built after the board's.
pub(super) struct Gate(FlagRegister);

impl Gate {
    /// Builds the pen in `room`, closed; none if the board has no such pen.
    pub(super) fn build<B: Stoppable>(room: Range<usize>) -> Result<Option<Self>, &'static str> {
        let BootPen::Flags(register) = B::BOOT_PEN else { return Ok(None) };
        write_code(room.start, room.end, boot_pen())?;
        // SAFETY: the board's register, which nobody else uses in this program.
        let mut flags = unsafe { FlagRegister::new(register) };
        flags.clear(u32::MAX);
        Ok(Some(Self(flags)))
    }

    /// Lets out whoever waits.
    pub(super) fn open(&mut self, _cpu: Cpu) -> Verdict {
        self.0.release_to(warm_address() as u32);
        Ok(())
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.0.clear(u32::MAX);
    }
}

global_asm!(
    r#"
    .section .text.excursion, "ax"
    .arm
    .global arm_support_excursion
arm_support_excursion:
    push    {{r4-r11, lr}}          @ what a call keeps
    mrs     r2, cpsr
    push    {{r2, r3}}
    str     sp, [r0]
    mov     r0, r1
    b       {depart_all}
    .global arm_support_resume
arm_support_resume:                 @ r0: the probe; translation and caches off
    mov     r4, r0
    bl      arm_support_mmu_on
    ldr     sp, [r4, #{stack}]
    pop     {{r2, r3}}
    msr     cpsr_c, r2              @ masks as they were
    pop     {{r4-r11, pc}}

    .section .rodata.probe, "a"
    .p2align 2
    .arm
    .global arm_support_probe
arm_support_probe:
    mov     r11, r0
    ldr     r1, [r11, #{image}]
    ldr     r2, [r11, #{end}]
    ldr     r3, [r11, #{backup}]
1:  ldr     r4, [r1], #4            @ keep the image
    str     r4, [r3], #4
    cmp     r1, r2
    blo     1b
    ldr     r1, [r11, #{image}]
    ldr     r4, [r11, #{poison}]
2:  str     r4, [r1], #4            @ overwrite all of it
    cmp     r1, r2
    blo     2b
    dsb                             @ it is in memory
    mov     r3, #0
    mcr     p15, 0, r3, c7, c1, 0   @ ICIALLUIS: whoever still fetches from there must fetch poison
    mcr     p15, 0, r3, c7, c1, 6   @ BPIALLIS
    dsb
    isb
    ldr     r5, [r11, #{parked}]
    ldr     r6, [r11, #{slots}]
    ldr     r7, [r11, #{stride}]
    ldr     r8, [r11, #{half}]
    ldr     r9, [r11, #{first_nonce}]
    mov     r10, #0                 @ cores that do not answer
    mov     r12, #1
3:  tst     r5, r12
    beq     6f                      @ not parked
    str     r9, [r6, #{nonce}]      @ challenge
    dsb
    sev
    ldr     r3, [r11, #{polls}]
    add     r2, r6, r8
4:  ldr     r4, [r2, #{echo}]
    cmp     r4, r9
    beq     5f
    subs    r3, r3, #1
    bne     4b
    orr     r10, r10, r12
5:  add     r9, r9, #1
6:  add     r6, r6, r7
    lsls    r12, r12, #1
    bne     3b
    str     r10, [r11, #{silent}]
    ldr     r1, [r11, #{image}]
    ldr     r2, [r11, #{end}]
    ldr     r4, [r11, #{poison}]
    mov     r10, #0
7:  ldr     r3, [r1], #4            @ did anybody write into it?
    cmp     r3, r4
    addne   r10, r10, #1
    cmp     r1, r2
    blo     7b
    str     r10, [r11, #{changed}]
    ldr     r1, [r11, #{image}]
    ldr     r3, [r11, #{backup}]
8:  ldr     r4, [r3], #4            @ bring the image back
    str     r4, [r1], #4
    cmp     r1, r2
    blo     8b
    dsb
    mov     r3, #0
    mcr     p15, 0, r3, c7, c5, 6   @ BPIALL
    mcr     p15, 0, r3, c7, c5, 0   @ ICIALLU: no poison is left
    dsb
    isb
    mov     r0, r11
    ldr     r1, [r11, #{resume}]
    bx      r1
    .global arm_support_probe_end
arm_support_probe_end:

    .global arm_support_dead_pen
arm_support_dead_pen:
    ldr     r9, [r0, #{request}]
    lsr     r9, r9, #8
    mov     r10, #{parked_code}
    orr     r10, r10, r9, lsl #8
    cmp     r3, #0
    strne   r4, [r3]
    str     r10, [r1, #{stage}]
    mvn     r10, r10
    str     r10, [r1, #{inverse}]
    dsb
1:  b       1b
    .global arm_support_dead_pen_end
arm_support_dead_pen_end:

    .global arm_support_boot_pen
arm_support_boot_pen:
    mov     r2, #1
    str     r2, [r1]
    dsb
1:  ldr     r2, [r0]
    cmp     r2, #0
    beq     1b
    mov     r0, #0
    bx      r2
    .global arm_support_boot_pen_end
arm_support_boot_pen_end:
"#,
    depart_all = sym depart_all,
    image = const offset_of!(Probe, image),
    end = const offset_of!(Probe, end),
    backup = const offset_of!(Probe, backup),
    poison = const offset_of!(Probe, poison),
    parked = const offset_of!(Probe, parked),
    slots = const offset_of!(Probe, slots),
    stride = const offset_of!(Probe, stride),
    half = const offset_of!(Probe, half),
    first_nonce = const offset_of!(Probe, nonce),
    polls = const offset_of!(Probe, polls),
    silent = const offset_of!(Probe, silent),
    changed = const offset_of!(Probe, changed),
    resume = const offset_of!(Probe, resume),
    stack = const offset_of!(Probe, stack),
    nonce = const SlotWord::Nonce.offset_in_half(),
    request = const SlotWord::Request.offset_in_half(),
    stage = const SlotWord::Stage.offset_in_half(),
    inverse = const SlotWord::StageInverse.offset_in_half(),
    echo = const SlotWord::Echo.offset_in_half(),
    parked_code = const Code::PARKED,
);
