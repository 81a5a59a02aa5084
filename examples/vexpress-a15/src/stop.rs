// SPDX-License-Identifier: MIT OR Apache-2.0
//! The board as the stop programs see it.

use crate::machine::Board;
use crate::{GICC, GICD, NAME, PEN, SYS_FLAGSSET, clock, cpus};
use arm_support::stop::{BootPen, HandsOver, Stoppable};
use hal_smp_api::ack::FlagChannel;
use hal_smp_api::cpus::Cpu;
use hal_smp_arm::flags::FlagRegister;
use hal_smp_arm::foreign::Devices;
use hal_smp_arm::pen::Witness;
use hal_smp_arm::victim::Coherency;

/// SYS_NVFLAGSSET; the clear register follows at +4.
const SYS_NVFLAGSSET: usize = SYS_FLAGSSET + 8;

impl Stoppable for Board {
    const NAME: &'static str = NAME;
    const PEN: usize = PEN;
    const PEN_LEN: usize = 0x1_0000;
    /// The machine starts in Secure state.
    const COHERENCY: Coherency = Coherency::Leave;
    const BOOT_PEN: BootPen = BootPen::Flags(SYS_FLAGSSET);
    type Witness = FlagChannel<FlagRegister>;

    fn witness() -> Self::Witness {
        // SAFETY: the motherboard's register at its identity-mapped address, which this program alone uses.
        FlagChannel(unsafe { FlagRegister::new(SYS_NVFLAGSSET) })
    }

    fn witness_flags() -> Option<FlagRegister> {
        Some(Self::witness().0)
    }

    fn witness_of(cpu: Cpu) -> Option<Witness> {
        Some(Witness { register: SYS_NVFLAGSSET, bits: 1 << cpu.index() })
    }

    fn cpus() -> usize {
        cpus()
    }

    fn now() -> u64 {
        clock::now()
    }
}

impl HandsOver for Board {
    const FOREIGN: Option<Devices> = Some(Devices { gicc: GICC as u32, gicd: GICD as u32, flags: SYS_FLAGSSET as u32 });
}
