// SPDX-License-Identifier: MIT OR Apache-2.0
//! What identification promises for any PVR, and the mistakes that other projects made here.

use hal_exc_api::cpu::{self, Features, Group, Model, Pvr, UnknownCpu};
use hal_exc_api::flavor::Flavor;
use proptest::prelude::*;

/// The place of a model's row; earlier rows win.
fn rank(model: &'static Model) -> usize {
    cpu::models().position(|row| core::ptr::eq(row, model)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn asking_twice_gives_the_same_answer(pvr: u32) {
        prop_assert_eq!(cpu::identify(Pvr(pvr)), cpu::identify(Pvr(pvr)));
    }

    #[test]
    fn the_answer_matches_the_pvr_and_no_earlier_row_does(pvr: u32) {
        match cpu::identify(Pvr(pvr)) {
            Ok(cpu) => {
                prop_assert_eq!(cpu.pvr(), Pvr(pvr));
                prop_assert_eq!(pvr & cpu.model().mask, cpu.model().value);
                prop_assert!(cpu::models().take(rank(cpu.model())).all(|row| pvr & row.mask != row.value));
            }
            Err(UnknownCpu(Pvr(reported))) => {
                prop_assert_eq!(reported, pvr);
                prop_assert!(cpu::models().all(|row| pvr & row.mask != row.value));
            }
        }
    }

    #[test]
    fn a_model_with_any_revision_bits_is_that_model_or_an_earlier_row(index in 0..1000_usize, bits: u32) {
        let rows = cpu::models().count();
        let model = cpu::models().nth(index % rows).unwrap();
        let found = cpu::identify(Pvr(model.value | bits & !model.mask)).unwrap();
        prop_assert!(rank(found.model()) <= rank(model), "{} came back as {}", model.name, found);
        // Within one upper half an earlier row is a more specific one.
        if model.mask >> 16 == 0xFFFF && found.model() != model {
            prop_assert_eq!(found.model().mask & model.mask, model.mask);
        }
    }
}

#[test]
fn a_rows_own_value_belongs_to_its_group() {
    for model in cpu::models() {
        assert_eq!(cpu::identify(Pvr(model.value)).unwrap().group(), model.group, "{}", model.name);
    }
}

#[test]
fn mistake_1_an_unknown_pvr_is_accepted_when_asked_again() {
    for pvr in [0xDEAD_BEEF, 0xFFFF_FFFF, 0, 0x0053_0000, 0x004E_1200] {
        for _ in 0..3 {
            assert_eq!(cpu::identify(Pvr(pvr)), Err(UnknownCpu(Pvr(pvr))));
        }
    }
    // Nor does a known one in between change that.
    assert!(cpu::identify(Pvr(0x8021_0030)).is_ok());
    assert_eq!(cpu::identify(Pvr(0xDEAD_BEEF)), Err(UnknownCpu(Pvr(0xDEAD_BEEF))));
}

#[test]
fn mistake_2_the_603e_is_known_to_one_table_and_rejected_by_another() {
    assert_eq!(cpu::identify(Pvr(0x0006_0401)).unwrap().group(), Group::Ppc603);
}

#[test]
fn mistake_3_e300_only_with_the_top_bit_set_and_without_c4() {
    for upper in [0x0083, 0x0084, 0x0085, 0x0086] {
        for top in [0, 0x8000_0000] {
            assert_eq!(cpu::identify(Pvr(top | upper << 16 | 0x10)).unwrap().group(), Group::E300);
        }
    }
}

#[test]
fn mistake_4_models_without_a_name() {
    for model in cpu::models() {
        assert!(!model.name.is_empty());
        assert!(model.name.is_ascii() && !model.name.contains('"'), "{} must do as JSON text", model.name);
    }
}

#[test]
fn mistake_5_a_cpu_is_accepted_that_no_table_serves() {
    for (pvr, name) in [(0x0014_0000, "620"), (0x0039_0202, "970"), (0x003C_0300, "970FX"), (0x0044_0101, "970MP")] {
        let refused = cpu::identify(Pvr(pvr)).unwrap().supported().unwrap_err();
        assert_eq!((refused.name, refused.pvr), (name, Pvr(pvr)));
        assert_eq!(
            refused.to_string(),
            format!("{name} (PVR {pvr:08x}) is a 64-bit CPU whose exceptions no family here serves")
        );
    }
    for model in cpu::models() {
        let cpu = cpu::identify(Pvr(model.value)).unwrap();
        let refused = matches!(cpu.group(), Group::Ppc620 | Group::Ppc970);
        assert_eq!(cpu.supported().is_err(), refused, "{}", model.name);
    }
}

#[test]
fn mistake_6_the_running_cpu_decides_about_another_cpus_altivec() {
    // Whatever was identified last, and on whatever this test runs: a descriptor depends on its PVR alone.
    let before = cpu::identify(Pvr(0x8001_0201)).unwrap();
    assert!(!cpu::identify(Pvr(0x0008_0301)).unwrap().features().contains(Features::ALTIVEC));
    let after = cpu::identify(Pvr(0x8001_0201)).unwrap();
    assert!(after.features().contains(Features::ALTIVEC));
    assert_eq!(before, after);
}

#[test]
fn mistake_10_all_440_machine_checks_have_a_pair_of_their_own() {
    let flavor = |pvr| cpu::identify(Pvr(pvr)).unwrap().core().machine_check;
    assert_eq!(flavor(0x4012_0440), Flavor::Critical);
    assert_eq!(flavor(0x51B2_1850), Flavor::MachineCheck);
}

#[test]
fn mistake_11_a_row_that_can_never_match() {
    for model in cpu::models() {
        assert_eq!(model.value & !model.mask, 0, "{}", model.name);
        let reached = (0..=0xFFFF_u32).any(|low| {
            let bits = low | low << 16;
            let found = cpu::identify(Pvr(model.value | bits & !model.mask)).unwrap();
            core::ptr::eq(found.model(), model)
        });
        assert!(reached, "{} {:08x}/{:08x}", model.name, model.value, model.mask);
    }
}

#[test]
fn mistake_12_two_projects_give_one_440_different_names() {
    // So the PVR stands beside the name.
    let cpu = cpu::identify(Pvr(0x4222_18D3)).unwrap();
    assert!(cpu.to_string().starts_with("440EP/GR (PVR 422218d3): "), "{cpu}");
    assert_eq!(
        cpu::identify(Pvr(0xDEAD_BEEF)).unwrap_err().to_string(),
        "PVR deadbeef belongs to no 32-bit PowerPC that this crate knows"
    );
}

#[test]
fn mistake_20_the_cache_line_is_assumed_to_be_32_bytes() {
    let line = |pvr| cpu::identify(Pvr(pvr)).unwrap().core().cache_line;
    assert_eq!((line(0x0050_0000), line(0x8021_0030), line(0x8023_0020)), (16, 32, 64));
}

#[test]
fn a_plain_440_mask_would_take_a_405_for_a_440() {
    // Top nibble and low twelve bits are a 440EP's, the upper half is a 405's.
    for (pvr, name) in [(0x4011_0850, "405GP"), (0x5121_0850, "405EP"), (0x2001_08D0, "405D2"), (0x5322_1850, "440SP")]
    {
        assert_eq!(cpu::identify(Pvr(pvr)).unwrap().model().name, name);
    }
}
