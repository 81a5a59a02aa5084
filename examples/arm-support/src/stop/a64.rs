// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the program needs of AArch64: pens, the way out, and the code that runs while the image is gone.

use super::code::{boot_pen, depart_all, warm_address};
use super::overwrite::{Probe, write_code};
use super::requester::id_of;
use super::{BootPen, Stoppable, Verdict};
use crate::MAX_CPUS;
use core::arch::global_asm;
use core::mem::offset_of;
use core::ops::Range;
use hal_smp_api::cpus::{Cpu, HwId};
use hal_smp_api::slots::SlotWord;
use hal_smp_api::word::Code;
use hal_smp_arm::barrier::Uncached;
use hal_smp_arm::spin_table::{Rows, SpinTable, hold};
use hal_smp_arm::victim::{Coherency, Departure, Levels, Manner, armv8};

pub(super) use hal_smp_arm::pen::a64::code as pen_code;

/// UDF #0xDEAD: who executes poison traps.
pub(super) const POISON: u32 = 0x0000_DEAD;

/// Does nothing.
pub(super) const NOP: u32 = 0xD503_201F;

/// Leaves for `departure`.
pub(super) fn leave(departure: &Departure, coherency: Coherency, levels: Levels) -> ! {
    if armv8::check(armv8::midr(), coherency).is_err() {
        crate::finish(Err("no way to leave for this core"));
    }
    // SAFETY: callers have masked everything and made their interface quiet, or hold the image alone; start-up maps every
    // address to itself; the targets of this program are position-independent code in the pen area.
    unsafe { armv8::leave(departure, Manner { coherency, levels }) }
}

/// What holds a core in a boot pen that was built after the loader's: a spin table.
pub(super) struct Gate(Rows);

impl Gate {
    /// Builds the pen in `room`, closed; none if the board has no such pen.
    pub(super) fn build<B: Stoppable>(room: Range<usize>) -> Result<Option<Self>, &'static str> {
        if B::BOOT_PEN != BootPen::SpinTable {
            return Ok(None);
        }
        let hold_at = room.start + size_of_val(boot_pen());
        let rows = hold_at + size_of_val(hold::code());
        write_code(room.start, room.end, boot_pen())?;
        write_code(hold_at, room.end, hold::code())?;
        let ids: [_; MAX_CPUS] = core::array::from_fn(|n| Cpu::new(n).map_or(HwId(u32::MAX), id_of));
        let ids = ids.get(..B::cpus()).ok_or("too many cores")?;
        // SAFETY: the unused part of the pen area, which is mapped to itself; no core is there yet.
        let rows = unsafe { Rows::write(rows as u64, room.end.saturating_sub(rows), ids, &Uncached) };
        rows.map(Self).map(Some).map_err(|_| "no room for the spin table")
    }

    /// Lets that core out.
    pub(super) fn open(&mut self, cpu: Cpu) -> Verdict {
        let core = [self.0.core(cpu.index(), id_of(cpu)).ok_or("a core without a row")?];
        // SAFETY: the word of a row, for which the core waits; nobody else uses it.
        let table = unsafe { SpinTable::new(&core, Uncached) }.map_err(|_| "no release word")?;
        // SAFETY: the entry is made for a core that comes back without translation and caches, at this exception level.
        unsafe { table.start(core[0].id, warm_address() as u64) }.map_err(|_| "the spin table refused")
    }
}

