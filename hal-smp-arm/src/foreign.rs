// SPDX-License-Identifier: MIT OR Apache-2.0
//! A pen that speaks somebody else's boot protocol, for kernels that know nothing of ours.
//!
//! Firmware of ARM's Versatile Express boards holds the secondary cores like this, and Linux (`arch/arm/mach-versatile`)
//! and others expect it: the CPU interface of the interrupt controller is on, the core waits for an interrupt, and when
//! one comes and SYS_FLAGS is not zero, it branches there. An interrupt alone, or a leftover one, does not open it.
//!
//! Cores come here from our own pen, released while the image is exclusive ([`install`] asks the
//! [`ImageExclusive`]). They stay outside every image; the kernel finds the region reserved in its device tree.
//!
//! On the way in, the core puts its own part of the interrupt controller back to what reset gives: all of its SGIs and PPIs in
//! group 0, PPIs disabled, not pending, not active. A kernel in Secure state enables group 0 only, and would otherwise
//! never see the interrupt that is to let the core go.

use hal_smp_api::image::ImageExclusive;
use hal_smp_api::slots::Maintain;

use crate::mover::MoveError;
use crate::pen::Room;

/// Addresses of the devices that the protocol uses, physical.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Devices {
    /// CPU interface of the GICv1 or GICv2.
    pub gicc: u32,
    /// Its distributor.
    pub gicd: u32,
    /// SYS_FLAGS. Clear it before anybody is released into the pen.
    pub flags: u32,
}

/// Where a release has to point to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Entry {
    /// First instruction.
    pub entry: u64,
    /// Argument.
    pub arg: u64,
}

/// Puts `code`, which is `code()` or a test's double, and the addresses into the room.
///
/// # Errors
/// [`MoveError::Pen`] if there is no room or memory does not keep it, [`MoveError::Image`] if the room is not in the
/// region that the stop reserved; nothing is written there then.
pub fn install<M: Maintain>(
    image: &ImageExclusive,
    room: &mut Room<M>,
    code: &[u32],
    devices: &Devices,
) -> Result<Entry, MoveError> {
    // Asked before anything is written: a room elsewhere may be in use.
    image.permit_entry(room.next() as u64)?;
    let entry = room.put(code)? as u64;
    image.permit_entry(room.next() as u64)?;
    let arg = room.put(&[devices.gicc, devices.gicd, devices.flags])? as u64;
    Ok(Entry { entry, arg })
}

#[cfg(target_arch = "arm")]
pub use a32::code;

#[cfg(target_arch = "arm")]
mod a32 {
    use core::arch::global_asm;

    global_asm!(
        r#"
    .section .rodata.hal_smp_arm_foreign_a32, "a"
    .p2align 2
    .arm
    .global hal_smp_arm_foreign_a32
    .global hal_smp_arm_foreign_a32_end
hal_smp_arm_foreign_a32:                @ r0: the three addresses
    cpsid   aif                         @ masked already; WFI ends on a masked interrupt too
    ldr     r1, [r0, #0]                @ CPU interface
    ldr     r2, [r0, #4]                @ distributor
    ldr     r3, [r0, #8]                @ SYS_FLAGS
    mov     r4, #0
    mvn     r5, #0
    str     r4, [r1, #0]                @ GICC_CTLR = 0 while the rest changes
    str     r5, [r2, #0x180]            @ GICD_ICENABLER0: PPIs off (banked: this core's)
    str     r5, [r2, #0x280]            @ GICD_ICPENDR0: nothing pending of them
    str     r5, [r2, #0x380]            @ GICD_ICACTIVER0: nothing active
    str     r4, [r2, #0x80]             @ GICD_IGROUPR0: group 0, as after reset
    movw    r6, #0xffff
    str     r6, [r2, #0x100]            @ GICD_ISENABLER0: SGIs on, where they can be off
    mov     r6, #0xff
    str     r6, [r1, #4]                @ GICC_PMR: every priority
    mov     r6, #1
    str     r6, [r1, #0]                @ GICC_CTLR: group 0, as IRQ
    dsb                                 @ all of it is done before the core sleeps
1:  wfi                                 @ until somebody sends an interrupt
    ldr     r6, [r3]
    cmp     r6, #0
    beq     1b                          @ not for us, or left over
    mov     r4, #0
    mcr     p15, 0, r4, c8, c7, 0       @ TLBIALL: the kernel's tables are its own
    mcr     p15, 0, r4, c7, c5, 6       @ BPIALL
    mcr     p15, 0, r4, c7, c5, 0       @ ICIALLU: what is at the entry now was written as data
    dsb                                 @ all three are complete
    isb                                 @ and nothing fetched before is used
    bx      r6
hal_smp_arm_foreign_a32_end:
    "#
    );

    unsafe extern "C" {
        static hal_smp_arm_foreign_a32: u32;
        static hal_smp_arm_foreign_a32_end: u32;
    }

    /// The pen's code, to be copied.
    #[must_use]
    pub fn code() -> &'static [u32] {
        let (start, end) = (&raw const hal_smp_arm_foreign_a32, &raw const hal_smp_arm_foreign_a32_end);
        // SAFETY: the assembly above emits whole words between the two symbols, in read-only data.
        unsafe { core::slice::from_raw_parts(start, (end as usize - start as usize) / 4) }
    }
}
