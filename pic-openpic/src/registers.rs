// SPDX-License-Identifier: MIT OR Apache-2.0
//! Register map: byte offsets from the controller's base, and fields (bits LSB-0).
//!
//! Open PIC register interface 1.2, and the interrupt controller chapters of the Freescale MPC8544E
//! (MPIC 2.0), P2020 and P4080 (MPIC 4.x) manuals. All registers are 32 bits wide on a pitch of 16 bytes.

use hal_exc_api::pic::CpuId;

/// A register: its offset in bytes from the base, word-aligned and below [`SIZE`]. Only this module
/// makes them, so a [`Bus`](crate::Bus) need not check.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Register(usize);

impl Register {
    /// Offset in bytes from the controller's base.
    #[inline(always)]
    pub const fn offset(self) -> usize {
        self.0
    }
}

/// Block revision 1 (Freescale): IP 0x0040, major, minor.
pub const BRR1: Register = Register(0x0000);
/// Interrupt acknowledge of the CPU that reads (Freescale's private access window).
pub const PRIVATE_ACKNOWLEDGE: Register = Register(IACK);
/// End of interrupt of the CPU that writes (Freescale's private access window).
pub const PRIVATE_END: Register = Register(EOI);
/// Feature reporting.
pub const FRR: Register = Register(0x1000);
/// Global configuration.
pub const GCR: Register = Register(0x1020);
/// Serial interrupt configuration (EPIC).
pub const EICR: Register = Register(0x1030);
/// Vendor identification.
pub const VIR: Register = Register(0x1080);
/// Processor initialisation.
pub const PIR: Register = Register(0x1090);
/// Inter-processor interrupt 0 vector/priority; pitch 0x10.
const IPIVPR: usize = 0x10A0;
/// Spurious vector.
pub const SVR: Register = Register(0x10E0);
/// Timer 0 of a group: current count, base count, vector/priority, destination; pitch 0x40.
const TIMER: usize = 0x1100;
/// Timer frequency reporting, before the timers of its group.
const TFRR: usize = 0x10F0;
/// Timer control of a group (Freescale).
const TCR: usize = 0x1300;
/// Second timer and message group, from the first (Freescale).
const GROUP_B: usize = 0x1000;
/// Message register 0 of a group (Freescale); pitch 0x10.
const MSGR: usize = 0x1400;
/// Message enable of a group (Freescale).
const MER: usize = 0x1500;
/// Message status of a group (Freescale).
const MSR: usize = 0x1510;
/// Shared message-signalled interrupt register 0 of bank 0 (Freescale); pitch 0x10; cleared by reading.
const MSIR: usize = 0x1600;
/// Bytes from one bank of them to the next.
const MSI_BANK: usize = 0x200;
/// Which of the shared registers of bank 0 are non-zero (Freescale).
pub const MSISR: Register = Register(0x1720);
/// Shared message-signalled interrupt index of bank 0: writing sets a bit (Freescale).
pub const MSIIR: Register = shared_msi_index(0);
/// Index register 1 of bank 0 (MPIC 4.3).
const MSIIR1: usize = 0x4148;
/// Bytes from index register 1 of one bank to that of the next.
const MSIIR1_PITCH: usize = 0x1000;
/// Source 0 vector/priority; pitch 0x20.
const SOURCE: usize = 0x1_0000;
/// Bytes from one source to the next.
const SOURCE_PITCH: usize = 0x20;
/// Destination, from the vector/priority register.
const IDR: usize = 0x10;
/// Level (which output), from the vector/priority register (MPIC 4.x).
const ILR: usize = 0x18;
/// Block of CPU 0; pitch 0x1000.
const CPU: usize = 0x2_0000;
/// Bytes from one CPU's block to the next.
const CPU_PITCH: usize = 0x1000;
/// Inter-processor dispatch 0, in a CPU's block; pitch 0x10.
const IPIDR: usize = 0x40;
/// Current task priority, in a CPU's block.
const CTPR: usize = 0x80;
/// Who am I, in a CPU's block.
const WHOAMI: usize = 0x90;
/// Interrupt acknowledge, in a CPU's block.
const IACK: usize = 0xA0;
/// End of interrupt, in a CPU's block.
const EOI: usize = 0xB0;
/// Bytes that the whole map covers.
pub const SIZE: usize = 0x4_0000;

