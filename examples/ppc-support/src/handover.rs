// SPDX-License-Identifier: MIT OR Apache-2.0
//! Taking the CPU over from whoever ran before: QEMU's reset state, or a boot loader's leavings.

use core::arch::asm;

use hal_exc_api::cpu::{self, Group, Pvr};

use crate::boot::BootInfo;
use crate::error::BoardError;
use crate::tlb1;

/// Stops the timers and debug events of the CPU and, on an e500, replaces the translations by our own.
/// Caches stay as they are. A CPU that nobody knows is left alone; its board will say so.
///
/// # Safety
/// * Called once, with interrupts off, on the entry stub's stack, before devices are used.
pub unsafe fn quiet(boot: &BootInfo) {
    let Ok(cpu) = cpu::identify(Pvr(boot.pvr)) else { return };
    // SAFETY: each group's function names registers that the group has.
    unsafe {
        match cpu.group() {
            Group::E500 | Group::E500mc | Group::E6500 => {
                quiet_book_e();
                tlb1::own_layout();
            }
            Group::Ppc440 => {
                quiet_book_e();
                open_to_problem_state();
            }
            Group::E200 => quiet_book_e(),
            Group::Ppc405 | Group::Ppc403 => quiet_40x(),
            // A classic decrementer cannot be stopped; with EE off it waits.
            _ => {}
        }
    }
}

/// # Safety
/// The CPU is Book E.
unsafe fn quiet_book_e() {
    // SAFETY: the registers exist; EE and CE are off, so nothing is taken in between.
    unsafe {
        asm!(
            "mtspr 308, {zero}", // DBCR0: no debug events
            "mtspr 304, {ones}", // DBSR: forget those that happened (write 1 to clear)
            "mtspr 340, {zero}", // TCR: no decrementer, interval or watchdog interrupts, no reload
            "mtspr 336, {ones}", // TSR: forget those that happened
            "isync",
            zero = in(reg) 0, ones = in(reg) u32::MAX,
            options(nostack, preserves_flags),
        );
    }
}

/// Lets problem state use the translation of the image, which loaders make for supervisor state only.
///
/// # Safety
/// The CPU is a 440.
unsafe fn open_to_problem_state() {
    /// `tlbsx r3, 0, r4`, `tlbre r5, r3, 2`, `tlbwe r5, r3, 2` as words: the assembler's own forms of the last two
    /// take one bit of the word number only.
    const TLBSX: u32 = 31 << 26 | 3 << 21 | 4 << 11 | 914 << 1;
    const TLBRE: u32 = 31 << 26 | 5 << 21 | 3 << 16 | 2 << 11 | 946 << 1;
    const TLBWE: u32 = 31 << 26 | 5 << 21 | 3 << 16 | 2 << 11 | 978 << 1;
    // SAFETY: the entry that translates this code exists, and gains permissions only (PPC440x5 CPU Core User's Manual,
    // chapter 5: UX, UW, UR in word 2). Not `nomem`: what memory allows changes.
    unsafe {
        asm!(
            "mtspr 946, {zero}", // MMUCR: PID 0, address space 0
            "isync",
            ".long {tlbsx}",     // r3 := number of the entry
            ".long {tlbre}",     // r5 := its word 2
            "ori 5, 5, 0x38",    // UX, UW, UR
            ".long {tlbwe}",
            "isync",
            zero = in(reg) 0,
            tlbsx = const TLBSX, tlbre = const TLBRE, tlbwe = const TLBWE,
            in("r4") quiet as *const () as usize, out("r3") _, out("r5") _,
            options(nostack, preserves_flags),
        );
    }
}

/// # Safety
/// The CPU is a 403 or 405.
unsafe fn quiet_40x() {
    // SAFETY: as above; the numbers are those of the PPC405 Core User's Manual, chapter 10.
    unsafe {
        asm!(
            "mtspr 0x3F2, {zero}", // DBCR0
            "mtspr 0x3F0, {ones}", // DBSR
            "mtspr 0x3DA, {zero}", // TCR
            "mtspr 0x3DB, {zero}", // PIT: stopped
            "mtspr 0x3D8, {ones}", // TSR
            "isync",
            zero = in(reg) 0, ones = in(reg) u32::MAX,
            options(nostack, preserves_flags),
        );
    }
}

/// Makes `length` bytes of memory at `address` readable where that takes a translation.
///
/// # Errors
/// [`BoardError::Tlb`].
///
/// # Safety
/// * There is memory, with effective = physical address.
pub unsafe fn reach(boot: &BootInfo, address: u32, length: u32) -> Result<(), BoardError> {
    let group = cpu::identify(Pvr(boot.pvr)).map(|cpu| cpu.group());
    if matches!(group, Ok(Group::E500 | Group::E500mc | Group::E6500)) {
        let last = address.saturating_add(length.max(1) - 1);
        let mut next = address;
        loop {
            // SAFETY: an e500, and the caller says that there is memory.
            unsafe { tlb1::reach(next)? };
            next = match (next | (tlb1::RAM_SIZE - 1)).checked_add(1) {
                Some(next) if next <= last => next,
                _ => break,
            };
        }
    }
    Ok(())
}
