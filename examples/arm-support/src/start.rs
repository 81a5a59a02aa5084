// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the two start-up sequences share: the gate between core 0 and the others, the stacks, the
//! extent of the image.
//!
//! Core 0 clears the bss and then opens the gate; every other core waits at it, so that no core
//! sees half-initialised statics. The gate lies in `.data`: a freshly loaded image has it closed.
//! Nothing up to the gate needs a lock or an exclusive access, because the MMU is still off.

use core::ptr::addr_of;

use hal_smp_api::slots::Maintain;
#[cfg(target_arch = "arm")]
use hal_smp_arm::victim::a32;
#[cfg(target_arch = "aarch64")]
use hal_smp_arm::victim::armv8;
use hal_smp_arm::victim::{Coherency, Departure, Levels, Manner};

/// Bytes of stack of each core; the linker script reserves [`crate::MAX_CPUS`] of them.
pub const STACK_SIZE: usize = 0x8000;

/// Value of the gate word that lets the other cores in.
pub(crate) const GATE_OPEN: u32 = 1;

/// 0: closed, [`GATE_OPEN`]: core 0 has initialised memory. Written by core 0 only.
#[unsafe(link_section = ".data.gate")]
pub(crate) static mut ARM_SUPPORT_GATE: u32 = 0;

unsafe extern "C" {
    /// First instruction: every core starts, or starts again, here.
    pub fn _start() -> !;
    fn arm_support_warm() -> !;
    static __image_start: u8;
    static __constant_end: u8;
    static __image_load_end: u8;
    static __image_end: u8;
    fn arm_support_primary() -> !;
    fn arm_support_secondary(cpu: usize) -> !;
}

/// Start and end address of the image in memory, with bss and stacks.
pub fn image() -> core::ops::Range<usize> {
    // Only the addresses of linker symbols are taken.
    addr_of!(__image_start) as usize..addr_of!(__image_end) as usize
}

/// Start and end address of text and constants: what never changes while the image runs.
pub fn image_constant() -> core::ops::Range<usize> {
    // Only the addresses of linker symbols are taken.
    addr_of!(__image_start) as usize..addr_of!(__constant_end) as usize
}

/// Start and end address of what the loader writes: text, constants and initialised data.
pub fn image_loaded() -> core::ops::Range<usize> {
    // Only the addresses of linker symbols are taken.
    addr_of!(__image_start) as usize..addr_of!(__image_load_end) as usize
}

/// Physical address of the entry, for firmware that releases cores.
pub fn entry_address() -> usize {
    _start as *const () as usize
}

/// Physical address of the entry for a core that comes back into this image while its memory is in use. Every core,
/// 0 included, arrives as a secondary one, with its argument in [`crate::smp::argument`].
pub fn warm_address() -> usize {
    arm_support_warm as *const () as usize
}

/// First Rust code of every core, called by the start-up sequence with the core's index, what the releasing core
/// passed, and whether the image was running already.
pub(crate) extern "C" fn rust_entry(cpu: usize, argument: usize, warm: usize) -> ! {
    crate::smp::mark_up(cpu, argument);
    // SAFETY: `entry!` defines both functions with these signatures.
    unsafe { if cpu == 0 && warm == 0 { arm_support_primary() } else { arm_support_secondary(cpu) } }
}

/// Closes the gate, so that cores which start again wait for core 0 as at power-on.
///
/// Call on core 0 before any core is told to start again.
pub fn close_gate() {
    // SAFETY: the word has one writer, core 0, which runs this; a plain aligned store.
    unsafe { (&raw mut ARM_SUPPORT_GATE).write_volatile(0) };
    // Cores that start read it with their caches off: it must be in memory.
    hal_smp_arm::barrier::Cached.after_write(&raw const ARM_SUPPORT_GATE as usize);
}

/// Starts this core again at the image's entry, with all interrupts masked; nothing on this
/// core's stack survives. Statics keep their values only in `.data` and `.noinit`.
///
/// # Safety
///
/// * Core 0 has called [`close_gate`] before any core starts again.
/// * Core 0 starts again only after no other core can use the bss any more.
pub unsafe fn restart() -> ! {
    crate::cpu::mask_all();
    let entry = Departure { target: entry_address(), args: [0; 6] };
    // Core 0 is the last: everybody else is gone, and what it writes next bypasses every cache.
    let levels = if crate::cpu::index() == 0 { Levels::All } else { Levels::Own };
    #[cfg(target_arch = "arm")]
    let Ok(leave) = a32::sequence(a32::midr()) else { crate::finish(Err("no way to leave for this core")) };
    #[cfg(target_arch = "aarch64")]
    let leave = armv8::leave;
    // SAFETY: masked above; the caller's interfaces are quiet; identity-mapped; the entry needs no stack. What this core
    // holds of the other cores' memory is written back, and they do the same.
    unsafe { leave(&entry, Manner { coherency: Coherency::Keep, levels }) }
}

/// Exception level at which core 0 arrived from the loader: 1, 2 or 3. A restart of the image does not change it.
#[cfg(target_arch = "aarch64")]
pub fn arrival_level() -> usize {
    // SAFETY: one writer, core 0's start-up sequence, before any Rust code.
    unsafe { (&raw const ARM_SUPPORT_ARRIVAL).read_volatile() as usize }
}

/// Written at start-up; a restart, which is at level 1, keeps it.
#[cfg(target_arch = "aarch64")]
#[unsafe(link_section = ".data.arrival")]
pub(crate) static mut ARM_SUPPORT_ARRIVAL: u32 = 1;
