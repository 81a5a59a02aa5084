// SPDX-License-Identifier: MIT OR Apache-2.0
//! QEMU's `vexpress-a9`: up to four Cortex-A9, GICv1 inside the MPCore's private region.
//!
//! An ELF image is entered by all cores at once, in secure SVC mode.
#![no_std]

pub mod clock;
pub mod machine;
#[cfg(target_arch = "arm")]
mod stop;

/// Name in the first line of every program.
pub const NAME: &str = "vexpress-a9";
/// PL011 of the console.
pub const UART0: usize = 0x1000_9000;
/// Interrupt of the console's PL011: SPI 5.
pub const UART0_INTID: u32 = 37;
/// Private region of the MPCore (PERIPHBASE).
pub const PERIPHBASE: usize = 0x1e00_0000;
/// Snoop control unit.
pub const SCU: usize = PERIPHBASE;
/// GIC CPU interface: 0x100 bytes only, the global timer follows.
pub const GICC: usize = PERIPHBASE + 0x100;
/// GIC distributor.
pub const GICD: usize = PERIPHBASE + 0x1000;
/// On-chip RAM outside every image, 32 MiB.
pub const SRAM: usize = 0x4800_0000;
/// Pen area: above the place where the emulator puts a boot pen of its own.
pub const PEN: usize = SRAM + 0x1_0000;
/// SYS_FLAGSSET; the clear register follows at +4.
pub const SYS_FLAGSSET: usize = 0x1000_0030;

/// Sets up what every program needs: the console.
pub fn init() {
    // SAFETY: the machine's UART 0, identity-mapped device memory, used by this program alone.
    unsafe { arm_support::console::init(UART0) };
    clock::init();
}

/// Number of cores: SCU configuration register, bits \[1:0\] + 1 (Cortex-A9 MPCore TRM 2.2.2).
pub fn cpus() -> usize {
    // SAFETY: a plain aligned register of the identity-mapped private region.
    let configuration = unsafe { ((SCU + 4) as *const u32).read_volatile() };
    (configuration & 3) as usize + 1
}

/// Waits for the other cores, which the machine has started already; whether all came.
pub fn boot_secondaries() -> bool {
    arm_support::smp::wait_for(cpus())
}
