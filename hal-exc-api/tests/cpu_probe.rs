// SPDX-License-Identifier: MIT OR Apache-2.0
//! Probing against fake hardware: what is asked, what sticks, what is put back.

use hal_exc_api::cpu::probe::{Difference, ProbeHardware, Probed, Register, probe};
use hal_exc_api::cpu::{self, Features, Pvr};

const FP: u32 = 0x2000;
const VEC: u32 = 0x0200_0000;

/// A CPU whose MSR keeps `msr_mask`, and whose upper BATs may be missing.
struct Fake {
    msr: u32,
    msr_mask: u32,
    upper_bats: bool,
    dbat7: (u32, u32),
    l1cfg0: u32,
    tlb1cfg: u32,
    pir: u32,
    asked: Vec<Register>,
    written: Vec<Register>,
}

impl Default for Fake {
    fn default() -> Self {
        Self {
            msr: 0x0000_1032,
            msr_mask: 0xFFFF_FFFF,
            upper_bats: true,
            dbat7: (0, 0xF000_002A),
            l1cfg0: 0,
            tlb1cfg: 0,
            pir: 0,
            asked: Vec::new(),
            written: Vec::new(),
        }
    }
}

impl ProbeHardware for Fake {
    fn read(&mut self, register: Register) -> u32 {
        self.asked.push(register);
        match register {
            Register::Msr => self.msr,
            Register::Dbat7Upper if self.upper_bats => self.dbat7.0,
            Register::Dbat7Lower if self.upper_bats => self.dbat7.1,
            // A register that is not there reads as some constant.
            Register::Dbat7Upper => 0,
            Register::Dbat7Lower => 0x5554_0000,
            Register::L1Cfg0 => self.l1cfg0,
            Register::Tlb1Cfg => self.tlb1cfg,
            Register::Pir | Register::ClassicPir => self.pir,
            other => panic!("{other:?} has no fake"),
        }
    }

    fn write(&mut self, register: Register, value: u32) {
        self.written.push(register);
        match register {
            Register::Msr => self.msr = value & self.msr_mask,
            Register::Dbat7Lower => {
                assert_eq!(self.dbat7.0 & 3, 0, "a valid BAT was changed");
                if self.upper_bats {
                    self.dbat7.1 = value;
                }
            }
            other => panic!("{other:?} must not be written"),
        }
    }
}

fn run(pvr: u32, fake: &mut Fake) -> Probed {
    let (msr, dbat7) = (fake.msr, fake.dbat7);
    let probed = probe(&cpu::identify(Pvr(pvr)).unwrap(), fake);
    assert_eq!((fake.msr, fake.dbat7), (msr, dbat7), "not put back");
    probed
}

#[test]
fn hardware_that_is_as_the_model_says_has_no_differences() {
    for (pvr, l1cfg0) in
        [(0x8001_0201, 0), (0x0003_0100, 0), (0x4222_18D3, 0), (0x8021_0030, 0), (0x8023_0020, 1 << 23)]
    {
        let probed = run(pvr, &mut Fake { l1cfg0, ..Fake::default() });
        assert_eq!(probed.differences().count(), 0, "{pvr:08x}");
        assert_eq!(probed.features().with(probed.undecided()), probed.cpu().features(), "{pvr:08x}");
        assert_eq!(probed.cache_line(), probed.cpu().core().cache_line);
        assert_eq!(probed.bats(), probed.cpu().core().bats);
    }
}

#[test]
fn a_unit_whose_msr_bit_does_not_stick_is_missing() {
    for (pvr, bit, unit) in [
        (0x0083_0010, FP, Features::FPU),
        (0x8001_0201, VEC, Features::ALTIVEC),
        (0x8021_0030, VEC, Features::SPE),
        (0x8040_0020, VEC, Features::ALTIVEC),
    ] {
        let probed = run(pvr, &mut Fake { msr_mask: !bit, l1cfg0: 0, ..Fake::default() });
        assert!(!probed.features().contains(unit));
        assert_eq!(probed.differences().next(), Some(Difference::Missing(unit)));
        assert_eq!(probed.features().with(unit), probed.cpu().features());
    }
}

#[test]
fn a_unit_that_is_on_already_is_there_and_stays_on() {
    let mut fake = Fake { msr: FP | VEC, ..Fake::default() };
    let probed = run(0x8001_0201, &mut fake);
    assert!(probed.features().contains(Features::FPU | Features::ALTIVEC));
    assert!(!fake.written.contains(&Register::Msr));
}

#[test]
fn a_unit_that_the_model_lacks_is_not_asked_for() {
    // 405, 8xx, e300c2, 440GP, e200z1: MSR may hold the bit or not, nobody touches it.
    for pvr in [0x5121_0950, 0x0050_0000, 0x0084_0010, 0x4012_0440, 0x8144_0000] {
        let mut fake = Fake { l1cfg0: 0, ..Fake::default() };
        let probed = run(pvr, &mut fake);
        assert!(!fake.written.contains(&Register::Msr), "{pvr:08x}");
        assert!(!probed.features().contains(Features::FPU), "{pvr:08x}");
        assert_eq!(probed.undecided(), Features::NONE);
    }
}

