// SPDX-License-Identifier: MIT OR Apache-2.0
//! The text of reports, compared with golden files; `UPDATE_GOLDEN=1` rewrites them for review.

use hal_exc_api::cpu::{Model, Pvr, identify};
use hal_exc_api::exception::{Exception, VectorWord};
use hal_exc_api::flavor::Flavor;
use hal_exc_api::frame::{CriticalFrame, Frame, InterruptFrame, IsolatedFrame};
use hal_exc_api::report::{AnyFrame, Report};
use proptest::prelude::*;

fn model(pvr: u32) -> &'static Model {
    identify(Pvr(pvr)).unwrap().model()
}

/// 603e.
fn ppc603() -> &'static Model {
    model(0x0006_0101)
}

/// 405GP.
fn ppc405() -> &'static Model {
    model(0x4011_0000)
}

fn golden(name: &str, text: &str) {
    let path = format!("{}/tests/golden/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "differs from {path}");
}

fn full(exception: Exception, msr: u32) -> Frame {
    let mut frame = Frame::new(VectorWord::new(exception, false), 0x0010_0234, msr);
    for (n, gpr) in frame.gpr.iter_mut().enumerate() {
        *gpr = 0x1111_0000 + n as u32;
    }
    frame.back_chain = frame.gpr[1];
    frame.cr = 0x2480_0013;
    frame.xer = 0xA000_0011;
    frame.ctr = 0xC0C0_C0C0;
    frame.lr = 0x0010_0400;
    frame
}

fn interrupt(exception: Exception, msr: u32) -> InterruptFrame {
    let mut frame = InterruptFrame::new(VectorWord::new(exception, true), 0x0010_0234, msr);
    frame.back_chain = 0x0020_0FF0;
    frame.r0 = 0xAAAA_0000;
    for (n, gpr) in frame.r3_to_r12.iter_mut().enumerate() {
        *gpr = 0xAAAA_0003 + n as u32;
    }
    frame.cr = 0x4000_0000;
    frame
}

#[test]
fn e500_program() {
    let cpu = identify(Pvr(0x8021_0030)).unwrap();
    let mut frame = full(Exception::Program, 0x0202_9200);
    frame.syndrome = 0x0800_0000;
    golden("e500-program", &Report::new(&cpu, &frame).to_string());
}

#[test]
fn e500_data_tlb_miss() {
    let cpu = identify(Pvr(0x8021_0030)).unwrap();
    let mut frame = full(Exception::DataTlbMiss, 0x0002_9000);
    frame.fault_address = 0xDEAD_BEE0;
    frame.syndrome = 0x0080_0080;
    golden("e500-data-tlb-miss", &Report::new(&cpu, &frame).to_string());
}

#[test]
fn e500_machine_check_and_debug() {
    let cpu = identify(Pvr(0x8021_0030)).unwrap();
    let mut frame = IsolatedFrame::new(full(Exception::MachineCheck, 0x0002_8000));
    frame.syndrome = 0x8000_0008;
    frame.srr0 = 0x0010_1000;
    frame.srr1 = 0x0002_9000;
    golden("e500-machine-check", &Report::new(&cpu, &frame).to_string());

    let cpu = identify(Pvr(0x8023_0030)).unwrap();
    let mut frame = IsolatedFrame::new(full(Exception::Debug, 0x0002_8202));
    frame.syndrome = 0x0800_0000;
    golden("e500mc-debug", &Report::new(&cpu, &frame).to_string());
}

#[test]
fn interrupts_say_what_is_not_saved() {
    let cpu = identify(Pvr(0x8021_0030)).unwrap();
    let frame = interrupt(Exception::ExternalInput, 0x0002_9000);
    let text = Report::new(&cpu, &frame).to_string();
    golden("e500-external-input", &text);
    assert!(text.contains("not saved in this frame: r2, r13 to r31"));

    let critical = CriticalFrame::new(interrupt(Exception::CriticalInput, 0x0002_9000), 0x0010_0500, 0x0002_8000);
    golden("e500-critical-input", &Report::new(&cpu, &critical).to_string());
    golden("405-critical-input", &Report::of_model(ppc405(), &critical).to_string());
}

#[test]
fn classic_reasons_come_from_srr1_and_dsisr() {
    // Trap: SRR1 bit 14, which in the MSR of a 603 would be TGPR.
    let frame = full(Exception::Program, 0x0002_9032);
    let text = Report::of_model(ppc603(), &frame).to_string();
    golden("603-program", &text);
    assert!(!text.contains("TGPR"));

    let mut frame = full(Exception::DataStorage, 0x0000_9032);
    frame.fault_address = 0x8000_0004;
    frame.syndrome = 0x4200_0000;
    golden("603-data-storage", &Report::of_model(ppc603(), &frame).to_string());

    let mut frame = full(Exception::Alignment, 0x0000_9032);
    frame.fault_address = 0x0000_1001;
    frame.syndrome = 7 << 5 | 9;
    golden("603-alignment", &Report::of_model(ppc603(), &frame).to_string());
}

#[test]
fn a_stale_syndrome_is_not_decoded() {
    let cpu = identify(Pvr(0x8021_0030)).unwrap();
    let mut frame = full(Exception::SystemCall, 0x0002_9000);
    frame.syndrome = 0x0800_0000;
    let text = Report::new(&cpu, &frame).to_string();
    assert!(!text.contains("illegal"), "{text}");
    assert!(text.contains("ESR 08000000  not set by this exception\n"));
    assert!(text.contains("DEAR 00000000  not set by this exception\n"));
}

#[test]
fn damaged_frames_are_named_and_never_panic() {
    let cpu = identify(Pvr(0x8021_0030)).unwrap();
    for raw in [0, 1, 0xFFFF_FFFF, 0x8000_0000, 0x7FFF_FFFF, 0x0000_01FC, 0xDEAD_BEEF] {
        let mut frame = full(Exception::Program, u32::MAX);
        frame.vector = VectorWord::from_raw(raw);
        frame.cr = u32::MAX;
        frame.xer = u32::MAX;
        frame.syndrome = u32::MAX;
        for text in [Report::new(&cpu, &frame).to_string(), Report::of_model(ppc603(), &frame).to_string()] {
            assert!(text.contains("DAMAGED FRAME"), "{text}");
            assert!(text.contains(&format!("vector word {raw:08x}")), "{text}");
            assert!(text.contains("r31 1111001f"), "{text}");
        }
    }
    let mut frame = full(Exception::Program, 0);
    frame.vector = VectorWord::from_raw(0x0000_01FC);
    golden("e500-damaged", &Report::new(&cpu, &frame).to_string());
}

#[test]
fn the_flavor_that_the_wrapper_names_wins() {
    let cpu = identify(Pvr(0x8021_0030)).unwrap();
    let frame = full(Exception::Debug, 0);
    let text = Report::new(&cpu, &frame).to_string();
    assert!(text.contains("flavor critical (CSRR0/CSRR1)"), "{text}");
    let text = Report::new(&cpu, &frame).with_flavor(Flavor::Debug).to_string();
    assert!(text.contains("flavor debug (DSRR0/DSRR1)"), "{text}");
}

#[test]
fn every_exception_on_every_model_prints() {
    for exception in Exception::ALL {
        for model in hal_exc_api::cpu::models() {
            for word in [0, u32::MAX, 0x5555_5555] {
                let mut frame = full(*exception, word);
                frame.syndrome = word;
                let text = Report::of_model(model, &frame).to_string();
                assert!(text.starts_with(&format!("exception: {}, synchronous", exception.name())), "{text}");
                assert_eq!(text.lines().filter(|line| line.starts_with('r')).count(), 8, "{text}");
            }
        }
    }
}

/// Bits and names written down from the manuals, apart from the tables: PVR, exception, syndrome, what the report says.
const SYNDROMES: &[(u32, Exception, u32, &str)] = &[
    (0x8021_0030, Exception::Program, 0x0800_0000, "ESR 08000000  illegal instruction"),
    (0x8021_0030, Exception::Program, 0x0400_0000, "ESR 04000000  privileged instruction"),
    (0x8021_0030, Exception::Program, 0x0200_0000, "ESR 02000000  trap"),
    (0x8021_0030, Exception::Program, 0x0100_0000, "ESR 01000000  floating point"),
    (0x8021_0030, Exception::Program, 0x0004_0000, "ESR 00040000  unimplemented operation"),
    (0x8021_0030, Exception::DataStorage, 0x0080_0000, "ESR 00800000  store"),
    (0x8021_0030, Exception::DataStorage, 0x0020_0000, "ESR 00200000  data cache locking"),
    (0x8021_0030, Exception::DataStorage, 0x0010_0000, "ESR 00100000  instruction cache locking"),
    (0x8021_0030, Exception::InstructionStorage, 0x0002_0000, "ESR 00020000  byte ordering"),
    (0x8021_0030, Exception::SpeUnavailable, 0x0000_0080, "ESR 00000080  SPE or vector"),
    (0x8021_0030, Exception::Alignment, 0x0080_0000, "ESR 00800000  store"),
    (0x8021_0030, Exception::Debug, 0x0800_0000, "DBSR 08000000  instruction complete"),
    (0x8021_0030, Exception::Debug, 0x0100_0000, "DBSR 01000000  trap"),
    (0x8021_0030, Exception::MachineCheck, 0x8000_0000, "MCSR 80000000  machine-check pin"),
    (0x8021_0030, Exception::MachineCheck, 0x0000_0040, "MCSR 00000040  bus read address"),
    (0x8023_0030, Exception::MachineCheck, 0x0010_0000, "MCSR 00100000  non-maskable interrupt"),
    (0x4011_0000, Exception::DataTlbMiss, 0x0080_0000, "ESR 00800000  store"),
    (0x4011_0000, Exception::DataStorage, 0x0040_0000, "ESR 00400000  zone protection"),
    (0x4011_0000, Exception::MachineCheck, 0x8000_0000, "ESR 80000000  instruction machine check"),
    (0x4011_0000, Exception::Debug, 0x4000_0000, "DBSR 40000000  branch taken"),
    (0x0006_0101, Exception::DataStorage, 0x4000_0000, "DSISR 40000000  no translation"),
    (0x0006_0101, Exception::DataStorage, 0x0800_0000, "DSISR 08000000  protection"),
    (0x0006_0101, Exception::DataStorage, 0x0A00_0000, "DSISR 0a000000  protection, store"),
    (0x0006_0101, Exception::DataStorage, 0x0040_0001, "DSISR 00400001  data breakpoint, unnamed 00000001"),
    (0x8021_0030, Exception::DataStorage, 0, "ESR 00000000  no reason given"),
];

#[test]
fn every_frame_tells_the_interrupted_stack_pointer() {
    let frame = full(Exception::Program, 0);
    assert_eq!(AnyFrame::from(&frame).stack_pointer(), 0x1111_0001);
    assert_eq!(AnyFrame::from(&IsolatedFrame::new(frame)).stack_pointer(), 0x1111_0001);
    let frame = interrupt(Exception::ExternalInput, 0);
    assert_eq!(AnyFrame::from(&frame).stack_pointer(), 0x0020_0FF0);
    let frame = CriticalFrame::new(interrupt(Exception::CriticalInput, 0), 0, 0);
    assert_eq!(AnyFrame::from(&frame).stack_pointer(), 0x0020_0FF0);
}

/// An e200z6 captures DEAR at a machine check, which does not set it; an e200z4 has MCAR.
#[test]
fn a_machine_check_has_an_address_only_where_the_core_tells_one() {
    let frame = full(Exception::MachineCheck, 0);
    let e200z6 = Report::of_model(model(0x8117_0000), &frame).to_string();
    assert!(e200z6.contains("DEAR 00000000  not set by this exception\n"), "{e200z6}");
    let e200z4 = Report::of_model(model(0x8156_0011), &frame).to_string();
    assert!(e200z4.contains("MCAR 00000000\n"), "{e200z4}");
}

#[test]
fn syndromes_have_their_names() {
    for &(pvr, exception, syndrome, line) in SYNDROMES {
        let mut frame = full(exception, 0);
        frame.syndrome = syndrome;
        let text = Report::of_model(model(pvr), &frame).to_string();
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
}

/// The register that holds the address of a TLB miss: PVR, exception, what the report says.
const TLB_MISSES: &[(u32, Exception, &str)] = &[
    (0x0006_0101, Exception::InstructionTlbMiss, "IMISS 40008000"),
    (0x0006_0101, Exception::DataLoadTlbMiss, "DMISS 40008000"),
    (0x0006_0101, Exception::DataStoreTlbMiss, "DMISS 40008000"),
    (0x8001_0201, Exception::InstructionTlbMiss, "TLBMISS 40008000"),
    (0x8001_0201, Exception::DataStoreTlbMiss, "TLBMISS 40008000"),
    // 8xx.
    (0x0050_0000, Exception::InstructionTlbMiss, "DAR 40008000  not set by this exception"),
];

#[test]
fn tlb_misses_have_the_address_where_the_core_keeps_it() {
    for &(pvr, exception, line) in TLB_MISSES {
        let mut frame = full(exception, 0x9030);
        frame.fault_address = 0x4000_8000;
        let text = Report::of_model(model(pvr), &frame).to_string();
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
}

#[test]
fn an_8xx_gives_no_reason_for_an_instruction_tlb_miss() {
    let text = Report::of_model(model(0x0050_0000), &full(Exception::InstructionTlbMiss, 0x4008_9030)).to_string();
    assert!(!text.contains("is the reason"), "{text}");
}

/// The same for the reasons that classic cores give in SRR1.
const REASONS: &[(Exception, u32, &str)] = &[
    (Exception::Program, 0x0008_0000, "illegal instruction"),
    (Exception::Program, 0x0004_0000, "privileged instruction"),
    (Exception::Program, 0x0002_0000, "trap"),
    (Exception::Program, 0x0010_0000, "floating-point exception"),
    (Exception::InstructionStorage, 0x4000_0000, "no translation"),
    (Exception::InstructionStorage, 0x1000_0000, "no-execute or guarded"),
    (Exception::InstructionStorage, 0x0800_0000, "protection"),
    (Exception::DataStoreTlbMiss, 0x0001_0000, "store"),
];

#[test]
fn reasons_in_srr1_have_their_names() {
    for &(exception, bit, name) in REASONS {
        let frame = full(exception, bit | 0x9030);
        let text = Report::of_model(ppc603(), &frame).to_string();
        let line = format!("    of which {bit:08x} is the reason: {name}");
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        assert!(text.contains("EE ME IR DR\n"), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a frame holds, it prints in a bounded number of lines.
    #[test]
    fn any_frame_prints(vector in any::<u32>(), msr in any::<u32>(), syndrome in any::<u32>(), row in 0usize..1000) {
        let models: Vec<_> = hal_exc_api::cpu::models().collect();
        let model = models[row % models.len()];
        for vector in [VectorWord::from_raw(vector), VectorWord::new(Exception::ALL[row % Exception::ALL.len()], row % 2 == 0)] {
            let mut frame = Frame::new(vector, vector.raw(), msr);
            (frame.syndrome, frame.cr, frame.xer) = (syndrome, syndrome, syndrome);
            let interrupt = InterruptFrame::new(vector, vector.raw(), msr);
            for text in [
                Report::of_model(model, &frame).to_string(),
                Report::of_model(model, &IsolatedFrame::new(frame)).to_string(),
                Report::of_model(model, &interrupt).to_string(),
                Report::of_model(model, &CriticalFrame::new(interrupt, msr, syndrome)).to_string(),
            ] {
                prop_assert!((13..=21).contains(&text.lines().count()), "{}", text);
                prop_assert!(text.is_ascii() && text.ends_with('\n'));
            }
        }
    }
}
