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
mod tests;
