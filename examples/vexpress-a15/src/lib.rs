// SPDX-License-Identifier: MIT OR Apache-2.0
//! QEMU's `vexpress-a15`: up to four Cortex-A15, GICv2.
//!
//! An ELF image is entered by all cores at once, in secure SVC mode.
#![no_std]

pub mod machine;
#[cfg(target_arch = "arm")]
mod stop;

pub use arm_support::cpu::cluster_size as cpus;
pub use arm_support::timer as clock;

/// Name in the first line of every program.
pub const NAME: &str = "vexpress-a15";
/// PL011 of the console.
pub const UART0: usize = 0x1c09_0000;
/// Interrupt of the console's PL011: SPI 5.
pub const UART0_INTID: u32 = 37;
/// GIC distributor.
pub const GICD: usize = 0x2c00_1000;
/// GIC CPU interface, 8 KiB.
pub const GICC: usize = 0x2c00_2000;
/// On-chip RAM outside every image, 64 KiB.
pub const SRAM: usize = 0x2e00_0000;
/// Pen area: all of that RAM.
pub const PEN: usize = SRAM;
/// SYS_FLAGSSET; the clear register follows at +4.
pub const SYS_FLAGSSET: usize = 0x1c01_0030;

/// Sets up what every program needs: the console.
pub fn init() {
    // SAFETY: the machine's UART 0, identity-mapped device memory, used by this program alone.
    unsafe { arm_support::console::init(UART0) };
}

/// Waits for the other cores, which the machine has started already; whether all came.
pub fn boot_secondaries() -> bool {
    arm_support::smp::wait_for(cpus())
}
