// SPDX-License-Identifier: MIT OR Apache-2.0
//! The instructions: only an e500 core may come here.

use core::arch::{asm, naked_asm};

use super::{Entry, RAM_SIZE, Size, TlbError, Window};

/// MAS0: select TLB1, entry number at bit 16.
const TLB1: u32 = 1 << 28;
const ENTRY_SHIFT: u32 = 16;

/// Leaves one translation: [`RAM_SIZE`] bytes at 0, effective = physical, for every state. Everything else goes, in TLB0 and
/// TLB1, whoever made it: later windows cannot meet a second translation of the same page, which the manual
/// forbids (12.3.1: multiple hits are undefined).
///
/// An entry cannot be replaced while it translates the code that replaces it, so the code passes through
/// address space 1 for a moment.
///
/// # Safety
/// * The core is an e500; interrupts are off.
/// * The caller's code and stack lie below [`RAM_SIZE`], effective = physical.
/// * Nothing that must stay mapped lies elsewhere.
#[unsafe(naked)]
pub unsafe extern "C" fn own_layout() {
    naked_asm!(
        "mflr   %r12", // return address: LR is needed below
        "mfmsr  %r11", // MSR to come back with
        // Which entry translates this code?
        "bcl    20, 31, 1f", // LR := address of 1
        "1: mflr %r10",
        "mfspr  %r9, 48",              // PID0
        "slwi   %r9, %r9, 16",         // to MAS6[SPID]; SAS = 0
        "mtspr  630, %r9",             // MAS6
        "isync",                       // before the search
        "tlbsx  0, %r10",              // MAS0 := where it is found
        "mfspr  %r9, 624",             // MAS0
        "rlwinm %r8, %r9, 16, 24, 31", // its entry number (ESEL is at most 8 bits here)
        "rlwinm. %r9, %r9, 4, 31, 31", // 1 = TLB1, 0 = TLB0
        "bne    2f",
        "li     %r8, -1", // TLB0: no entry of TLB1 must be kept
        // Invalidate all entries of TLB1 but that one.
        "2: mfspr %r7, 689",   // TLB1CFG
        "clrlwi %r7, %r7, 20", // NENTRY
        "li     %r6, 0",       // MAS1 of an invalid entry, and the loop count
        "li     %r5, 0",
        "3: cmpw %r5, %r8", // the one to keep?
        "beq    4f",
        "slwi   %r9, %r5, 16",     // ESEL
        "oris   %r9, %r9, 0x1000", // TLBSEL = 1
        "mtspr  624, %r9",         // MAS0
        "mtspr  625, %r6",         // MAS1: V = 0, IPROT = 0
        "isync",
        "tlbwe",
        "4: addi %r5, %r5, 1",
        "cmpw   %r5, %r7",
        "blt    3b",
        "isync",
        // A temporary entry in address space 1: number 1, or 2 if 1 is the one we run from.
        "li     %r4, 1",
        "cmpwi  %r8, 1",
        "bne    5f",
        "li     %r4, 2",
        "5: slwi %r9, %r4, 16",    // ESEL
        "oris   %r9, %r9, 0x1000", // TLBSEL = 1
        "mtspr  624, %r9",         // MAS0
        "lis    %r9, 0xC000",      // V, IPROT
        "ori    %r9, %r9, 0x1800", // TS = 1, TSIZE = 64 MiB
        "mtspr  625, %r9",         // MAS1
        "li     %r9, 0x4",         // effective page 0, M
        "mtspr  626, %r9",         // MAS2
        "li     %r9, 0x15",        // real page 0, SX SW SR
        "mtspr  627, %r9",         // MAS3
        "mtspr  944, %r6",         // MAS7: 0
        "isync",
        "tlbwe",
        "isync",
        // Enter address space 1.
        "ori    %r9, %r11, 0x30", // IS, DS
        "mtspr  27, %r9",         // SRR1
        "addi   %r9, %r10, 6f - 1b",
        "mtspr  26, %r9", // SRR0
        "rfi",
        // The entry that was kept, and all of TLB0, can go now.
        "6: cmpwi %r8, 0",
        "blt    7f", // it was in TLB0
        "slwi   %r9, %r8, 16",
        "oris   %r9, %r9, 0x1000",
        "mtspr  624, %r9", // MAS0
        "mtspr  625, %r6", // MAS1: invalid
        "isync",
        "tlbwe",
        "7: li  %r9, 0x4", // TLB0, invalidate all
        "tlbivax 0, %r9",
        "tlbsync", // wait for it
        "msync",
        "isync",
        // The one entry: TLB1[0], address space 0.
        "lis    %r9, 0x1000",
        "mtspr  624, %r9",         // MAS0
        "lis    %r9, 0xC000",      // V, IPROT
        "ori    %r9, %r9, 0x0800", // TS = 0, TSIZE = 64 MiB
        "mtspr  625, %r9",         // MAS1
        "li     %r9, 0x4",
        "mtspr  626, %r9",  // MAS2
        "li     %r9, 0x3F", // all permissions
        "mtspr  627, %r9",  // MAS3
        "mtspr  944, %r6",  // MAS7
        "mtspr  48, %r6",   // PID0 := 0
        "isync",
        "tlbwe",
        "isync",
        // Back to address space 0, and the temporary entry goes.
        "mtspr  27, %r11", // SRR1
        "addi   %r9, %r10, 8f - 1b",
        "mtspr  26, %r9", // SRR0
        "rfi",
        "8: slwi %r9, %r4, 16",
        "oris   %r9, %r9, 0x1000",
        "mtspr  624, %r9", // MAS0
        "mtspr  625, %r6", // MAS1: invalid
        "isync",
        "tlbwe",
        "msync",
        "isync",
        "mtlr   %r12",
        "blr",
    )
}

