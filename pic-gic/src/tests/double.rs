// SPDX-License-Identifier: MIT OR Apache-2.0
//! Doubles with a mistake: the real driver over registers that change its accesses into those of a
//! driver that makes it. A check that passes over them would not notice the mistake.

use super::up;
use crate::access::Registers;
use crate::model::{Block, Model};
use crate::v2::GicV2;
use core::sync::atomic::{AtomicU32, Ordering};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Which mistake.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Bend {
    /// None.
    Straight,
    /// 1: a priority is stored with its whole word.
    PriorityByWords,
    /// 2: "all others" is a list of all.
    OthersByList,
    /// 3: the end register gets the id without the source.
    EndWithoutSource,
    /// 4: all 32 group words are written, whatever is implemented.
    AllGroupWords,
    /// 4: one group is forwarded alone.
    OneGroup,
    /// None; the model's fault is mended while the power register is polled.
    MendsInTime,
    /// 5: the same, but the power register is read once.
    PowerReadOnce,
    /// 8: revision 4 without virtual LPIs is refused.
    NoRevision4WithoutVlpis,
}

/// Registers with a mistake in front.
pub(super) struct Bent<'a, R> {
    model: &'a Model,
    inner: R,
    bend: Bend,
    reads: AtomicU32,
    first: AtomicU32,
}

impl<R> core::fmt::Debug for Bent<'_, R> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:?}", self.bend)
    }
}

impl<'a, R> Bent<'a, R> {
    pub(super) fn new(model: &'a Model, inner: R, bend: Bend) -> Self {
        Self { model, inner, bend, reads: AtomicU32::new(0), first: AtomicU32::new(0) }
    }
}

/// Reads after which nobody is still waiting who has a bound.
const PATIENCE: u32 = 3 * crate::POLLS;
const GICC_EOIR: usize = 0x10;
const GICD_SGIR: usize = 0xf00;
const GICR_PWRR: usize = 0x24;
const GICR_PIDR2: usize = 0xffe8;

impl<R: Registers> Registers for Bent<'_, R> {
    fn read(&self, offset: usize) -> u32 {
        let reads = self.reads.fetch_add(1, Ordering::Relaxed);
        assert!(reads < PATIENCE, "waits without a bound");
        let value = self.inner.read(offset);
        match (self.bend, offset) {
            (Bend::MendsInTime | Bend::PowerReadOnce, GICR_PWRR) => {
                if reads == 100 {
                    self.model.mend();
                }
                if self.bend == Bend::MendsInTime {
                    return value;
                }
                if self.first.load(Ordering::Relaxed) == 0 {
                    self.first.store(value, Ordering::Relaxed);
                }
                self.first.load(Ordering::Relaxed)
            }
            (Bend::NoRevision4WithoutVlpis, _) if offset % 0x2_0000 == GICR_PIDR2 => {
                let vlpis = self.inner.read(offset - GICR_PIDR2 + 8) & 2 != 0;
                if value >> 4 & 0xf == 4 && !vlpis { 0 } else { value }
            }
            _ => value,
        }
    }

    fn write(&self, offset: usize, value: u32) {
        let value = match (self.bend, offset) {
            (Bend::OthersByList, GICD_SGIR) if value >> 24 == 1 => value & 0xffff | 0xff << 16,
            (Bend::EndWithoutSource, GICC_EOIR) => value & 0x3ff,
            // Offset 0 of the distributor and of the interface: forwarding, enables.
            (Bend::OneGroup, 0) => value & !2,
            (Bend::AllGroupWords, 0x084) => {
                (0..32).for_each(|word| self.inner.write(0x080 + 4 * word, u32::MAX));
                value
            }
            _ => value,
        };
        self.inner.write(offset, value);
    }

    fn write8(&self, offset: usize, value: u8) {
        if self.bend == Bend::PriorityByWords && (0x400..0x800).contains(&offset) {
            self.inner.write(offset & !3, u32::from(value) << (8 * (offset % 4)));
        } else {
            self.inner.write8(offset, value);
        }
    }
}

/// A v1 or v2 controller with every core up and FIQ armed, over registers with a mistake.
pub(super) fn v2_bent(model: &Model, cpus: usize, bend: Bend) -> GicV2<Bent<'_, Block<'_>>> {
    let gicd = Bent::new(model, model.gicd(), bend);
    let gicc = Bent::new(model, model.gicc(), bend);
    let gic = GicV2::new(gicd, gicc, true).unwrap();
    up(model, &gic, cpus);
    gic
}

/// Runs a check that must fail.
pub(super) fn noticed(check: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(check)).is_err(), "the mistake was not noticed");
}