#[test]
fn an_optional_fpu_is_undecided_until_an_instruction_tells() {
    // 440 in a Virtex-5, and 440EP or GR.
    for pvr in [0x7FF2_1910, 0x4222_18D3] {
        let probed = run(pvr, &mut Fake::default());
        assert_eq!(probed.undecided(), Features::FPU);
        assert!(!probed.features().contains(Features::FPU));
        assert_eq!(probed.differences().count(), 0);

        let with = probed.decide_fpu(true);
        assert!(with.features().contains(Features::FPU) && with.undecided() == Features::NONE);
        let without = probed.decide_fpu(false);
        assert!(!without.features().contains(Features::FPU) && without.undecided() == Features::NONE);
        // Decided is decided.
        assert_eq!(without.decide_fpu(true), without);
    }
}

#[test]
fn an_optional_fpu_whose_bit_does_not_stick_is_absent() {
    let probed = run(0x7FF2_1910, &mut Fake { msr_mask: !FP, ..Fake::default() });
    assert_eq!((probed.undecided(), probed.differences().count()), (Features::NONE, 0));
    assert!(!probed.features().contains(Features::FPU));
    assert_eq!(probed.decide_fpu(true), probed);

    let probed = run(0x4222_18D3, &mut Fake { msr_mask: !FP, ..Fake::default() });
    assert_eq!(probed.differences().next(), Some(Difference::Missing(Features::FPU)));
}

#[test]
fn upper_bats_that_do_not_hold_a_value_are_not_there() {
    let probed = run(0x8001_0201, &mut Fake { upper_bats: false, ..Fake::default() });
    assert_eq!(probed.bats(), 4);
    assert_eq!(probed.differences().next(), Some(Difference::Bats { model: 8, found: 4 }));
}

#[test]
fn a_valid_upper_bat_exists_and_is_left_alone() {
    for valid in [1, 2, 3] {
        let mut fake = Fake { dbat7: (0xF000_0FFC | valid, 0xF000_002A), ..Fake::default() };
        assert_eq!(run(0x8001_0201, &mut fake).bats(), 8);
        assert!(!fake.written.contains(&Register::Dbat7Lower));
    }
}

#[test]
fn upper_bats_are_asked_for_only_where_the_manual_has_them() {
    for (pvr, bats) in [(0x0003_0100, 4), (0x0008_0301, 4), (0x8000_0201, 4), (0x0050_0000, 0), (0x8021_0030, 0)] {
        let mut fake = Fake::default();
        assert_eq!(run(pvr, &mut fake).bats(), bats);
        assert!(!fake.asked.contains(&Register::Dbat7Lower) && !fake.asked.contains(&Register::Dbat7Upper));
    }
}

#[test]
fn the_cache_line_of_l1cfg0_counts_if_it_makes_sense() {
    for (code, found, used) in [(0, 32, 32), (1, 64, 64), (2, 128, 64), (3, 0, 64)] {
        let probed = run(0x8023_0020, &mut Fake { l1cfg0: code << 23 | 0x3820, ..Fake::default() });
        assert_eq!(probed.cache_line(), used);
        let difference = (found != 64).then_some(Difference::CacheLine { model: 64, found });
        assert_eq!(probed.differences().next(), difference);
    }
}

#[test]
fn tlb1_and_pir_of_the_e500_family() {
    let probed = run(0x8021_0030, &mut Fake { tlb1cfg: 0x101C_C010, pir: 3, ..Fake::default() });
    assert_eq!((probed.tlb1_entries(), probed.processor()), (Some(16), Some(3)));
    let probed = run(0x8023_0020, &mut Fake { tlb1cfg: 0x401C_C040, pir: 0, ..Fake::default() });
    assert_eq!((probed.tlb1_entries(), probed.processor()), (Some(64), Some(0)));
}

#[test]
fn each_group_is_asked_for_its_own_registers_only() {
    for model in cpu::models() {
        let cpu = cpu::identify(Pvr(model.value)).unwrap();
        let mut fake = Fake::default();
        run(model.value, &mut fake);
        let asked = |register| fake.asked.contains(&register);
        let family = model.name.starts_with("e500") || matches!(model.name, "e5500" | "e6500");
        assert_eq!(asked(Register::L1Cfg0), family, "{}", model.name);
        assert_eq!(asked(Register::Tlb1Cfg), family, "{}", model.name);
        assert_eq!(asked(Register::Pir), family, "{}", model.name);
        assert_eq!(asked(Register::Dbat7Lower), cpu.core().bats == 8, "{}", model.name);
        let digits = &model.name[..2];
        assert!(!asked(Register::ClassicPir) || matches!(digits, "60" | "74" | "e6"), "{}", model.name);
    }
}
