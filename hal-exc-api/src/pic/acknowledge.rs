// SPDX-License-Identifier: MIT OR Apache-2.0
//! Taking an interrupt from a controller and giving it back: the hot path.

use super::{CpuId, InterruptController, Line, Vector};

/// An interrupt that was acknowledged and is in service.
///
/// Implementers: neither `Clone` nor `Copy`, `#[must_use]`, no public constructor, so that what
/// was not acknowledged cannot be ended. One that is dropped leaves its line (and everything less
/// urgent) blocked on that CPU.
pub trait Claim {
    /// The line that is in service.
    fn line(&self) -> Line;

    /// The CPU that sent it, for inter-processor interrupts of controllers that say so.
    #[inline]
    fn source_cpu(&self) -> Option<CpuId> {
        None
    }
}

/// Answer of [`Acknowledge::acknowledge`].
#[derive(Debug)]
#[must_use = "a claim that is not ended blocks its line"]
pub enum Acknowledged<C> {
    /// An interrupt, now in service; to be given to [`Acknowledge::end`].
    Claimed(C),
    /// Nothing (any more) to serve; there is nothing to end.
    Spurious,
    /// The controller answered a number that belongs to no line: nothing to end, and a reason
    /// for a report. A controller that is gone answers all ones and ends up here or as spurious.
    Unknown(Vector),
}

/// Acknowledge and end of interrupt.
///
/// Not serialised: every CPU calls this at any time for itself.
///
/// # What the implementer keeps
///
/// * Between `acknowledge` and `end` of a line, that line is not delivered again **to the same
///   CPU**. (The interrupt manager's removal protocol rests on it.)
/// * Claims nest: the one that was acknowledged last is ended first.
/// * `acknowledge` orders: no access of the caller after it is performed before the controller
///   has answered. `end` orders: what the caller did to its device is performed first.
///
/// Whatever the controller, a claim is ended once:
///
/// ```compile_fail,E0382
/// use hal_exc_api::pic::Acknowledge;
/// fn twice<P: Acknowledge>(pic: &P, claim: P::Claim) { pic.end(claim); pic.end(claim); }
/// ```
pub trait Acknowledge: InterruptController {
    /// Token of an interrupt in service.
    type Claim: Claim;

    /// Whether one entry into the exception should go on acknowledging until
    /// [`Acknowledged::Spurious`]. `false` where the controller's output stays asserted (or is
    /// asserted again) while another line is pending, so that the exception is taken again by
    /// itself; `true` for edge-like outputs, where that would be lost.
    const DRAIN: bool = false;

    /// Takes the most urgent pending interrupt into service for the executing CPU, `cpu`.
    fn acknowledge(&self, cpu: CpuId) -> Acknowledged<Self::Claim>;

    /// Ends the interrupt. Called on the CPU that acknowledged it.
    fn end(&self, claim: Self::Claim);

    /// [`acknowledge`](Self::acknowledge) for a caller that executes a full barrier (`sync`, `dmb`) before its first access
    /// that must not run ahead of the answer: the implementer may leave its own out.
    #[inline(always)]
    fn acknowledge_before_barrier(&self, cpu: CpuId) -> Acknowledged<Self::Claim> {
        self.acknowledge(cpu)
    }

    /// [`end`](Self::end) for a caller that has executed a full barrier since it last accessed the device: the
    /// implementer may leave its own out.
    #[inline(always)]
    fn end_after_barrier(&self, claim: Self::Claim) {
        self.end(claim);
    }
}

/// End of interrupt in two steps: first the running priority drops (less urgent lines come
/// through again), later the line itself is made deliverable again. GICv2 and GICv3 with their
/// end-of-interrupt mode set.
pub trait SplitEnd: Acknowledge {
    /// Token of an interrupt whose priority was dropped and whose line is still active.
    type Active: Claim;

    /// Drops the running priority. The line stays active: it is not delivered again.
    fn drop_priority(&self, claim: Self::Claim) -> Self::Active;

    /// Makes the line deliverable again. May happen on another CPU where the controller allows.
    fn deactivate(&self, active: Self::Active);
}
