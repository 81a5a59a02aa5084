// SPDX-License-Identifier: MIT OR Apache-2.0
//! Device control registers (DCRs) of 403, 405 and 440 chips, and what hangs on DBCR0.

/// Reads DCR `N`.
///
/// The instruction holds the number, so it is a constant. Written as a word (opcode 31, extended opcode 323,
/// the halves of the number swapped), because the assembler knows `mfdcr` for some CPUs only.
///
/// # Safety
/// * The chip has this register, and reading it does no harm.
#[must_use]
pub unsafe fn read<const N: u32>() -> u32 {
    let value: u32;
    // SAFETY: the caller answers for the register; r3 takes the value.
    unsafe {
        core::arch::asm!(
            ".long {word}", // mfdcr r3, N
            word = const encode(323, N),
            out("r3") value,
            options(nostack, preserves_flags),
        );
    }
    value
}

/// Writes DCR `N` (extended opcode 451).
///
/// # Safety
/// * The chip has this register, and the value does no harm to memory that Rust code owns.
pub unsafe fn write<const N: u32>(value: u32) {
    // SAFETY: the caller answers for the register; r3 holds the value.
    unsafe {
        core::arch::asm!(
            ".long {word}", // mtdcr N, r3
            word = const encode(451, N),
            in("r3") value,
            options(nostack, preserves_flags),
        );
    }
}

/// The word of `mfdcr r3, n` or `mtdcr n, r3`.
const fn encode(extended: u32, n: u32) -> u32 {
    assert!(n < 1024, "DCR numbers have 10 bits");
    31 << 26 | 3 << 21 | (n & 0x1F) << 16 | (n >> 5) << 11 | extended << 1
}

// mfdcr r3, 0xC0 and mtdcr 0xC1, r3, as GNU as encodes them for the 405.
const _: () = assert!(encode(323, 0xC0) == 0x7C60_3286);
const _: () = assert!(encode(451, 0xC1) == 0x7C61_3386);

/// DBCR0\[RST\]: system reset.
const SYSTEM_RESET: u32 = 0x3000_0000;

/// Resets the machine through DBCR0 of a 440 (SPR 308).
///
/// # Safety
/// * The CPU is a 440; nothing of value is left in the machine.
pub unsafe fn reset_440() -> ! {
    // SAFETY: the caller answers for it.
    unsafe { core::arch::asm!("mtspr 308, {}", in(reg) SYSTEM_RESET, options(nostack)) };
    loop {
        core::hint::spin_loop();
    }
}

/// Resets the machine through DBCR0 of a 405 (SPR 0x3F2).
///
/// # Safety
/// * The CPU is a 405; nothing of value is left in the machine.
pub unsafe fn reset_405() -> ! {
    // SAFETY: the caller answers for it.
    unsafe { core::arch::asm!("mtspr 0x3F2, {}", in(reg) SYSTEM_RESET, options(nostack)) };
    loop {
        core::hint::spin_loop();
    }
}
