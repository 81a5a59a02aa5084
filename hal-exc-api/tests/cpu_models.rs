// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every model, by PVRs that were collected from chips' manuals and from other projects' tables.
//!
//! The lists are written down here and not taken from the table under test.

use hal_exc_api::cpu::{self, FaultRegisters, Features, Group, Pvr, TickTimer, VectorBase};
use hal_exc_api::flavor::Flavor;

/// `group`, then lines of `name: pvr pvr …`.
fn expect(group: Group, lines: &str) {
    let mut count = 0;
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, pvrs) = line.split_once(": ").expect(line);
        for pvr in pvrs.split_whitespace() {
            let pvr = Pvr(u32::from_str_radix(pvr, 16).expect(pvr));
            let cpu = cpu::identify(pvr).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!((cpu.model().name, cpu.group(), cpu.pvr()), (name, group, pvr));
            count += 1;
        }
    }
    assert!(count > 0);
}

#[test]
fn ppc60x() {
    expect(Group::Ppc601, "601: 00010001 00010002");
    expect(Group::Ppc602, "602: 00050100");
    expect(
        Group::Ppc603,
        "603: 00030100
         603e: 00060101 00060102 00060103 00060104 00060202 00060300 00060400 00060401
         603ev: 00070000 00070100 00070101 00070200 00070201
         603r: 00071201 00071100",
    );
    expect(
        Group::Ppc604,
        "604: 00040103
         604e: 00090100 00090202 00090204
         604r: 00091203 000a0101",
    );
    expect(Group::Ppc620, "620: 00140000 00160100");
}

#[test]
fn g2_and_e300_with_and_without_the_licensees_bits() {
    expect(
        Group::Ppc603,
        "G2: 00810011 00810100 00810101 80811010 80811014
         G2ls: 90810010",
    );
    expect(
        Group::G2Le,
        "G2_LE: 80820010 80821010 80822010 80822011 80822013 00820010
         G2lels: a0822010",
    );
    expect(
        Group::E300,
        "e300c1: 00830010 80830020
         e300c2: 00840010 80840010
         e300c3: 00850010 80850010
         e300c4: 00860010 80860010",
    );
}

#[test]
fn ppc7xx() {
    expect(
        Group::Ppc750,
        "740/750: 00080100 00080200 00080201 00080202 00080300 00080301 00084202
         750CX: 00082100 00082200 00082201 00082202
         750CXe: 00082211 00082212 00082213 00082214 00082310 00082311
         750CL: 00087200 00087210 00087102
         750L: 00088200 00088201 00088202 00088300 00088302
         740P/750P: 10080000
         750FX: 70000100 70000200 70000201 70000202 70000203
         750GX: 70020100 70020101 70020102",
    );
    expect(
        Group::Ppc755,
        "745/755: 00083100 00083101 00083200 00083201 00083202 00083203 00083204 00083205 00083206 00083207 00083208",
    );
}

#[test]
fn three_750_revisions_inside_the_range_of_the_755() {
    expect(
        Group::Ppc750,
        "750CXe: 00083214 00083311
         750CXR: 00083410",
    );
    expect(Group::Ppc755, "745/755: 00083213 00083215 00083310 00083312 00083411");
}

#[test]
fn ppc74xx_and_e600() {
    expect(
        Group::Ppc7400,
        "7400: 000c0100 000c0101 000c0200 000c0201 000c0202 000c0206 000c0207 000c0208 000c0209 000c1101
         7410: 800c1100 800c1101 800c1102 800c1103 800c1104",
    );
    expect(
        Group::Ppc7450,
        "7441/7450/7451: 80000100 80000101 80000102 80000200 80000201 80000203 80000210
         7445/7455: 80010100 80010201 80010302 80010303 80010304
         7447/7457: 80020100 80020101 80020102
         7447A/7457A: 80030100 80030101 80030102
         7448: 80040100 80040101 80040200 80040201
         e600: 80040010",
    );
}

