// SPDX-License-Identifier: MIT OR Apache-2.0
//! The victim's way out through firmware, with the software pen behind it.

use core::convert::Infallible;

use hal_smp_api::cpus::Cpu;
use hal_smp_api::hooks::VictimHook;
use hal_smp_api::word::{Generation, Refusal};
use smccc::Call;

use super::{Code, Psci, PsciError};

/// Leaves by `CPU_OFF`; if firmware refuses, by the pen `P`; if that refuses too, the refusal is the caller's to report.
///
/// `quiet` makes this core's timers and interrupt interface quiet and asleep (GICv3: group enables off, then
/// `GICR_WAKER.ProcessorSleep`, where firmware does not do it). It runs before the call, and what it does must not keep the
/// pen from working. Nothing undoes it after a refusal: as [`VictimHook`] says, the caller brings both up again.
#[derive(Debug)]
pub struct OffOrPen<C, Q, P> {
    psci: Psci<C>,
    quiet: Q,
    pen: P,
}

impl<C: Call, Q: FnMut(Cpu), P: VictimHook> OffOrPen<C, Q, P> {
    /// Firmware first, then the pen.
    pub const fn new(psci: Psci<C>, quiet: Q, pen: P) -> Self {
        Self { psci, quiet, pen }
    }
}

// SAFETY: `CPU_OFF` either ends the core in firmware, which does caches and coherency, without any acknowledgement of
// ours (the evidence is AFFINITY_INFO's), or changes nothing, and then `P` keeps the contract. No lock, no wait.
unsafe impl<C: Call, Q: FnMut(Cpu), P: VictimHook> VictimHook for OffOrPen<C, Q, P> {
    fn notify_cpu_stop(&mut self, cpu: Cpu, generation: Generation) -> Result<Infallible, Refusal> {
        (self.quiet)(cpu);
        // SAFETY: the hook's caller has masked everything, `quiet` has run, and the stop takes all work away.
        let Err(error) = unsafe { self.psci.cpu_off() };
        // The pen's own refusal counts only if it has one; without a pen it is firmware's.
        self.pen.notify_cpu_stop(cpu, generation).map_err(|own| if own == NO_PEN { reason(error) } else { own })
    }
}

/// Stands for "there is no pen"; no reason of [`reason`] is 0.
const NO_PEN: Refusal = match Refusal::new(0) {
    Some(refusal) => refusal,
    None => panic!("0 is a reason"),
};

/// The software pen of a platform that has none: a core that firmware does not take cannot leave.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct NoPen;

// SAFETY: it never leaves and never says so.
unsafe impl VictimHook for NoPen {
    fn notify_cpu_stop(&mut self, _: Cpu, _: Generation) -> Result<Infallible, Refusal> {
        Err(NO_PEN)
    }
}

/// The reason of a refusal in the slot: the PSCI code without its sign (3 is `DENIED`, 1 is "not supported"), 15 for
/// everything else.
#[must_use]
pub const fn reason(error: PsciError) -> Refusal {
    let number = match error {
        PsciError::NotSupported(_) => 1,
        PsciError::Refused { code, .. } => match code {
            Code::NotSupported => 1,
            Code::InvalidParameters => 2,
            Code::Denied => 3,
            Code::AlreadyOn => 4,
            Code::OnPending => 5,
            Code::InternalFailure => 6,
            Code::NotPresent => 7,
            Code::Disabled => 8,
            Code::InvalidAddress => 9,
            Code::Unknown(_) => 15,
        },
        _ => 15,
    };
    match Refusal::new(number) {
        Some(refusal) => refusal,
        None => NO_PEN,
    }
}
