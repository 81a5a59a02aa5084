// SPDX-License-Identifier: MIT OR Apache-2.0
//! The board as the stop programs see it.
//!
//! Where firmware answers PSCI calls, every second core leaves by `CPU_OFF` (evidence: off) and the others by the pen
//! (evidence: parked), so that a round has both. Elsewhere all leave by the pen.

use crate::machine::{WithV2, WithV3};
use crate::{NAME, PEN, PEN_LEN, clock, firmware};
use arm_support::MAX_CPUS;
use arm_support::cpu;
use arm_support::stop::{BootPen, Firmware, HandsOver, Stoppable};
use core::sync::atomic::{AtomicU32, Ordering};
use hal_smp_api::ack::SlotsOnly;
use hal_smp_api::cpus::{Cpu, CpuSet, HwId};
use hal_smp_api::hooks::Stopped;
use hal_smp_api::slots::Order;
use hal_smp_arm::flags::FlagRegister;
use hal_smp_arm::foreign::Devices;
use hal_smp_arm::pen::Witness;
use hal_smp_arm::victim::Coherency;

/// Cores that leave by firmware, a bit each.
static LEAVERS: AtomicU32 = AtomicU32::new(0xaa);

fn id(cpu: Cpu) -> HwId {
    HwId(cpu.index() as u32)
}

macro_rules! stoppable {
    ($board:ident) => {
        impl Stoppable for $board {
            const NAME: &'static str = NAME;
            const PEN: usize = PEN;
            const PEN_LEN: usize = PEN_LEN;
            /// One image for both states: without firmware it could leave, with firmware it may not.
            const COHERENCY: Coherency = Coherency::Keep;
            const BOOT_PEN: BootPen = BootPen::None;
            type Witness = SlotsOnly;

            fn witness() -> SlotsOnly {
                SlotsOnly
            }

            fn witness_flags() -> Option<FlagRegister> {
                None
            }

            fn witness_of(_cpu: Cpu) -> Option<Witness> {
                None
            }

            fn cpus() -> usize {
                cpus()
            }

            fn now() -> u64 {
                clock::now()
            }

            fn stopped(cpu: Cpu) -> Stopped {
                firmware::psci().map_or(Stopped::NoProof, |psci| psci.stopped(id(cpu)))
            }

            fn switch_off(cpu: Cpu) {
                switch_off(cpu);
            }

            fn firmware(answers: Firmware, leavers: CpuSet) -> bool {
                firmware::set(answers);
                LEAVERS.store(leavers.bits() as u32, Ordering::Release);
                firmware::psci().is_some()
            }

            fn start_off(cpu: Cpu, order: &Order) -> bool {
                start_off(cpu, order)
            }
        }
    };
}

impl HandsOver for WithV2 {
    /// Linux starts the cores by PSCI.
    const FOREIGN: Option<Devices> = None;
}

impl HandsOver for WithV3 {
    const FOREIGN: Option<Devices> = None;
}

stoppable!(WithV2);
stoppable!(WithV3);

fn cpus() -> usize {
    match firmware::psci() {
        // Firmware knows exactly the cores that there are.
        Some(psci) => (0..MAX_CPUS).take_while(|&core| psci.affinity(HwId(core as u32)).is_ok()).count(),
        None => cpu::cluster_size(),
    }
}

fn switch_off(cpu: Cpu) {
    if LEAVERS.load(Ordering::Acquire) >> cpu.index() & 1 == 0 {
        return;
    }
    let Some(psci) = firmware::psci() else { return };
    // A core on which a Trusted OS lives must not be turned off, and whoever cannot tell may be that one: the pen.
    if psci.resident().is_ok_and(|resident| resident != Some(id(cpu))) {
        // SAFETY: masked, timer and interface quiet, no lock held. It comes back only if firmware refuses; the pen is next.
        let Err(_refused) = unsafe { psci.cpu_off() };
    }
}

fn start_off(cpu: Cpu, order: &Order) -> bool {
    let Some(psci) = firmware::psci() else { return false };
    // SAFETY: the order's entry is the image's for a core without MMU and caches; text and stack are in memory.
    let started = unsafe { psci.start(&firmware::Counter, id(cpu), order.entry, order.arg, firmware::PATIENCE) };
    started.inspect_err(|error| arm_support::println!("# {error}")).is_ok()
}
