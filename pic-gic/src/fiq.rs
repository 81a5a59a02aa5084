// SPDX-License-Identifier: MIT OR Apache-2.0
//! Does FIQ by group 0 arrive? Asked from the machine, at run time.
//!
//! Whether a group 0 interrupt reaches a core as FIQ depends on more than the controller: on the
//! security state, on what firmware routed where, on how the core is wired. Registers that read
//! back right prove nothing, so each core tests it: it sends itself a group 0 interrupt with FIQ
//! open, and counts what its FIQ and its IRQ handler see.

/// What the self-test found.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FiqVerdict {
    /// The interrupt arrived as FIQ.
    Available,
    /// It arrived as IRQ: there is no FIQ path here.
    ArrivesAsIrq,
    /// It did not arrive within the given polls.
    Silent,
}

/// Tests the FIQ path of the executing core.
///
/// * `send` raises the interrupt that is armed as FIQ on this core.
/// * `fiqs` and `irqs` read how often this core's FIQ and IRQ handlers took that interrupt.
/// * At most `polls` polls are made.
///
/// FIQ and IRQ must be open on this core, with handlers that acknowledge, count and end.
pub fn self_test(send: impl FnOnce(), fiqs: impl Fn() -> u32, irqs: impl Fn() -> u32, polls: u32) -> FiqVerdict {
    let (fiqs_before, irqs_before) = (fiqs(), irqs());
    send();
    for _ in 0..polls {
        if fiqs() != fiqs_before {
            return FiqVerdict::Available;
        }
        if irqs() != irqs_before {
            return FiqVerdict::ArrivesAsIrq;
        }
        core::hint::spin_loop();
    }
    FiqVerdict::Silent
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::cell::Cell;

    fn verdict(fiq: bool, irq: bool) -> FiqVerdict {
        let (fiqs, irqs) = (Cell::new(7), Cell::new(9));
        let send = || {
            fiqs.set(fiqs.get() + u32::from(fiq));
            irqs.set(irqs.get() + u32::from(irq));
        };
        self_test(send, || fiqs.get(), || irqs.get(), 10)
    }

    #[test]
    fn each_way_of_arriving_is_told_apart() {
        assert_eq!(verdict(true, false), FiqVerdict::Available);
        assert_eq!(verdict(false, true), FiqVerdict::ArrivesAsIrq);
        assert_eq!(verdict(false, false), FiqVerdict::Silent);
    }
}
