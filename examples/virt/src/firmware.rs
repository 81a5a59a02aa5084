// SPDX-License-Identifier: MIT OR Apache-2.0
//! PSCI, which the emulator answers; a fault can change its answers.
//!
//! The conduit is HVC, as the machine's device tree says when the CPU has neither EL2 nor EL3.

use arm_support::stop::Firmware;
use arm_support::timer;
use core::sync::atomic::{AtomicU32, Ordering};
use hal_smp_api::clock::{Clock, Micros};
use hal_smp_arm::psci::{Code, Convention, Function, Hvc, Psci};
use smccc::Call;

/// How long firmware may take to start a core. Long, for a loaded host.
pub const PATIENCE: Micros = Micros(20_000_000);

/// The generic timer's count.
#[derive(Debug)]
pub struct Counter;

impl Clock for Counter {
    fn now(&self) -> u64 {
        timer::now()
    }
    fn frequency(&self) -> u64 {
        timer::frequency().into()
    }
}

/// The machine's firmware, where it has one.
pub fn psci() -> Option<Psci<Conduit>> {
    if crate::has_psci() { Psci::connect().ok() } else { None }
}

/// HVC, but for the answers that a fault changes.
#[derive(Debug)]
pub struct Conduit;

const HONEST: u32 = 0;
const DENIES_OFF: u32 = 1;
const NO_AFFINITY_INFO: u32 = 2;
const PENDING: u32 = 3;

static ANSWERS: AtomicU32 = AtomicU32::new(HONEST);
/// Answers "on pending" that are left.
static LEFT: AtomicU32 = AtomicU32::new(0);

/// Makes the firmware answer so from now on.
pub fn set(answers: Firmware) {
    let (kind, left) = match answers {
        Firmware::Honest => (HONEST, 0),
        Firmware::DeniesOff => (DENIES_OFF, 0),
        Firmware::NoAffinityInfo => (NO_AFFINITY_INFO, 0),
        Firmware::Pending(times) => (PENDING, times),
    };
    LEFT.store(left, Ordering::Relaxed);
    ANSWERS.store(kind, Ordering::Release);
}

fn changed(function: u32) -> Option<i64> {
    let is = |wanted: Function| function == wanted.id(Convention::Smc32) || function == wanted.id(Convention::Smc64);
    let code = match ANSWERS.load(Ordering::Acquire) {
        DENIES_OFF if is(Function::CpuOff) => Code::Denied,
        NO_AFFINITY_INFO if is(Function::AffinityInfo) => Code::NotSupported,
        PENDING if is(Function::CpuOn) => {
            let left = LEFT.load(Ordering::Relaxed);
            // Only the requester starts cores.
            LEFT.store(left.saturating_sub(1), Ordering::Relaxed);
            if left == 0 {
                return None;
            }
            Code::OnPending
        }
        _ => return None,
    };
    Some(code.into())
}

impl Call for Conduit {
    fn call32(function: u32, args: [u32; 7]) -> [u32; 8] {
        match changed(function) {
            Some(code) => [code as u32, 0, 0, 0, 0, 0, 0, 0],
            None => Hvc::call32(function, args),
        }
    }

    fn call64(function: u32, args: [u64; 17]) -> [u64; 18] {
        match changed(function) {
            Some(code) => core::array::from_fn(|n| if n == 0 { code as u64 } else { 0 }),
            None => Hvc::call64(function, args),
        }
    }
}
