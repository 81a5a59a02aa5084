// SPDX-License-Identifier: MIT OR Apache-2.0
//! Letting a parked core go: by hardware id, idempotent, acknowledged.

use crate::ack::{AckChannel, Report, SlotChannel};
use crate::clock::{Clock, Deadline, Micros};
use crate::cpus::{Cpu, CpuSet};
use crate::hooks::RequesterHooks;
use crate::slots::{Order, SlotWord, Slots};
use crate::word::{Code, Generation, Word};

/// Writes an order; the release word last, behind a barrier, since it makes the others valid.
/// Writing the same order twice changes nothing.
pub fn post<S: Slots>(slots: &S, cpu: Cpu, generation: Generation, order: &Order) {
    slots.write(cpu, SlotWord::EntryLow, order.entry as u32);
    slots.write(cpu, SlotWord::EntryHigh, (order.entry >> 32) as u32);
    slots.write(cpu, SlotWord::ArgLow, order.arg as u32);
    slots.write(cpu, SlotWord::ArgHigh, (order.arg >> 32) as u32);
    slots.write(cpu, SlotWord::ReleaseId, order.id.0);
    slots.barrier();
    slots.write(cpu, SlotWord::Release, Word::new(generation, Code::Release).raw());
    slots.barrier();
}

/// How a release ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Released {
    /// The core reported that it left the pen.
    Acknowledged,
    /// No report within the patience. The order stands: a late core still follows it.
    Silent,
}

/// Posts an order for a core parked in `generation` and waits for its report, at most `patience`.
pub fn release<S: Slots, H: RequesterHooks, C: Clock>(
    slots: &S,
    hooks: &mut H,
    clock: &C,
    cpu: Cpu,
    generation: Generation,
    order: &Order,
    patience: Micros,
) -> Released {
    post(slots, cpu, generation, order);
    hooks.wake(CpuSet::EMPTY.with(cpu));
    wait_released(slots, clock, cpu, generation, patience)
}

/// Waits for the report of a core whose order was posted before.
pub fn wait_released<S: Slots, C: Clock>(
    slots: &S,
    clock: &C,
    cpu: Cpu,
    generation: Generation,
    patience: Micros,
) -> Released {
    let deadline = Deadline::after(clock, patience);
    loop {
        let late = deadline.passed(clock);
        if SlotChannel(slots).report(cpu, generation) == Report::Released {
            return Released::Acknowledged;
        }
        if late {
            return Released::Silent;
        }
        core::hint::spin_loop();
    }
}
