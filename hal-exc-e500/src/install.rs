// SPDX-License-Identifier: MIT OR Apache-2.0
//! What an install needs to know of this family.

use hal_exc_api::cpu::{Cpu, Features, Group};
use hal_exc_api::family::{Family, MsrImages, Wrapper};
use hal_exc_api::install::InstallError;
use hal_exc_api::vectors::VectorTable;
use hal_exc_booke::ivor;

use crate::{cpu, entry, vectors};

/// MSR\[ME\], machine check enable (manual bit 19 of 32).
const MSR_ME: u32 = 0x0000_1000;
/// MSR\[RI\], recoverable (manual bit 30 of 32); e500mc and later.
const MSR_RI: u32 = 0x0000_0002;

/// The family e200, e500v1, e500v2, e500mc, e5500, e6500.
#[derive(Clone, Copy, Debug)]
pub struct E500Family;

// SAFETY:
// * the tables are those of the manuals, each row compared in the tests of this crate;
// * the wrappers are expansions of the macros in `hal_exc_api::wrapper` with the pair and return of their flavor, part
//   of the image, which the board keeps mapped;
// * the exit image has ME on and EE and CE off;
// * `point` writes IVORs before IVPR and compares what was taken.
unsafe impl Family for E500Family {
    fn crate_name(&self) -> &'static str {
        env!("CARGO_PKG_NAME")
    }

    fn family_name(&self, cpu: &Cpu) -> &'static str {
        if cpu.group() == Group::E200 { "e200" } else { "e500" }
    }

    fn claims(&self, cpu: &Cpu) -> bool {
        cpu::claims(cpu)
    }

    fn table(&self, cpu: &Cpu) -> Option<&'static VectorTable> {
        vectors::table(cpu)
    }

    fn wrappers(&self, cpu: &Cpu) -> &'static [Wrapper] {
        match cpu.group() {
            Group::E200 => entry::E200,
            Group::E500 if cpu.features().contains(Features::MAS7) => entry::E500V2,
            Group::E500 => entry::E500V1,
            _ => entry::E500MC,
        }
    }

    fn guarded(&self, _cpu: &Cpu) -> Option<Wrapper> {
        Some(entry::GUARDED)
    }

    fn msr(&self, cpu: &Cpu) -> MsrImages {
        let recoverable = if cpu.features().contains(Features::RI) { MSR_RI } else { 0 };
        MsrImages { handler: 0, exit: MSR_ME | recoverable }
    }

    fn check_base(&self, _cpu: &Cpu, base: u32) -> Result<(), InstallError> {
        ivor::check_base(base)
    }

    unsafe fn point(&self, cpu: &Cpu, base: u32, table: &VectorTable) -> Result<(), InstallError> {
        cfg_if::cfg_if! {
            if #[cfg(target_arch = "powerpc")] {
                // SAFETY: the table names only registers that the CPU has, and none is touched where they are wired; the caller has written the prologues.
                ivor::program(&mut unsafe { crate::spr::E500::new() }, cpu.core().vector_base, base, table)
            } else {
                let _ = (cpu, table);
                Err(InstallError::VectorBase { base, rule: "this is a host, not a PowerPC" })
            }
        }
    }
}
