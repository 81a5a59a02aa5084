// SPDX-License-Identifier: MIT OR Apache-2.0
//! The CPU side of the interrupt manager, for boards that run on one CPU.

use core::arch::asm;

use hal_exc_api::irq::{IrqEvent, Platform};
use hal_exc_api::percpu::PerCpu;
use hal_exc_api::pic::CpuId;

use crate::println;

/// MSR\[EE\], external enable.
const MSR_EE: u32 = 0x8000;

/// The boot CPU and no other.
#[derive(Clone, Copy, Debug)]
pub struct SingleCpu;

impl Platform for SingleCpu {
    fn cpu(&self) -> CpuId {
        CpuId::BOOT
    }

    fn in_interrupt(&self) -> bool {
        // SAFETY: managers are used after the install, and there is one CPU.
        unsafe { PerCpu::current() }.nest_level() > 0
    }

    fn mask_local(&self) -> u32 {
        let msr: u32;
        // SAFETY: masks external interrupts; `restore_local` undoes it. Not `nomem`: what follows must stay behind it.
        unsafe {
            asm!("mfmsr {old}", "andc {new}, {old}, {ee}", "mtmsr {new}", "isync",
                old = out(reg) msr, new = out(reg) _, ee = in(reg) MSR_EE, options(nostack, preserves_flags));
        }
        msr & MSR_EE
    }

    fn restore_local(&self, saved: u32) {
        // SAFETY: sets EE if it was set when `mask_local` was called. Not `nomem`: what came before must stay before.
        unsafe {
            asm!("mfmsr {t}", "or {t}, {t}, {ee}", "mtmsr {t}", "isync",
                t = out(reg) _, ee = in(reg) saved, options(nostack, preserves_flags));
        }
    }

    fn is_online(&self, cpu: CpuId) -> bool {
        cpu == CpuId::BOOT
    }

    /// As a note: none of them should happen.
    fn report(&self, event: IrqEvent) {
        println!("# interrupt manager: {event:?}");
    }
}
