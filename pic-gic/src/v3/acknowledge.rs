// SPDX-License-Identifier: MIT OR Apache-2.0
//! Acknowledge and end of GICv3 behind the controller traits.

use super::{Acknowledged, Active, CpuInterface, GicV3, Interrupt, SystemRegisters};
use crate::Special;
use crate::access::Registers;
use crate::v2::{Combined, EndMode, Split};
use hal_exc_api::pic::{self, Acknowledge, Claim, CpuId, Line, SplitEnd, Vector};

macro_rules! claim {
    ($($type:ident)*) => { $(
        impl Claim for $type {
            #[inline(always)]
            fn line(&self) -> Line {
                // LPIs are no lines, and `acknowledge` gives none out.
                Line::new(self.id as u16)
            }
        }
    )* };
}
claim!(Interrupt Active);

#[inline(always)]
fn acknowledge<S: SystemRegisters, M: EndMode>(interface: &CpuInterface<S, M>) -> pic::Acknowledged<Interrupt> {
    match interface.acknowledge() {
        Acknowledged::Interrupt(interrupt) if interrupt.id < FIRST_LPI => pic::Acknowledged::Claimed(interrupt),
        Acknowledged::Interrupt(lpi) => no_line(interface, lpi),
        Acknowledged::Special(Special::None) => pic::Acknowledged::Spurious,
        Acknowledged::Special(special) => pic::Acknowledged::Unknown(Vector::new(special as u32 as u16)),
    }
}

const FIRST_LPI: u32 = 8192;

/// An LPI from the tables of a former owner: no line, so nobody's handler may be taken for its. It has no active state:
/// dropping the priority ends it, whatever the mode.
#[cold]
#[inline(never)]
fn no_line<S: SystemRegisters, M: EndMode>(
    interface: &CpuInterface<S, M>,
    lpi: Interrupt,
) -> pic::Acknowledged<Interrupt> {
    interface.sys.set_eoir1(lpi.id);
    pic::Acknowledged::Unknown(Vector::new(lpi.id.min(u16::MAX.into()) as u16))
}

impl<R: Registers + Sync, S: SystemRegisters + Sync, const N: usize> Acknowledge for GicV3<R, S, Combined, N> {
    type Claim = Interrupt;

    #[inline(always)]
    fn acknowledge(&self, _cpu: CpuId) -> pic::Acknowledged<Interrupt> {
        acknowledge(self.interface())
    }

    #[inline(always)]
    fn end(&self, claim: Interrupt) {
        self.interface().end(claim);
    }
}

impl<R: Registers + Sync, S: SystemRegisters + Sync, const N: usize> Acknowledge for GicV3<R, S, Split, N> {
    type Claim = Interrupt;

    #[inline(always)]
    fn acknowledge(&self, _cpu: CpuId) -> pic::Acknowledged<Interrupt> {
        acknowledge(self.interface())
    }

    #[inline(always)]
    fn end(&self, claim: Interrupt) {
        let active = self.interface().drop_priority(claim);
        self.interface().deactivate(active);
    }
}

impl<R: Registers + Sync, S: SystemRegisters + Sync, const N: usize> SplitEnd for GicV3<R, S, Split, N> {
    type Active = Active;

    fn drop_priority(&self, claim: Interrupt) -> Active {
        self.interface().drop_priority(claim)
    }

    fn deactivate(&self, active: Active) {
        self.interface().deactivate(active);
    }
}