global_asm!(
    r#"
    .section .text.excursion, "ax"
    .global arm_support_excursion
arm_support_excursion:
    stp     x29, x30, [sp, #-112]!  // what a call keeps; SIMD registers are used by nobody on the way
    stp     x19, x20, [sp, #16]
    stp     x21, x22, [sp, #32]
    stp     x23, x24, [sp, #48]
    stp     x25, x26, [sp, #64]
    stp     x27, x28, [sp, #80]
    mrs     x2, daif
    str     x2, [sp, #96]
    mov     x2, sp
    str     x2, [x0]
    mov     x0, x1
    b       {depart_all}
    .global arm_support_resume
arm_support_resume:                 // x0: the probe; translation and caches off
    mov     x19, x0
    bl      arm_support_mmu_on
    ldr     x1, [x19, #{stack}]
    mov     sp, x1
    ldr     x2, [sp, #96]
    msr     daif, x2                // masks as they were
    ldp     x27, x28, [sp, #80]
    ldp     x25, x26, [sp, #64]
    ldp     x23, x24, [sp, #48]
    ldp     x21, x22, [sp, #32]
    ldp     x19, x20, [sp, #16]
    ldp     x29, x30, [sp], #112
    ret

    .section .rodata.probe, "a"
    .p2align 2
    .global arm_support_probe
arm_support_probe:
    ldr     x1, [x0, #{image}]
    ldr     x2, [x0, #{end}]
    ldr     x3, [x0, #{backup}]
1:  ldr     w4, [x1], #4            // keep the image
    str     w4, [x3], #4
    cmp     x1, x2
    b.lo    1b
    ldr     x1, [x0, #{image}]
    ldr     w4, [x0, #{poison}]
2:  str     w4, [x1], #4            // overwrite all of it
    cmp     x1, x2
    b.lo    2b
    dsb     sy                      // it is in memory
    ic      ialluis                 // whoever still fetches from there must fetch poison
    dsb     sy
    isb
    ldr     w5, [x0, #{parked}]
    ldr     x6, [x0, #{slots}]
    ldr     x7, [x0, #{stride}]
    ldr     x8, [x0, #{half}]
    ldr     w9, [x0, #{first_nonce}]
    mov     w10, wzr                // cores that do not answer
    mov     w12, #1
3:  tst     w5, w12
    b.eq    6f                      // not parked
    str     w9, [x6, #{nonce}]      // challenge
    dsb     sy
    sev
    ldr     w3, [x0, #{polls}]
    add     x2, x6, x8
4:  ldr     w11, [x2, #{echo}]
    cmp     w11, w9
    b.eq    5f
    subs    w3, w3, #1
    b.ne    4b
    orr     w10, w10, w12
5:  add     w9, w9, #1
6:  add     x6, x6, x7
    lsl     w12, w12, #1
    cbnz    w12, 3b
    str     w10, [x0, #{silent}]
    ldr     x1, [x0, #{image}]
    ldr     x2, [x0, #{end}]
    mov     w10, wzr
7:  ldr     w3, [x1], #4            // did anybody write into it?
    cmp     w3, w4
    cinc    w10, w10, ne
    cmp     x1, x2
    b.lo    7b
    str     w10, [x0, #{changed}]
    ldr     x1, [x0, #{image}]
    ldr     x3, [x0, #{backup}]
8:  ldr     w4, [x3], #4            // bring the image back
    str     w4, [x1], #4
    cmp     x1, x2
    b.lo    8b
    dsb     sy
    ic      iallu                   // no poison is left
    dsb     sy
    isb
    ldr     x1, [x0, #{resume}]
    br      x1
    .global arm_support_probe_end
arm_support_probe_end:

    .global arm_support_dead_pen
arm_support_dead_pen:
    ldr     w9, [x0, #{request}]
    lsr     w9, w9, #8
    mov     w10, #{parked_code}
    orr     w10, w10, w9, lsl #8
    str     w10, [x1, #{stage}]
    mvn     w10, w10
    str     w10, [x1, #{inverse}]
    dsb     sy
    cbz     x3, 2f
    str     w4, [x3]
2:  b       2b
    .global arm_support_dead_pen_end
arm_support_dead_pen_end:

    .global arm_support_boot_pen
arm_support_boot_pen:
    mov     w2, #1
    str     w2, [x1]
    dsb     sy
    nop                             // the rows behind the loop want 16 bytes
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