#[test]
fn microcontrollers_simulator_and_970() {
    expect(Group::Mpc5xx, "MPC5xx: 00020020");
    expect(Group::Mpc8xx, "MPC8xx: 00500000");
    expect(Group::Psim, "PSIM: fffe0000");
    expect(
        Group::Ppc970,
        "970: 00390202
         970FX: 00391100 003c0200 003c0201 003c0300 003c0301
         970MP: 00440100 00440101",
    );
}

#[test]
fn ppc403_and_ppc405() {
    expect(
        Group::Ppc403,
        "403GA: 00200000 00200011
         403GB: 00200100
         403GC: 00200200
         403GCX: 00201400",
    );
    expect(
        Group::Ppc405,
        "405EX: 12911477 1291147f 1291147d 12911473 12911475
         405EXr: 12911471 12911479 1291147b 12911470 12911472
         405EX/EXr: 1291147a 12911474
         405D2: 20010000 20010820 20010860
         405GP: 40110000 40110040 40110082 401100c4
         405CR: 40110041 401100c5
         405GP/CR: 40110145
         STB03: 40310000
         NPe4GS3: 40b10000
         NPe405H: 414100c0 41410140
         NPe405L: 416100c0
         405EZ: 41511460
         STB04/405D4: 41810000
         405LP: 41f10000
         405GPr: 50910951
         405EP: 51210950
         STBx25: 51510950
         APM8018x: 7ff11432",
    );
}

#[test]
fn ppc440_460_464_physical() {
    expect(
        Group::Ppc440,
        "440GP: 40120440 40120481
         440EP/GR: 42221850 422218d3 422218d4
         440EPx/GRx: 216218d0 216218d4
         440GX: 51b21850 51b21851 51b21892 51b21894
         440SP: 53221850 53321850 53221891 53321891
         440SPe: 53421890 53421891 53521890 53521891
         440x5: 7ff21910
         460EX: 130218a2 130218a3 130218a4
         460GT: 130218a0 130218a1 130218a5
         460SX/GX: 13541800 13541801 13541802 13541803
         464 (APM821xx): 12c41c80",
    );
}

#[test]
fn ppc440_logical() {
    expect(
        Group::Ppc440,
        "440EP/GR: 40000850 400008d3 400008d4
         440EP: 40000858 400008db 42221858 422218db
         440GP: 40000440 40000481
         440EPx/GRx: 200008d0 200008d4
         440EPx: 200008d8 200008dc
         440GX: 50000850 50000851 50000892 50000894
         440SP: 53200891
         440SPe: 53400890 53400891
         460EX: 13020002 13020004
         460GT: 13020000 13020005",
    );
}

#[test]
fn e200_and_e500() {
    expect(
        Group::E200,
        "e200z0: 81710000 817f0000
         e200z1: 81440000
         e200z3: 81260000
         e200z4: 81500000 81550001 81560011 81570000
         e200z5: 81000000
         e200z6: 81100000 81120000 81150000 81170000
         e200z7: 81600000 81680000",
    );
    expect(
        Group::E500,
        "e500v1: 80200010 80200020
         e500v2: 80210010 80210011 80210020 80210021 80210022 80210030",
    );
    expect(
        Group::E500mc,
        "e500mc: 80230020
         e5500: 80240020",
    );
    expect(Group::E6500, "e6500: 80400020");
}

#[test]
fn a_revision_that_nobody_has_seen_is_recognised_as_its_model() {
    for (pvr, name) in [
        (0x0006_0FFF, "603e"),
        (0x0008_3299, "745/755"),
        (0x0008_2FFF, "750CX"),
        (0x0008_22FF, "750CX"),
        (0x8001_0999, "7445/7455"),
        (0x800C_FFFF, "7410"),
        (0x8022_0000, ""),
        (0x8021_FFFF, "e500v2"),
        (0x5121_FFFF, "405EP"),
        (0x4222_1FFF, "440EP/GR"),
        (0x51B2_1FFF, "440GX"),
        (0x1302_18A6, "460EX/GT"),
        (0x7FF2_1920, "440x5"),
        (0x811F_FFFF, "e200z6"),
    ] {
        let found = cpu::identify(Pvr(pvr)).map_or("", |cpu| cpu.model().name);
        assert_eq!(found, name, "{pvr:08x}");
    }
}

