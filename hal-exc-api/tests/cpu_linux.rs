// SPDX-License-Identifier: MIT OR Apache-2.0
//! The model table against an independent one: the masks, values and abilities in Linux's
//! `arch/powerpc/kernel/cpu_specs_*.h` (2023; the 40x and e200 rows from the last release that had them).
//!
//! Only these facts are written down; what our names for the same chips are is our own reading.

use hal_exc_api::cpu::{self, Features, Pvr};
use hal_exc_api::flavor::Flavor;
use proptest::prelude::*;

/// A row: mask, value, abilities, our names.
///
/// Abilities: `f` FPU, `v` AltiVec, `s` SPE, `h` hashed page table in hardware, `8` upper BATs in use, `m` own
/// machine-check pair (Linux: 440A, or the e500 handlers), and the cache line in bytes.
struct Row {
    mask: u32,
    value: u32,
    abilities: &'static str,
    line: u8,
    names: &'static [&'static str],
}

const fn row(mask: u32, value: u32, abilities: &'static str, line: u8, names: &'static [&'static str]) -> Row {
    Row { mask, value, abilities, line, names }
}

/// In Linux's order: the first row that matches counts.
const CLASSIC: &[Row] = &[
    row(0xFFFF_0000, 0x0003_0000, "f", 32, &["603"]),
    row(0xFFFF_0000, 0x0006_0000, "f", 32, &["603e"]),
    row(0xFFFF_0000, 0x0007_0000, "f", 32, &["603ev", "603r"]),
    row(0x7FFF_0000, 0x0081_0000, "f", 32, &["G2"]),
    row(0x7FFF_0000, 0x0082_0000, "f8", 32, &["G2_LE"]),
    row(0x7FFF_0000, 0x0083_0000, "f8", 32, &["e300c1"]),
    row(0x7FFF_0000, 0x0084_0000, "8", 32, &["e300c2"]),
    row(0x7FFF_0000, 0x0085_0000, "f8", 32, &["e300c3"]),
    row(0x7FFF_0000, 0x0086_0000, "f8", 32, &["e300c4"]),
    row(0xFFFF_0000, 0x0004_0000, "fh", 32, &["604"]),
    row(0xFFFF_F000, 0x0009_0000, "fh", 32, &["604e"]),
    row(0xFFFF_0000, 0x0009_0000, "fh", 32, &["604r"]),
    row(0xFFFF_0000, 0x000A_0000, "fh", 32, &["604r"]),
    row(0xFFFF_FFFF, 0x0008_4202, "fh", 32, &["740/750"]),
    // Linux reads revision 1.0 of the 750 as a 750CX.
    row(0xFFFF_FFF0, 0x0008_0100, "fh", 32, &["740/750"]),
    row(0xFFFF_FFF0, 0x0008_2200, "fh", 32, &["750CX"]),
    row(0xFFFF_FFF0, 0x0008_2210, "fh", 32, &["750CXe"]),
    row(0xFFFF_FFFF, 0x0008_3214, "fh", 32, &["750CXe"]),
    row(0xFFFF_F0E0, 0x0008_7000, "fh8", 32, &["750CL"]),
    // The two exact rows inside the range are of QEMU's list; Linux has them as 755.
    row(0xFFFF_F000, 0x0008_3000, "fh", 32, &["745/755", "750CXe", "750CXR"]),
    row(0xFFFF_FF00, 0x7000_0100, "fh", 32, &["750FX"]),
    row(0xFFFF_FFFF, 0x7000_0200, "fh", 32, &["750FX"]),
    row(0xFFFF_0000, 0x7000_0000, "fh8", 32, &["750FX"]),
    row(0xFFFF_0000, 0x7002_0000, "fh8", 32, &["750GX"]),
    row(0xFFFF_0000, 0x0008_0000, "fh", 32, &["740/750", "750L", "750CX", "750CXe", "750CL"]),
    row(0xFFFF_FFFF, 0x000C_1101, "fhv", 32, &["7400"]),
    row(0xFFFF_0000, 0x000C_0000, "fhv", 32, &["7400"]),
    row(0xFFFF_0000, 0x800C_0000, "fhv", 32, &["7410"]),
    row(0xFFFF_FFFF, 0x8000_0200, "fhv", 32, &["7441/7450/7451"]),
    row(0xFFFF_FFFF, 0x8000_0201, "fhv", 32, &["7441/7450/7451"]),
    row(0xFFFF_0000, 0x8000_0000, "fhv", 32, &["7441/7450/7451"]),
    row(0xFFFF_FF00, 0x8001_0100, "fhv8", 32, &["7445/7455"]),
    row(0xFFFF_FFFF, 0x8001_0200, "fhv8", 32, &["7445/7455"]),
    row(0xFFFF_0000, 0x8001_0000, "fhv8", 32, &["7445/7455"]),
    row(0xFFFF_FFFF, 0x8002_0100, "fhv8", 32, &["7447/7457"]),
    row(0xFFFF_FFFF, 0x8002_0101, "fhv8", 32, &["7447/7457"]),
    row(0xFFFF_0000, 0x8002_0000, "fhv8", 32, &["7447/7457"]),
    row(0xFFFF_0000, 0x8003_0000, "fhv8", 32, &["7447A/7457A"]),
    row(0xFFFF_0000, 0x8004_0000, "fhv8", 32, &["7448", "e600"]),
    row(0xFFFF_0000, 0x0050_0000, "", 16, &["MPC8xx"]),
];

const PPC40X: &[Row] = &[
    row(0xFFFF_0000, 0x4181_0000, "", 32, &["STB04/405D4"]),
    row(0xFFFF_0000, 0x4161_0000, "", 32, &["NPe405L"]),
    row(0xFFFF_0000, 0x40B1_0000, "", 32, &["NPe4GS3"]),
    row(0xFFFF_0000, 0x4141_0000, "", 32, &["NPe405H"]),
    row(0xFFFF_0000, 0x5091_0000, "", 32, &["405GPr"]),
    row(0xFFFF_0000, 0x5151_0000, "", 32, &["STBx25"]),
    row(0xFFFF_0000, 0x41F1_0000, "", 32, &["405LP"]),
    row(0xFFFF_0000, 0x5121_0000, "", 32, &["405EP"]),
    row(0xFFFF_000F, 0x1291_0007, "", 32, &["405EX"]),
    row(0xFFFF_000F, 0x1291_000D, "", 32, &["405EX"]),
    row(0xFFFF_000F, 0x1291_000F, "", 32, &["405EX"]),
    row(0xFFFF_000F, 0x1291_0003, "", 32, &["405EX"]),
    row(0xFFFF_000F, 0x1291_0005, "", 32, &["405EX"]),
    row(0xFFFF_000F, 0x1291_0001, "", 32, &["405EXr"]),
    row(0xFFFF_000F, 0x1291_0009, "", 32, &["405EXr"]),
    row(0xFFFF_000F, 0x1291_000B, "", 32, &["405EXr"]),
    row(0xFFFF_000F, 0x1291_0000, "", 32, &["405EXr"]),
    row(0xFFFF_000F, 0x1291_0002, "", 32, &["405EXr"]),
    row(0xFFFF_0000, 0x4151_0000, "", 32, &["405EZ"]),
    // Linux's value for it has bits outside its mask, so Linux never finds one; the upper half is what it means.
    row(0xFFFF_0000, 0x7FF1_0000, "", 32, &["APM8018x"]),
];

const PPC44X: &[Row] = &[
    row(0xF000_0FFF, 0x4000_0850, "", 32, &["440EP/GR"]),
    row(0xF000_0FFF, 0x4000_0858, "f", 32, &["440EP"]),
    row(0xF000_0FFF, 0x4000_08D3, "f", 32, &["440EP/GR"]),
    row(0xF000_0FF7, 0x4000_08D4, "f", 32, &["440EP/GR"]),
    row(0xF000_0FFF, 0x4000_08DB, "f", 32, &["440EP"]),
    row(0xF000_0FFB, 0x2000_08D0, "m", 32, &["440EPx/GRx"]),
    row(0xF000_0FFB, 0x2000_08D8, "fm", 32, &["440EPx"]),
    row(0xF000_0FFF, 0x4000_0440, "", 32, &["440GP"]),
    row(0xF000_0FFF, 0x4000_0481, "", 32, &["440GP"]),
    row(0xF000_0FFF, 0x5000_0850, "m", 32, &["440GX"]),
    row(0xF000_0FFF, 0x5000_0851, "m", 32, &["440GX"]),
    row(0xF000_0FFF, 0x5000_0892, "m", 32, &["440GX"]),
    row(0xF000_0FFF, 0x5000_0894, "m", 32, &["440GX"]),
    row(0xFFF0_0FFF, 0x5320_0891, "", 32, &["440SP"]),
    row(0xFFF0_0FFF, 0x5340_0890, "m", 32, &["440SPe"]),
    row(0xFFF0_0FFF, 0x5340_0891, "m", 32, &["440SPe"]),
    row(0xFFFF_0006, 0x1302_0002, "fm", 32, &["460EX"]),
    row(0xFFFF_0007, 0x1302_0004, "fm", 32, &["460EX"]),
    row(0xFFFF_0006, 0x1302_0000, "fm", 32, &["460GT"]),
    row(0xFFFF_0007, 0x1302_0005, "fm", 32, &["460GT"]),
    row(0xFFFF_FF00, 0x1354_1800, "m", 32, &["460SX/GX"]),
    row(0xFFFF_FFF0, 0x12C4_1C80, "fm", 32, &["464 (APM821xx)"]),
];

const FREESCALE: &[Row] = &[
    // Linux gives the e200z5 no SPE, only single-precision floating point in the GPRs, which shares its vectors.
    row(0xFFF0_0000, 0x8100_0000, "s", 32, &["e200z5"]),
    row(0xFFF0_0000, 0x8110_0000, "s", 32, &["e200z6"]),
    row(0xFFFF_0000, 0x8020_0000, "sm", 32, &["e500v1"]),
    row(0xFFFF_0000, 0x8021_0000, "sm", 32, &["e500v2"]),
    row(0xFFFF_0000, 0x8023_0000, "fm", 64, &["e500mc"]),
    row(0xFFFF_0000, 0x8024_0000, "fm", 64, &["e5500"]),
    row(0xFFFF_0000, 0x8040_0000, "fvm", 64, &["e6500"]),
];

fn agree(linux: &Row, pvr: u32) {
    let cpu = cpu::identify(Pvr(pvr)).unwrap_or_else(|error| panic!("{:?}: {error}", linux.names));
    assert!(linux.names.contains(&cpu.model().name), "{cpu} is not {:?}", linux.names);

    let has = |letter| linux.abilities.contains(letter);
    let features = cpu.features();
    if !features.contains(Features::FPU_OPTIONAL) {
        assert_eq!(features.contains(Features::FPU), has('f'), "{cpu}");
    }
    assert_eq!(features.contains(Features::ALTIVEC), has('v'), "{cpu}");
    assert_eq!(features.contains(Features::SPE), has('s'), "{cpu}");
    assert_eq!(features.contains(Features::HW_TABLE_WALK), has('h'), "{cpu}");
    assert_eq!(cpu.core().machine_check == Flavor::MachineCheck, has('m'), "{cpu}");
    assert_eq!(cpu.core().cache_line, linux.line, "{cpu}");
    // Linux leaves the upper BATs of some chips alone although they are there, never the other way round.
    assert!(!has('8') || cpu.core().bats == 8, "{cpu}");
}

/// The row that Linux finds.
fn first(rows: &[Row], pvr: u32) -> &Row {
    rows.iter().find(|row| pvr & row.mask == row.value).unwrap()
}

#[test]
fn every_row_of_linux_has_the_same_chip_and_abilities_here() {
    for rows in [CLASSIC, PPC40X, PPC44X, FREESCALE] {
        for row in rows {
            assert_eq!(row.value & !row.mask, 0);
            agree(first(rows, row.value), row.value);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    // The rows of the 44x leave out bits that name other chips; Linux builds them into a kernel of their own.
    #[test]
    fn every_pvr_that_linux_knows_is_the_same_chip_here(index: usize, bits: u32) {
        for rows in [CLASSIC, PPC40X, FREESCALE] {
            let row = &rows[index % rows.len()];
            let pvr = row.value | bits & !row.mask;
            agree(first(rows, pvr), pvr);
        }
    }
}
