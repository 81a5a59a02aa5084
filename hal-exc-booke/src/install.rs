// SPDX-License-Identifier: MIT OR Apache-2.0
//! What an install needs to know of this family.

use hal_exc_api::cpu::{Cpu, Group};
use hal_exc_api::family::{Family, MsrImages, Wrapper};
use hal_exc_api::install::InstallError;
use hal_exc_api::vectors::VectorTable;

use crate::{cpu, entry, ivor, vectors};

/// MSR\[ME\], machine check enable (manual bit 19).
const MSR_ME: u32 = 0x0000_1000;

/// The family 403, 405, 440, 460, 464.
#[derive(Clone, Copy, Debug)]
pub struct BookEFamily;

// SAFETY:
// * the tables are those of the manuals, each row compared in the tests of this crate;
// * the wrappers are expansions of the macros in `hal_exc_api::wrapper` with the pair and return of their flavor, part
//   of the image, which the board keeps mapped;
// * the exit image has ME on and EE and CE off;
// * `point` compares what EVPR, IVPR and the IVORs took.
unsafe impl Family for BookEFamily {
    fn crate_name(&self) -> &'static str {
        env!("CARGO_PKG_NAME")
    }

    fn family_name(&self, cpu: &Cpu) -> &'static str {
        if cpu.group() == Group::Ppc440 { "booke" } else { "405" }
    }

    fn claims(&self, cpu: &Cpu) -> bool {
        cpu::claims(cpu)
    }

    fn table(&self, cpu: &Cpu) -> Option<&'static VectorTable> {
        vectors::table(cpu)
    }

    fn wrappers(&self, cpu: &Cpu) -> &'static [Wrapper] {
        if cpu.group() == Group::Ppc440 { entry::PPC440 } else { entry::PPC405 }
    }

    fn guarded(&self, cpu: &Cpu) -> Option<Wrapper> {
        (cpu.group() == Group::Ppc440).then_some(entry::GUARDED)
    }

    fn msr(&self, _cpu: &Cpu) -> MsrImages {
        MsrImages { handler: 0, exit: MSR_ME }
    }

    fn check_base(&self, cpu: &Cpu, base: u32) -> Result<(), InstallError> {
        if cpu.group() == Group::Ppc440 {
            ivor::check_base(base)
        } else if base & 0xFFFF == 0 {
            Ok(())
        } else {
            Err(InstallError::VectorBase { base, rule: "EVPR holds the upper 16 bits only" })
        }
    }

    unsafe fn point(&self, cpu: &Cpu, base: u32, table: &VectorTable) -> Result<(), InstallError> {
        cfg_if::cfg_if! {
            if #[cfg(target_arch = "powerpc")] {
                if cpu.group() == Group::Ppc440 {
                    // SAFETY: a 440 has IVPR and IVOR0 to 15; the caller has written the prologues.
                    ivor::program(&mut unsafe { ivor::BookE::new() }, cpu.core().vector_base, base, table)
                } else {
                    // SAFETY: this is a 403 or 405; the caller has written the prologues.
                    unsafe { crate::spr::set_evpr(base) }
                }
            } else {
                let _ = (cpu, table);
                Err(InstallError::VectorBase { base, rule: "this is a host, not a PowerPC" })
            }
        }
    }
}
