// SPDX-License-Identifier: MIT OR Apache-2.0
//! Offsets as the manuals have them, written down a second time from the tables.

use crate::bank::{EXTENDED, MAIN};

#[test]
fn distributor_v2_offsets_are_those_of_table_4_1() {
    use crate::v2::registers::gicd;
    let rows = [
        ("GICD_CTLR", gicd::CTLR, 0x000),
        ("GICD_TYPER", gicd::TYPER, 0x004),
        ("GICD_IGROUPR0", MAIN.group, 0x080),
        ("GICD_ISENABLER0", MAIN.set_enable, 0x100),
        ("GICD_ICENABLER0", MAIN.clear_enable, 0x180),
        ("GICD_ISPENDR0", MAIN.set_pending, 0x200),
        ("GICD_ICPENDR0", MAIN.clear_pending, 0x280),
        ("GICD_ISACTIVER0", MAIN.set_active, 0x300),
        ("GICD_ICACTIVER0", MAIN.clear_active, 0x380),
        ("GICD_IPRIORITYR0", MAIN.priority, 0x400),
        ("GICD_ITARGETSR0", gicd::ITARGETSR, 0x800),
        ("GICD_ICFGR0", MAIN.config, 0xc00),
        ("GICD_SGIR", gicd::SGIR, 0xf00),
        ("GICD_CPENDSGIR0", gicd::CPENDSGIR, 0xf10),
        ("GICD_SPENDSGIR0", gicd::SPENDSGIR, 0xf20),
        ("ICPIDR2", crate::version::PIDR2_V2, 0xfe8),
    ];
    for (name, ours, manual) in rows {
        assert_eq!(ours, manual, "{name}");
    }
}

#[test]
fn cpu_interface_v2_offsets_are_those_of_table_4_2() {
    use crate::v2::registers::gicc;
    let rows = [
        ("GICC_CTLR", gicc::CTLR, 0x00),
        ("GICC_PMR", gicc::PMR, 0x04),
        ("GICC_BPR", gicc::BPR, 0x08),
        ("GICC_IAR", gicc::IAR, 0x0c),
        ("GICC_EOIR", gicc::EOIR, 0x10),
        ("GICC_RPR", gicc::RPR, 0x14),
        ("GICC_HPPIR", gicc::HPPIR, 0x18),
        ("GICC_ABPR", gicc::ABPR, 0x1c),
        ("GICC_APR0", gicc::APR, 0xd0),
        ("GICC_NSAPR0", gicc::NSAPR, 0xe0),
        ("GICC_IIDR", gicc::IIDR, 0xfc),
        ("GICC_DIR", gicc::DIR, 0x1000),
    ];
    for (name, ours, manual) in rows {
        assert_eq!(ours, manual, "{name}");
    }
}

#[test]
fn v3_offsets_are_those_of_chapter_12() {
    use crate::v3::registers::{gicd, gicr, gits};
    let rows = [
        ("GICD_CTLR", gicd::CTLR, 0x0000),
        ("GICD_TYPER", gicd::TYPER, 0x0004),
        ("GICD_IROUTER0", gicd::IROUTER, 0x6000),
        ("GICD_IROUTER0E", gicd::IROUTER_E, 0x8000),
        ("GICD_IGROUPR0E", EXTENDED.group, 0x1000),
        ("GICD_ISENABLER0E", EXTENDED.set_enable, 0x1200),
        ("GICD_ICENABLER0E", EXTENDED.clear_enable, 0x1400),
        ("GICD_ISPENDR0E", EXTENDED.set_pending, 0x1600),
        ("GICD_ICPENDR0E", EXTENDED.clear_pending, 0x1800),
        ("GICD_ISACTIVER0E", EXTENDED.set_active, 0x1a00),
        ("GICD_ICACTIVER0E", EXTENDED.clear_active, 0x1c00),
        ("GICD_IPRIORITYR0E", EXTENDED.priority, 0x2000),
        ("GICD_ICFGR0E", EXTENDED.config, 0x3000),
        ("GICD_IGRPMODR0E", EXTENDED.group_modifier, 0x3400),
        ("GICD_IGRPMODR0", MAIN.group_modifier, 0x0d00),
        ("GICR_CTLR", gicr::CTLR, 0x0000),
        ("GICR_IIDR", gicr::IIDR, 0x0004),
        ("GICR_TYPER", gicr::TYPER, 0x0008),
        ("GICR_WAKER", gicr::WAKER, 0x0014),
        ("GICR_PWRR", gicr::PWRR, 0x0024),
        ("GICR_PROPBASER", gicr::PROPBASER, 0x0070),
        ("GICR_PENDBASER", gicr::PENDBASER, 0x0078),
        ("SGI_base", gicr::SGI_FRAME, 0x1_0000),
        ("GITS_CTLR", gits::CTLR, 0x0000),
        ("GITS_CBASER", gits::CBASER, 0x0080),
        ("GITS_CWRITER", gits::CWRITER, 0x0088),
        ("GITS_CREADR", gits::CREADR, 0x0090),
        ("GITS_BASER0", gits::BASER, 0x0100),
        ("GICx_PIDR2", crate::version::PIDR2_V3, 0xffe8),
    ];
    for (name, ours, manual) in rows {
        assert_eq!(ours, manual, "{name}");
    }
}