/// Base count, from a timer's current count.
const TIMER_BASE: usize = 0x10;
/// Vector/priority, from a timer's current count.
const TIMER_VPR: usize = 0x20;
/// Destination, from a timer's current count.
const TIMER_DR: usize = 0x30;
/// Bytes from one timer to the next.
const TIMER_PITCH: usize = 0x40;
/// Timers of a group.
pub const TIMERS_PER_GROUP: u8 = 4;

/// `GCR`: reset; reads as one until the reset is over.
pub const GCR_RESET: u32 = 1 << 31;
/// `GCR`: mode field.
pub const GCR_MODE: u32 = 3 << 29;
/// `GCR`: mixed mode, every interrupt goes through the controller. 0 is 8259 pass-through.
pub const GCR_MIXED: u32 = 1 << 29;
/// `GCR`: external proxy (MPIC 4.x), acknowledge at delivery.
pub const GCR_PROXY: u32 = 3 << 29;

/// `EICR`: serial interrupts.
pub const EICR_SERIAL: u32 = 1 << 27;
/// `EICR`: clock ratio, bits 30:28.
pub const EICR_RATIO_SHIFT: u32 = 28;

/// Vector/priority: masked.
pub const VPR_MASK: u32 = 1 << 31;
/// Vector/priority: requested or in service. Read only.
pub const VPR_ACTIVITY: u32 = 1 << 30;
/// Vector/priority: active high, or rising edge.
pub const VPR_HIGH: u32 = 1 << 23;
/// Vector/priority: level.
pub const VPR_LEVEL: u32 = 1 << 22;
/// Vector/priority: priority, bits 19:16.
pub const VPR_PRIORITY_SHIFT: u32 = 16;
/// Vector/priority: priority field.
pub const VPR_PRIORITY: u32 = 0xF << VPR_PRIORITY_SHIFT;

/// Timer base count: count inhibit. Timer current count: toggle.
pub const TIMER_STOP: u32 = 1 << 31;
/// Timer control: cascade field.
pub const TCR_CASCADE: u32 = 7;
/// Timer control: clock ratio, bits 9:8 (divide by 8, 16, 32, 64).
pub const TCR_RATIO_SHIFT: u32 = 8;
/// Timer control: real time mode, counts the RTC input.
pub const TCR_RTM: u32 = 1 << 16;

/// Destination: critical interrupt of CPU 0 (MPIC 2.x, 3.x); CPU *n* is *n* bits further down.
pub const IDR_CI0: u32 = 1 << 30;

/// Level register: normal interrupt.
pub const ILR_INT: u32 = 0;
/// Level register: critical interrupt.
pub const ILR_CINT: u32 = 1;
/// Level register: machine check.
pub const ILR_MCP: u32 = 2;

/// Current task priority that holds everything back.
pub const CTPR_ALL: u32 = 15;

/// Most source positions that the map has room for.
pub const MAX_SOURCES: u16 = 0x800;

const fn source_block(position: u16) -> usize {
    SOURCE + SOURCE_PITCH * (position % MAX_SOURCES) as usize
}

/// Vector/priority of source `position` (modulo [`MAX_SOURCES`]).
pub const fn source(position: u16) -> Register {
    Register(source_block(position))
}

/// Destination of source `position`.
pub const fn source_destination(position: u16) -> Register {
    Register(source_block(position) + IDR)
}

/// Level register (which output) of source `position`, MPIC 4.x.
pub const fn source_level(position: u16) -> Register {
    Register(source_block(position) + ILR)
}

/// Vector/priority of inter-processor interrupt `number` (modulo 4).
pub const fn ipi(number: u8) -> Register {
    Register(IPIVPR + 0x10 * (number % 4) as usize)
}

