// SPDX-License-Identifier: MIT OR Apache-2.0
//! What an install needs to know of this family.

use hal_exc_api::cpu::{Cpu, Features, Group};
use hal_exc_api::family::{Family, MsrImages, Wrapper};
use hal_exc_api::install::InstallError;
use hal_exc_api::vectors::VectorTable;

use crate::{cpu, entry, vectors};

/// MSR\[ME\], machine check enable (manual bit 19).
const MSR_ME: u32 = 0x0000_1000;
/// MSR\[IP\], exception prefix (manual bit 25): vectors at 0xFFF0_0000 instead of 0.
const MSR_IP: u32 = 0x0000_0040;
/// MSR\[IR\] and MSR\[DR\], translation (manual bits 26 and 27).
const MSR_TRANSLATION: u32 = 0x0000_0030;
/// MSR\[RI\], recoverable (manual bit 30).
const MSR_RI: u32 = 0x0000_0002;

/// Vector base with MSR\[IP\] set.
const HIGH: u32 = 0xFFF0_0000;

/// The family of all classic cores: 60x, 7xx, 74xx, e600, G2, e300, 5xx, 8xx.
#[derive(Clone, Copy, Debug)]
pub struct ClassicFamily;

/// MSR now, as far as it decides about exceptions; 0 on a host.
fn msr_now() -> u32 {
    cfg_if::cfg_if! {
        if #[cfg(target_arch = "powerpc")] {
            crate::spr::msr()
        } else {
            0
        }
    }
}

/// Whether vectors at `base` are where a core with this MSR looks for them.
fn base_matches(base: u32, msr: u32) -> Result<(), InstallError> {
    match (base, msr & MSR_IP != 0) {
        (0, false) | (HIGH, true) => Ok(()),
        (0, true) => Err(InstallError::VectorBase { base, rule: "MSR[IP] is 1, vectors are at 0xfff00000" }),
        (HIGH, false) => Err(InstallError::VectorBase { base, rule: "MSR[IP] is 0, vectors are at 0x00000000" }),
        _ => Err(InstallError::VectorBase { base, rule: "vectors are at 0x00000000 or 0xfff00000" }),
    }
}

fn images(cpu: &Cpu, msr: u32) -> MsrImages {
    let recoverable = if cpu.features().contains(Features::RI) { MSR_RI } else { 0 };
    MsrImages { handler: MSR_ME | recoverable | msr & (MSR_IP | MSR_TRANSLATION), exit: MSR_ME | msr & MSR_IP }
}

// SAFETY:
// * the tables are those of the manuals, each row compared in the tests of this crate;
// * the wrappers are expansions of the macros in `hal_exc_api::wrapper` with the pair and return of their flavor, part
//   of the image, which the board keeps mapped one to one;
// * both images have ME on, and the exit image masks EE, the critical enable and RI;
// * the vectors are fixed; `point` compares MSR\[IP\] with the base.
unsafe impl Family for ClassicFamily {
    fn crate_name(&self) -> &'static str {
        env!("CARGO_PKG_NAME")
    }

    fn family_name(&self, _cpu: &Cpu) -> &'static str {
        "classic"
    }

    fn claims(&self, cpu: &Cpu) -> bool {
        cpu::claims(cpu)
    }

    fn table(&self, cpu: &Cpu) -> Option<&'static VectorTable> {
        vectors::table(cpu)
    }

    fn wrappers(&self, cpu: &Cpu) -> &'static [Wrapper] {
        match cpu.group() {
            Group::Ppc601 => entry::PPC601,
            Group::G2Le | Group::E300 => entry::E300,
            Group::Ppc602 | Group::Ppc603 | Group::Ppc755 => entry::SOFT_TLB,
            Group::Ppc7450 => entry::PPC7450,
            _ => entry::CLASSIC,
        }
    }

    fn msr(&self, cpu: &Cpu) -> MsrImages {
        images(cpu, msr_now())
    }

    fn enters_untranslated(&self) -> bool {
        true
    }

    fn check_base(&self, _cpu: &Cpu, base: u32) -> Result<(), InstallError> {
        base_matches(base, msr_now())
    }

    unsafe fn point(&self, _cpu: &Cpu, base: u32, _table: &VectorTable) -> Result<(), InstallError> {
        base_matches(base, msr_now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hal_exc_api::cpu::{Pvr, identify};

    #[test]
    fn the_base_must_be_the_one_that_msr_ip_selects() {
        assert_eq!(base_matches(0, 0), Ok(()));
        assert_eq!(base_matches(HIGH, MSR_IP), Ok(()));
        for (base, msr) in [(0, MSR_IP), (HIGH, 0), (0x1_0000, 0), (0x1_0000, MSR_IP)] {
            assert!(matches!(base_matches(base, msr), Err(InstallError::VectorBase { base: b, .. }) if b == base));
        }
    }

    #[test]
    fn handlers_run_translated_and_recoverable_and_the_exit_does_not() {
        let g4 = identify(Pvr(0x000C_0209)).unwrap();
        let msr = MSR_TRANSLATION | 0x8000 | 0x2000;
        assert_eq!(images(&g4, msr), MsrImages { handler: 0x1032, exit: 0x1000 });
        assert_eq!(images(&g4, msr | MSR_IP), MsrImages { handler: 0x1072, exit: 0x1040 });
        let ppc601 = identify(Pvr(0x0001_0001)).unwrap();
        assert_eq!(images(&ppc601, 0).handler & MSR_RI, 0);
    }
}
