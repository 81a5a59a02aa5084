// SPDX-License-Identifier: MIT OR Apache-2.0
//! QEMU's `virt` machine, AArch32 (`-cpu cortex-a15`) and AArch64 (`-cpu cortex-a53`), GICv2 or v3.
//!
//! Without `secure=on` the firmware interface is PSCI over HVC and holds the other cores; with
//! it there is no PSCI and an ELF image is entered by all cores at once.
#![no_std]

pub mod firmware;
pub mod machine;
pub mod stop;

pub use arm_support::timer as clock;
use arm_support::{MAX_CPUS, cpu, println, smp, start, wait};
use hal_smp_api::cpus::HwId;
use hal_smp_arm::psci::{AffinityState, Code, PsciError, StartError, hardware_id};

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

/// Pen area: in the last 2 MiB of the 256 MiB of RAM, which are not cached.
pub const PEN: usize = 0x4fe0_0000;
/// Its bytes.
pub const PEN_LEN: usize = 0x1_0000;

/// Sets up what every program needs: the console.
pub fn init() {
    // SAFETY: the machine's UART 0, identity-mapped device memory, used by this program alone.
    unsafe { arm_support::console::init(UART0) };
}

/// CPU_ON: starts the core with this affinity at the image's entry; whether firmware took it, or the core was on already.
pub fn cpu_on(affinity: u64) -> bool {
    let Some(psci) = firmware::psci() else { return false };
    // SAFETY: the entry is written for a core without MMU and caches; text and gate are in memory.
    let started = unsafe { psci.cpu_on(hardware_id(affinity), start::entry_address() as u64, 0) };
    matches!(started, Ok(()) | Err(PsciError::Refused { code: Code::AlreadyOn, .. }))
}

/// CPU_OFF: ends the executing core; returns only if firmware denies it.
pub fn cpu_off() {
    if let Some(psci) = firmware::psci() {
        // SAFETY: for programs that have masked everything and hold nothing that others need.
        let Err(_denied) = unsafe { psci.cpu_off() };
    }
}

/// AFFINITY_INFO: whether the core with this affinity is off.
pub fn is_off(affinity: u64) -> bool {
    firmware::psci().is_some_and(|psci| psci.affinity(hardware_id(affinity)) == Ok(AffinityState::Off))
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
    let Some(psci) = firmware::psci() else { return Some(1) };
    for core in 1..MAX_CPUS {
        // SAFETY: the entry is written for a core without MMU and caches; text and gate are in memory.
        let started = unsafe {
            psci.start(&firmware::Counter, HwId(core as u32), start::entry_address() as u64, 0, firmware::PATIENCE)
        };
        match started {
            // On already: started again by itself (a warm restart).
            Ok(_) | Err(StartError::AlreadyOn(_)) if wait::until(|| smp::is_up(core)) => {}
            Err(StartError::Psci(PsciError::Refused { code: Code::InvalidParameters, .. })) => return Some(core),
            Ok(_) => return None,
            Err(error) => {
                println!("# {error}");
                return None;
            }
        }
    }
    Some(MAX_CPUS)
}
