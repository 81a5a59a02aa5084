// SPDX-License-Identifier: MIT OR Apache-2.0
//! The register map against the manuals' tables.

use super::*;

/// The manuals' tables, as absolute offsets.
#[test]
fn offsets() {
    let cpu1 = CpuId::new(1).unwrap();
    let last = CpuId::new(31).unwrap();
    let rows: &[(Register, usize, &str)] = &[
        (BRR1, 0x0000, "BRR1"),
        (PRIVATE_ACKNOWLEDGE, 0x00A0, "IACK, private"),
        (PRIVATE_END, 0x00B0, "EOI, private"),
        (FRR, 0x1000, "FRR"),
        (GCR, 0x1020, "GCR"),
        (EICR, 0x1030, "EICR"),
        (VIR, 0x1080, "VIR"),
        (PIR, 0x1090, "PIR"),
        (ipi(0), 0x10A0, "IPIVPR0"),
        (ipi(3), 0x10D0, "IPIVPR3"),
        (SVR, 0x10E0, "SVR"),
        (timer_frequency(0), 0x10F0, "TFRRA"),
        (timer_count(0), 0x1100, "GTCCRA0"),
        (timer_base(0), 0x1110, "GTBCRA0"),
        (timer(0), 0x1120, "GTVPRA0"),
        (timer_destination(0), 0x1130, "GTDRA0"),
        (timer_destination(3), 0x11F0, "GTDRA3"),
        (timer_control(3), 0x1300, "TCRA"),
        (message(0), 0x1400, "MSGR0"),
        (message(3), 0x1430, "MSGR3"),
        (message_enable(0), 0x1500, "MERA"),
        (message_status(0), 0x1510, "MSRA"),
        (shared_msi(0), 0x1600, "MSIR0"),
        (shared_msi(7), 0x1670, "MSIR7"),
        (banked_msi(3, 15), 0x1CF0, "MSIR15, bank 3"),
        (MSISR, 0x1720, "MSISR"),
        (MSIIR, 0x1740, "MSIIR"),
        (shared_msi_index(2), 0x1B40, "MSIIR, bank 2"),
        (shared_msi_index_1(0), 0x4148, "MSIIR1"),
        (shared_msi_index_1(3), 0x7148, "MSIIR1, bank 3"),
        (timer_frequency(4), 0x20F0, "TFRRB"),
        (timer_count(4), 0x2100, "GTCCRB0"),
        (timer_destination(7), 0x21F0, "GTDRB3"),
        (timer_control(4), 0x2300, "TCRB"),
        (message(4), 0x2400, "MSGR4"),
        (message_enable(7), 0x2500, "MERB"),
        (message_status(4), 0x2510, "MSRB"),
        (source(0), 0x10000, "EIVPR0"),
        (source_destination(0), 0x10010, "EIDR0"),
        (source_level(0), 0x10018, "EILR0"),
        (source(11), 0x10160, "EIVPR11"),
        (source(16), 0x10200, "IIVPR0"),
        (source(42), 0x10540, "IIVPR26"),
        (source(176), 0x11600, "MIVPR0"),
        (source(224), 0x11C00, "MSIVPR0"),
        (source(256), 0x12000, "MSIVPR8 (4.3)"),
        (source(384), 0x13000, "IIVPR160 (4.3)"),
        (ipi_dispatch(CpuId::BOOT, 0), 0x20040, "IPIDR0, CPU 0"),
        (ipi_dispatch(cpu1, 3), 0x21070, "IPIDR3, CPU 1"),
        (task_priority(CpuId::BOOT), 0x20080, "CTPR, CPU 0"),
        (who_am_i(CpuId::BOOT), 0x20090, "WHOAMI, CPU 0"),
        (acknowledge(CpuId::BOOT), 0x200A0, "IACK, CPU 0"),
        (end(cpu1), 0x210B0, "EOI, CPU 1"),
        (end(last), 0x3F0B0, "EOI, CPU 31"),
    ];
    for &(ours, manual, name) in rows {
        assert_eq!(ours.offset(), manual, "{name}");
    }
}

/// No argument leads out of the map.
#[test]
fn every_register_is_inside() {
    for position in 0..=u16::MAX {
        assert!(source_level(position).offset() + 4 <= CPU);
    }
    for number in 0..=u8::MAX {
        for register in [
            timer_destination(number),
            message_status(number),
            banked_msi(number, number),
            shared_msi_index_1(number),
            ipi(number),
        ] {
            assert!(register.offset() + 4 <= SOURCE);
        }
    }
}

#[test]
fn fields_as_the_manual_numbers_them() {
    // The manuals count from the left: bit n is 31 - n here.
    assert_eq!(VPR_MASK, 1 << 31);
    assert_eq!(VPR_ACTIVITY, 1 << (31 - 1));
    assert_eq!(VPR_HIGH, 1 << (31 - 8));
    assert_eq!(VPR_LEVEL, 1 << (31 - 9));
    assert_eq!(VPR_PRIORITY, 0xF << (31 - 15));
    assert_eq!(IDR_CI0, 1 << (31 - 1));
    assert_eq!(GCR_RESET, 1 << 31);
}