fn core(pvr: u32) -> cpu::Core {
    *cpu::identify(Pvr(pvr)).unwrap().core()
}

#[test]
fn critical_enable_is_data() {
    for (pvr, enable, flavor) in [
        (0x0006_0401, 0, None),
        (0x0081_0011, 0, None),
        (0x8082_2011, 0x0000_0080, Some(Flavor::Critical)),
        (0x0083_0010, 0x0000_0080, Some(Flavor::Critical)),
        (0x8001_0201, 0, None),
        (0x5121_0950, 0x0002_0000, Some(Flavor::Critical405)),
        (0x4222_18D3, 0x0002_0000, Some(Flavor::Critical)),
        (0x8112_0000, 0x0002_0000, Some(Flavor::Critical)),
        (0x8021_0030, 0x0002_0000, Some(Flavor::Critical)),
    ] {
        assert_eq!((core(pvr).critical_enable, core(pvr).critical), (enable, flavor), "{pvr:08x}");
    }
}

#[test]
fn machine_check_and_debug_pairs() {
    use Flavor::{Classic, Critical, Critical405, Debug, MachineCheck};
    for (pvr, machine_check, debug) in [
        (0x0003_0100, Classic, None),
        (0x0085_0010, Classic, None),
        (0x5121_0950, Critical405, Some(Critical405)),
        (0x0020_1400, Critical405, Some(Critical405)),
        (0x4012_0440, Critical, Some(Critical)),
        (0x4222_1850, Critical, Some(Critical)),
        (0x5322_1891, Critical, Some(Critical)),
        (0x2000_08D0, MachineCheck, Some(Critical)),
        (0x51B2_1850, MachineCheck, Some(Critical)),
        (0x5342_1890, MachineCheck, Some(Critical)),
        (0x7FF2_1910, MachineCheck, Some(Critical)),
        (0x1302_18A4, MachineCheck, Some(Critical)),
        (0x1354_1800, MachineCheck, Some(Critical)),
        (0x12C4_1C80, MachineCheck, Some(Critical)),
        (0x8171_0000, Critical, Some(Critical)),
        (0x8144_0000, Critical, Some(Critical)),
        (0x8112_0000, Critical, Some(Critical)),
        (0x8156_0011, MachineCheck, Some(Critical)),
        (0x8168_0000, MachineCheck, Some(Critical)),
        (0x8020_0020, MachineCheck, Some(Critical)),
        (0x8021_0030, MachineCheck, Some(Critical)),
        (0x8023_0020, MachineCheck, Some(Debug)),
        (0x8024_0020, MachineCheck, Some(Debug)),
        (0x8040_0020, MachineCheck, Some(Debug)),
    ] {
        let core = core(pvr);
        assert_eq!((core.machine_check, core.debug), (machine_check, debug), "{pvr:08x}");
        assert_eq!(core.features.contains(Features::RFMCI), machine_check == MachineCheck, "{pvr:08x}");
    }
}

