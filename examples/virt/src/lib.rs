// SPDX-License-Identifier: MIT OR Apache-2.0
//! QEMU's `virt` machine, AArch32 (`-cpu cortex-a15`) and AArch64 (`-cpu cortex-a53`), GICv2 or v3.
//!
//! Without `secure=on` the firmware interface is PSCI over HVC and holds the other cores; with
//! it there is no PSCI and an ELF image is entered by all cores at once.
#![no_std]

pub mod machine;

pub use arm_support::timer as clock;
use arm_support::{MAX_CPUS, cpu, smp, start, wait};

/// Name in the first line of every program.
pub const NAME: &str = "virt";
/// PL011 of the console.
pub const UART0: usize = 0x0900_0000;
/// Interrupt of the console's PL011: SPI 1.
pub const UART0_INTID: u32 = 33;
/// GIC distributor, GICv2 and v3.
pub const GICD: usize = 0x0800_0000;
/// GIC CPU interface of `gic-version=2`, 8 KiB.
pub const GICC: usize = 0x0801_0000;
/// First redistributor of `gic-version=3`.
pub const GICR: usize = 0x080a_0000;
/// Bytes of the redistributor region.
pub const GICR_SIZE: usize = 0x00f6_0000;
/// Interrupt translation service of `gic-version=3`.
pub const GITS: usize = 0x0808_0000;

/// Sets up what every program needs: the console.
pub fn init() {
    // SAFETY: the machine's UART 0, identity-mapped device memory, used by this program alone.
    unsafe { arm_support::console::init(UART0) };
}

/// A PSCI call (PSCI DEN0022, 5.2): function ids of the 32-bit and the 64-bit convention; the answer
/// as it stands in the register.
fn psci(id32: u32, id64: u32, arguments: [u64; 2]) -> i32 {
    #[cfg(target_arch = "aarch64")]
    {
        let _ = id32;
        let mut args = [0u64; 17];
        args[..2].copy_from_slice(&arguments);
        <smccc::Hvc as smccc::Call>::call64(id64, args)[0] as i32
    }
    #[cfg(target_arch = "arm")]
    {
        let _ = id64;
        let [a, b] = arguments.map(|argument| argument as u32);
        <smccc::Hvc as smccc::Call>::call32(id32, [a, b, 0, 0, 0, 0, 0])[0] as i32
    }
    #[cfg(not(any(target_arch = "arm", target_arch = "aarch64")))]
    {
        let _ = (id32, id64, arguments);
        -1
    }
}

/// CPU_ON: starts the core with this affinity at the image's entry; what firmware answered.
pub fn cpu_on(affinity: u64) -> i32 {
    psci(0x8400_0003, 0xc400_0003, [affinity, start::entry_address() as u64])
}

/// CPU_OFF: ends the executing core; returns only if firmware denies it. One id for both conventions.
pub fn cpu_off() -> i32 {
    psci(0x8400_0002, 0x8400_0002, [0, 0])
}

/// AFFINITY_INFO: whether the core with this affinity is off.
pub fn is_off(affinity: u64) -> bool {
    psci(0x8400_0004, 0xc400_0004, [affinity, 0]) == 1
}

/// Whether firmware (here the emulator) answers PSCI calls: not where the CPU has EL3.
pub fn has_psci() -> bool {
    !cpu::has_el3()
}

/// Starts the other cores and waits for them; the number of cores that run, this one included.
///
/// With PSCI every affinity is tried until the first unknown one; a core that was accepted and
/// does not come is an error, `None`. Without, the cores are running already, and the CPU says how
/// many its cluster has: up to four.
pub fn boot_secondaries() -> Option<usize> {
    if !has_psci() {
        let cores = cpu::cluster_size();
        return smp::wait_for(cores).then_some(cores);
    }
    for core in 1..MAX_CPUS {
        // -4: on already, and started again by itself (a warm restart).
        if !matches!(cpu_on(core as u64), 0 | -4) {
            return Some(core);
        }
        if !wait::until(|| smp::is_up(core)) {
            return None;
        }
    }
    Some(MAX_CPUS)
}