/// Number of entries of TLB1.
#[must_use]
pub fn entries() -> u32 {
    let config: u32;
    // SAFETY: TLB1CFG (SPR 689) is read only and exists on every e500.
    unsafe { asm!("mfspr {}, 689", out(reg) config, options(nomem, nostack, preserves_flags)) };
    config & 0xFFF
}

/// The entry of TLB1 that translates this effective address in address space 0, if one does.
#[must_use]
pub fn find(ea: u32) -> Option<u32> {
    let (mas0, mas1): (u32, u32);
    // SAFETY: a search changes the MAS registers only, and nobody relies on them between two blocks like this.
    unsafe {
        asm!(
            "mtspr 630, {zero}",    // MAS6: PID 0, address space 0
            "isync",
            "tlbsx 0, {ea}",
            "mfspr {mas0}, 624",
            "mfspr {mas1}, 625",
            zero = in(reg) 0, ea = in(reg) ea, mas0 = out(reg) mas0, mas1 = out(reg) mas1,
            options(nostack, preserves_flags),
        );
    }
    (mas1 >> 31 == 1).then_some(mas0 >> ENTRY_SHIFT & 0xFF)
}

/// Maps a window through a free entry of TLB1.
///
/// # Errors
/// [`TlbError`]; nothing has changed then.
///
/// # Safety
/// * The core is an e500.
/// * What appears at the window is what the caller says it is, and no Rust object lies there by accident.
pub unsafe fn map(window: &Window) -> Result<(), TlbError> {
    let entry = window.entry()?;
    let last = window.ea + (window.size.bytes() - 1);
    for ea in (window.ea..=last).step_by(Size::K4.bytes() as usize) {
        if find(ea).is_some() {
            return Err(TlbError::Overlap(ea));
        }
    }
    let free = (0..entries()).find(|&number| !in_use(number)).ok_or(TlbError::Full(entries()))?;
    // SAFETY: the entry is free and the page was mapped nowhere; the caller answers for the rest.
    unsafe { write(free, entry) };
    Ok(())
}

/// Removes the window that translates `ea`; whether there was one.
///
/// # Safety
/// * The core is an e500, and nothing uses the window any more.
pub unsafe fn unmap(ea: u32) -> bool {
    let found = find(ea);
    if let Some(number) = found {
        // SAFETY: the caller gave the window up.
        unsafe { write(number, Entry { mas1: 0, mas2: 0, mas3: 0, mas7: 0 }) };
    }
    found.is_some()
}

/// Makes the memory at `ea` readable, effective = physical, if it is not yet.
///
/// # Errors
/// [`TlbError`].
///
/// # Safety
/// * As for [`map`], with 64 MiB of memory around `ea`.
pub unsafe fn reach(ea: u32) -> Result<(), TlbError> {
    if find(ea).is_some() {
        return Ok(());
    }
    let ea = ea & !(RAM_SIZE - 1);
    // SAFETY: the caller says that there is memory.
    unsafe { map(&Window { ea, pa: ea.into(), size: Size::M64, kind: super::Kind::Ram }) }
}

fn in_use(number: u32) -> bool {
    let mas1: u32;
    // SAFETY: reads an entry into the MAS registers; see `find`.
    unsafe {
        asm!(
            "mtspr 624, {mas0}",
            "isync",
            "tlbre",
            "isync",
            "mfspr {mas1}, 625",
            mas0 = in(reg) TLB1 | number << ENTRY_SHIFT, mas1 = out(reg) mas1,
            options(nostack, preserves_flags),
        );
    }
    mas1 >> 31 == 1
}

unsafe fn write(number: u32, entry: Entry) {
    // SAFETY: the caller answers for the entry. Not `nomem`: what memory is changes here.
    unsafe {
        asm!(
            "mtspr 624, {mas0}",
            "mtspr 625, {mas1}",
            "mtspr 626, {mas2}",
            "mtspr 627, {mas3}",
            "mtspr 944, {mas7}",
            "isync",
            "tlbwe",
            "msync",
            "isync",
            mas0 = in(reg) TLB1 | number << ENTRY_SHIFT,
            mas1 = in(reg) entry.mas1,
            mas2 = in(reg) entry.mas2,
            mas3 = in(reg) entry.mas3,
            mas7 = in(reg) entry.mas7,
            options(nostack, preserves_flags),
        );
    }
}
