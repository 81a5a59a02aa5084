// SPDX-License-Identifier: MIT OR Apache-2.0
//! The victim's half: what it does with the stop signal, and in which order it leaves the image.
//!
//! The order is data, [`ORDER`], and [`follows`] is a `const fn`: a crate that writes the instructions of a real core can
//! name their order as a list and have it checked at compile time, as `hal-smp-arm` does.

use crate::clock::{Clock, Deadline, Micros};
use crate::cpus::Cpu;
use crate::slots::{SlotWord, Slots};
use crate::word::{Code, Generation, Refusal, Word};

/// One step on the victim's way out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Step {
    /// End of interrupt for the stop signal: a handler that never returns must not leave a priority active.
    EndOfInterrupt,
    /// Mask every interrupt that can be masked.
    MaskAll,
    /// Write `Entered`.
    ReportEntered,
    /// Own timers, watchdog and interrupt interface quiet, so that nothing is pending at the release.
    QuietDevices,
    /// Stop allocating into the data cache. From here on no stack.
    CacheOff,
    /// Clean and invalidate the data cache: nothing of the old image is left that could be written back.
    CleanInvalidate,
    /// Leave the coherency domain (where the security state allows it).
    LeaveCoherency,
    /// Translation off, or on tables outside the image: no table walk into the old image.
    TranslationOff,
    /// Branch to the pen. Everything after this is fetched from the pen.
    JumpToPen,
}

/// The order in which a victim leaves; see each [`Step`] for the reason.
pub const ORDER: [Step; 9] = [
    Step::EndOfInterrupt,
    Step::MaskAll,
    Step::ReportEntered,
    Step::QuietDevices,
    Step::CacheOff,
    Step::CleanInvalidate,
    Step::LeaveCoherency,
    Step::TranslationOff,
    Step::JumpToPen,
];

/// Whether `steps` is [`ORDER`]. Only `LeaveCoherency` may be left out (non-secure state, firmware's duty): with its
/// cache off and clean the core holds no line that could reach the image, but it must not be powered off.
#[must_use]
pub const fn follows(steps: &[Step]) -> bool {
    let mut at = 0;
    let mut n = 0;
    while n < ORDER.len() {
        if at < steps.len() && steps[at] as u8 == ORDER[n] as u8 {
            at += 1;
        } else if ORDER[n] as u8 != Step::LeaveCoherency as u8 {
            return false;
        }
        n += 1;
    }
    at == steps.len()
}

/// What a stop signal means once the slot is read.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StopSignal {
    /// A stop of that generation is wanted.
    Stop(Generation),
    /// Nothing is wanted: a leftover signal, or the stop was given up. Return from the interrupt.
    Stale,
}

/// Reads the request for this core. The first thing that a stop handler does after the end of interrupt.
///
/// The request stays in the slot after the core has come back. A handler compares the generation with that of the stop
/// which it obeyed last, and returns if they are equal; a new image takes that number from the hand-over record. Otherwise
/// a late signal, or the look at the slot during bring-up, sends the core away again, one that was off for good.
pub fn on_stop_signal<S: Slots>(slots: &S, cpu: Cpu) -> StopSignal {
    match Word::decode(slots.read(cpu, SlotWord::Request)) {
        Some(Word { generation, code: Code::Stop }) => StopSignal::Stop(generation),
        _ => StopSignal::Stale,
    }
}

/// What the loser of an [`Election`](crate::election::Election) does, everything masked: waits for the winner's request in its
/// slot, at most `patience`. A core that has masked its interrupts for good hears no signal, but it can look. If a stop
/// other than `served` is wanted, it leaves as a stop handler does.
pub fn await_stop<S: Slots, C: Clock>(
    slots: &S,
    clock: &C,
    cpu: Cpu,
    served: Option<Generation>,
    patience: Micros,
) -> StopSignal {
    let deadline = Deadline::after(clock, patience);
    loop {
        let late = deadline.passed(clock);
        match on_stop_signal(slots, cpu) {
            StopSignal::Stop(generation) if Some(generation) != served => return StopSignal::Stop(generation),
            _ if late => return StopSignal::Stale,
            _ => core::hint::spin_loop(),
        }
    }
}

/// Step [`Step::ReportEntered`]: tells the requester that the handler runs. No proof of anything.
pub fn report_entered<S: Slots>(slots: &S, cpu: Cpu, generation: Generation) {
    report(slots, cpu, Word::new(generation, Code::Entered));
}

/// Tells the requester that this core cannot leave.
pub fn report_refused<S: Slots>(slots: &S, cpu: Cpu, generation: Generation, reason: Refusal) {
    report(slots, cpu, Word::new(generation, Code::Refused(reason)));
}

/// Writes a stage and its complement; a reader that catches it between the two sees no match.
pub(crate) fn report<S: Slots>(slots: &S, cpu: Cpu, word: Word) {
    slots.write(cpu, SlotWord::Stage, word.raw());
    slots.write(cpu, SlotWord::StageInverse, !word.raw());
    slots.barrier();
}
