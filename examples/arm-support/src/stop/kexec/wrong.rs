// SPDX-License-Identifier: MIT OR Apache-2.0
//! A hand-over that must not happen, and one that must be noticed.

use super::super::requester::{Run, id_of};
use super::super::{area, faults, victim};
use super::HandsOver;
use crate::MAX_CPUS;
use crate::gic::{Gic, Verdict};
use core::sync::atomic::{AtomicUsize, Ordering};
use hal_smp_api::cpus::Cpu;
use hal_smp_api::pen::Pen;
use hal_smp_api::stop::Failure;
use hal_smp_api::word::Generation;

/// The core that stays.
static STAYS: AtomicUsize = AtomicUsize::new(MAX_CPUS);

/// A core hears nothing: no evidence for it, no right to the image, no hand-over. Everybody goes on working.
pub(super) fn left_out<B: HandsOver>(run: &mut Run<B>) -> Verdict {
    faults::begin(run, faults::deaf)?;
    run.refused(run.victim(), Failure::Unresponsive)?;
    faults::end(run)?;
    Err("hand-over refused: no evidence for a core")
}

/// The last core acknowledges from the image and stays there.
pub(super) fn stay_on<B: HandsOver>(run: &Run<B>) {
    STAYS.store(run.victim().index(), Ordering::Release);
    victim::set_detour(stay::<B>);
}

fn stay<B: HandsOver>(cpu: Cpu, _: Generation) {
    B::pic().forget_private();
    if cpu.index() != STAYS.load(Ordering::Acquire) {
        return;
    }
    if let Some(witness) = B::witness_of(cpu) {
        // SAFETY: the board's register for acknowledgements, to which the pen would store the same.
        unsafe { (witness.register as *mut u32).write_volatile(witness.bits) };
    }
    let slots = area::<B>().slots();
    let mut pen = Pen::new(cpu, id_of(cpu));
    loop {
        // Even a release does not move it.
        let _ = pen.turn(&slots);
    }
}