const fn timer_block(number: u8) -> usize {
    TIMER + group(number) + TIMER_PITCH * (number % TIMERS_PER_GROUP) as usize
}

/// Offset of the group that item `number` of two groups of four is in.
const fn group(number: u8) -> usize {
    GROUP_B * ((number / 4) % 2) as usize
}

/// Current count of timer `number` (modulo 8), counted through both groups.
pub const fn timer_count(number: u8) -> Register {
    Register(timer_block(number))
}

/// Base count of timer `number`.
pub const fn timer_base(number: u8) -> Register {
    Register(timer_block(number) + TIMER_BASE)
}

/// Vector/priority of timer `number`.
pub const fn timer(number: u8) -> Register {
    Register(timer_block(number) + TIMER_VPR)
}

/// Destination of timer `number`.
pub const fn timer_destination(number: u8) -> Register {
    Register(timer_block(number) + TIMER_DR)
}

/// Frequency of the group of timer `number`.
pub const fn timer_frequency(number: u8) -> Register {
    Register(TFRR + group(number))
}

/// Control of the group of timer `number` (Freescale).
pub const fn timer_control(number: u8) -> Register {
    Register(TCR + group(number))
}

/// Message register `number` (modulo 8) (Freescale).
pub const fn message(number: u8) -> Register {
    Register(MSGR + group(number) + 0x10 * (number % 4) as usize)
}

/// Message enable of the group of message register `number` (Freescale).
pub const fn message_enable(number: u8) -> Register {
    Register(MER + group(number))
}

/// Message status of the group of message register `number` (Freescale).
pub const fn message_status(number: u8) -> Register {
    Register(MSR + group(number))
}

/// Shared message-signalled interrupt register `number` (modulo 16) of bank 0 (Freescale; 8 and up from MPIC 4.3 on).
pub const fn shared_msi(number: u8) -> Register {
    banked_msi(0, number)
}

/// As [`shared_msi`], of `bank` (modulo 4).
pub const fn banked_msi(bank: u8, number: u8) -> Register {
    Register(MSIR + MSI_BANK * (bank % 4) as usize + 0x10 * (number % 16) as usize)
}

/// Index register of `bank` (modulo 4): writing sets a bit of registers 0 to 7 (Freescale).
pub const fn shared_msi_index(bank: u8) -> Register {
    Register(MSIR + MSI_BANK * (bank % 4) as usize + 0x140)
}

/// Index register 1 of `bank` (modulo 4): writing sets a bit of registers 0 to 15 (MPIC 4.3). The place is that of Linux's
/// device trees, not held against a manual.
pub const fn shared_msi_index_1(bank: u8) -> Register {
    Register(MSIIR1 + MSIIR1_PITCH * (bank % 4) as usize)
}

#[inline(always)]
const fn cpu_block(cpu: CpuId) -> usize {
    CPU + CPU_PITCH * cpu.index()
}

/// Dispatch of inter-processor interrupt `number` (modulo 4) in the block of `cpu`.
pub const fn ipi_dispatch(cpu: CpuId, number: u8) -> Register {
    Register(cpu_block(cpu) + IPIDR + 0x10 * (number % 4) as usize)
}

/// Task priority of `cpu`.
#[inline(always)]
pub const fn task_priority(cpu: CpuId) -> Register {
    Register(cpu_block(cpu) + CTPR)
}

/// Which processor reads, in the block of `cpu`.
pub const fn who_am_i(cpu: CpuId) -> Register {
    Register(cpu_block(cpu) + WHOAMI)
}

/// Interrupt acknowledge of `cpu`.
#[inline(always)]
pub const fn acknowledge(cpu: CpuId) -> Register {
    Register(cpu_block(cpu) + IACK)
}

/// End of interrupt of `cpu`.
#[inline(always)]
pub const fn end(cpu: CpuId) -> Register {
    Register(cpu_block(cpu) + EOI)
}

#[cfg(test)]
mod tests {
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
}