#[test]
fn cache_lines_bats_and_table_walk() {
    let hw = Features::HW_TABLE_WALK;
    for (pvr, line, bats, walk) in [
        (0x0050_0000, 16, 0, false),
        (0x0020_1400, 16, 0, false),
        (0x0003_0100, 32, 4, false),
        (0x8082_2011, 32, 8, false),
        (0x0083_0010, 32, 8, false),
        (0x0004_0103, 32, 4, true),
        (0x0008_0301, 32, 4, true),
        (0x0008_3214, 32, 4, true),
        (0x0008_3203, 32, 8, true),
        (0x7000_0203, 32, 8, true),
        (0x7002_0102, 32, 8, true),
        (0x0008_7210, 32, 8, true),
        (0x000C_0209, 32, 4, true),
        (0x8000_0201, 32, 4, true),
        (0x8001_0201, 32, 8, true),
        (0x8004_0010, 32, 8, true),
        (0x5121_0950, 32, 0, false),
        (0x4222_18D3, 32, 0, false),
        (0x8021_0030, 32, 0, false),
        (0x8023_0020, 64, 0, false),
        (0x8024_0020, 64, 0, false),
        (0x8040_0020, 64, 0, false),
    ] {
        let core = core(pvr);
        assert_eq!((core.cache_line, core.bats, core.features.contains(hw)), (line, bats, walk), "{pvr:08x}");
    }
    for model in cpu::models() {
        assert!(model.core.cache_line.is_power_of_two(), "{}", model.name);
    }
}

#[test]
fn fpu_altivec_spe_and_shadow_registers_by_model() {
    let [fpu, altivec, spe, tgpr] = [Features::FPU, Features::ALTIVEC, Features::SPE, Features::TGPR];
    for (pvr, units) in [
        (0x0001_0001, fpu),
        (0x0002_0020, fpu),
        (0x0050_0000, Features::NONE),
        (0x0003_0100, fpu | tgpr),
        (0x0005_0100, fpu | tgpr),
        (0x0006_0401, fpu | tgpr),
        (0x8081_1010, fpu | tgpr),
        (0x8082_2011, fpu | tgpr),
        (0x0083_0010, fpu | tgpr),
        (0x0084_0010, tgpr),
        (0x0085_0010, fpu | tgpr),
        (0x0008_3203, fpu),
        (0x0008_0301, fpu),
        (0x000C_0209, fpu | altivec),
        (0x8001_0201, fpu | altivec),
        (0x8004_0010, fpu | altivec),
        (0x5121_0950, Features::NONE),
        (0x4012_0440, Features::NONE),
        (0x4222_18D3, fpu),
        (0x7FF2_1910, Features::NONE),
        (0x1302_18A4, fpu),
        (0x8171_0000, Features::NONE),
        (0x8144_0000, Features::NONE),
        (0x8112_0000, spe),
        (0x8168_0000, spe),
        (0x8020_0020, spe),
        (0x8021_0030, spe),
        (0x8023_0020, fpu),
        (0x8024_0020, fpu),
        (0x8040_0020, fpu | altivec),
    ] {
        for unit in [fpu, altivec, spe, tgpr] {
            assert_eq!(core(pvr).features.contains(unit), units.contains(unit), "{pvr:08x} {unit}");
        }
    }
}

#[test]
fn where_the_vectors_the_tick_and_the_fault_address_are() {
    for (pvr, base, tick, fault) in [
        (0x8001_0201, VectorBase::MsrIp, TickTimer::Decrementer, FaultRegisters::DarDsisr),
        (0x0083_0010, VectorBase::MsrIp, TickTimer::Decrementer, FaultRegisters::DarDsisr),
        (0x5121_0950, VectorBase::Evpr, TickTimer::Pit, FaultRegisters::Dear405),
        (0x0020_1400, VectorBase::Evpr, TickTimer::Pit, FaultRegisters::Dear405),
        (0x4222_18D3, VectorBase::Ivpr, TickTimer::DecrementerReload, FaultRegisters::DearBookE),
        (0x8171_0000, VectorBase::IvprFixed, TickTimer::DecrementerReload, FaultRegisters::DearBookE),
        (0x8144_0000, VectorBase::IvprFixed, TickTimer::DecrementerReload, FaultRegisters::DearBookE),
        (0x8112_0000, VectorBase::Ivpr, TickTimer::DecrementerReload, FaultRegisters::DearBookE),
        (0x8021_0030, VectorBase::Ivpr, TickTimer::DecrementerReload, FaultRegisters::DearBookE),
    ] {
        let core = core(pvr);
        assert_eq!((core.vector_base, core.tick, core.fault), (base, tick, fault), "{pvr:08x}");
    }
}
