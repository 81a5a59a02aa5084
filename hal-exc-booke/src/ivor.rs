// SPDX-License-Identifier: MIT OR Apache-2.0
//! IVPR and IVORs: how Book E cores are pointed at their vectors.
//!
//! The address of a vector is IVPR (upper 16 bits) with the IVOR (bits 15 to 4) added. Each value is masked to
//! the architected bits before it is written and compared after, because a core silently drops the rest.

use hal_exc_api::cpu::VectorBase;
use hal_exc_api::install::InstallError;
use hal_exc_api::vectors::{VectorAddress, VectorTable};

/// Bits of IVPR that exist.
pub const IVPR_MASK: u32 = 0xFFFF_0000;
/// Bits of an IVOR that exist.
pub const IVOR_MASK: u32 = 0x0000_FFF0;

/// The vector registers of a core, or a test's copy of them.
pub trait VectorRegisters {
    /// Writes IVPR.
    fn set_ivpr(&mut self, value: u32);
    /// Reads IVPR.
    fn ivpr(&self) -> u32;
    /// Writes IVOR `n`; a number that does not exist is ignored.
    fn set_ivor(&mut self, n: u8, value: u32);
    /// Reads IVOR `n`; `None` when it does not exist.
    fn ivor(&self, n: u8) -> Option<u32>;
}

/// The rule for a vector base on a core with IVPR.
///
/// # Errors
/// [`InstallError::VectorBase`] when `base` has bits that IVPR does not hold.
pub const fn check_base(base: u32) -> Result<(), InstallError> {
    if base & !IVPR_MASK == 0 {
        Ok(())
    } else {
        Err(InstallError::VectorBase { base, rule: "IVPR holds the upper 16 bits only" })
    }
}

/// Points every vector of `table` at `base` plus its slot, IVORs first, and reads everything back. A core of kind
/// [`VectorBase::IvprFixed`] has no IVORs: its slots are wired, to the places that a table gives them, and IVPR alone is written.
///
/// # Errors
/// [`InstallError::Register`] with the first register that did not take its value.
pub fn program(
    registers: &mut impl VectorRegisters,
    kind: VectorBase,
    base: u32,
    table: &VectorTable,
) -> Result<(), InstallError> {
    let written = if kind == VectorBase::IvprFixed { &[] } else { table.entries() };
    for entry in written {
        if let VectorAddress::Ivor(n) = entry.address {
            let wanted = VectorTable::offset_of(entry) & IVOR_MASK;
            registers.set_ivor(n, wanted);
            let found = registers.ivor(n).unwrap_or(!wanted);
            if found & IVOR_MASK != wanted {
                return Err(InstallError::Register { name: ivor_name(n), wanted, found });
            }
        }
    }
    let wanted = base & IVPR_MASK;
    registers.set_ivpr(wanted);
    let found = registers.ivpr();
    if found & IVPR_MASK != wanted {
        return Err(InstallError::Register { name: "ivpr", wanted, found });
    }
    Ok(())
}

const fn ivor_name(n: u8) -> &'static str {
    const NAMES: [&str; 43] = [
        "ivor0", "ivor1", "ivor2", "ivor3", "ivor4", "ivor5", "ivor6", "ivor7", "ivor8", "ivor9", "ivor10", "ivor11",
        "ivor12", "ivor13", "ivor14", "ivor15", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "",
        "ivor32", "ivor33", "ivor34", "ivor35", "ivor36", "ivor37", "ivor38", "ivor39", "ivor40", "ivor41", "ivor42",
    ];
    if (n as usize) < NAMES.len() { NAMES[n as usize] } else { "" }
}

/// Moves to or from the IVOR with number `$n`, out of the list of `number = SPR` pairs; `$none` when it is not in it.
#[doc(hidden)]
#[macro_export]
macro_rules! __ivor {
    (write $n:expr, $value:expr; $($number:literal = $spr:literal),+) => {
        match $n {
            $($number => {
                // SAFETY: an IVOR takes effect at the next exception of its kind; the caller of `point` masked and
                // prepared them. `isync` orders it before what follows.
                unsafe {
                    core::arch::asm!(concat!("mtspr ", $spr, ", {0}"), "isync", in(reg) $value, options(nostack, preserves_flags))
                }
            })+
            _ => {}
        }
    };
    (read $n:expr; $($number:literal = $spr:literal),+) => {
        match $n {
            $($number => {
                let value: u32;
                // SAFETY: reading an IVOR has no side effect.
                unsafe {
                    core::arch::asm!(concat!("mfspr {0}, ", $spr), out(reg) value, options(nomem, nostack, preserves_flags))
                }
                Some(value)
            })+
            _ => None,
        }
    };
}

#[cfg(target_arch = "powerpc")]
mod hardware {
    use super::VectorRegisters;

    /// IVPR and IVOR0 to IVOR15 of the CPU that executes this.
    #[derive(Debug)]
    pub struct BookE(());

    impl BookE {
        /// The registers.
        ///
        /// # Safety
        /// * The CPU has IVPR and IVOR0 to IVOR15.
        /// * Nobody else moves vectors meanwhile, and where they are moved there are prologues.
        #[must_use]
        pub const unsafe fn new() -> Self {
            Self(())
        }
    }

    impl VectorRegisters for BookE {
        fn set_ivpr(&mut self, value: u32) {
            // SAFETY: promised at `new`; `isync` orders it before what follows.
            unsafe { core::arch::asm!("mtspr 63, {0}", "isync", in(reg) value, options(nostack, preserves_flags)) }
        }

        fn ivpr(&self) -> u32 {
            let value;
            // SAFETY: reading IVPR has no side effect.
            unsafe { core::arch::asm!("mfspr {0}, 63", out(reg) value, options(nomem, nostack, preserves_flags)) };
            value
        }

        fn set_ivor(&mut self, n: u8, value: u32) {
            __ivor!(write n, value; 0 = 400, 1 = 401, 2 = 402, 3 = 403, 4 = 404, 5 = 405, 6 = 406, 7 = 407, 8 = 408,
                9 = 409, 10 = 410, 11 = 411, 12 = 412, 13 = 413, 14 = 414, 15 = 415);
        }

        fn ivor(&self, n: u8) -> Option<u32> {
            __ivor!(read n; 0 = 400, 1 = 401, 2 = 402, 3 = 403, 4 = 404, 5 = 405, 6 = 406, 7 = 407, 8 = 408,
                9 = 409, 10 = 410, 11 = 411, 12 = 412, 13 = 413, 14 = 414, 15 = 415)
        }
    }
}

#[cfg(target_arch = "powerpc")]
pub use hardware::BookE;
