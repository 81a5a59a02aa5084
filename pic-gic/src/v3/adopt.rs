// SPDX-License-Identifier: MIT OR Apache-2.0
//! Leaving a CPU interface of GICv3, and taking one over: what is in service is ended.

use super::registers::icc;
use super::{CpuInterface, Distributor, Redistributor, Route, Security, SystemRegisters};
use crate::access::Registers;
use crate::v2::EndMode;
use crate::{Error, Group, IntId, barrier};

/// Running priority when nothing is in service.
const IDLE: u8 = 0xff;
/// Interrupts that can be in service on a core at once, one for each group priority (IHI 0069, 4.8).
const PREEMPTION_LEVELS: usize = 128;

impl<S: SystemRegisters, M: EndMode> CpuInterface<S, M> {
    /// Stops this core's interface: groups off, nothing active, nothing pending among its private
    /// interrupts. For a core that leaves; [`Redistributor::sleep`] comes after, if it powers down. SPIs that the core had in
    /// service are ended, as [`adopt`](CpuInterface::adopt) does: who still asserts one raises it again, here or on another
    /// core.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] if the running priority does not fall.
    pub fn quiesce<D: Registers, R: Registers>(
        &self,
        distributor: &Distributor<D>,
        redistributor: &Redistributor<'_, R>,
    ) -> Result<(), Error> {
        self.adopt(distributor, redistributor)?;
        self.sys.set_igrpen1(0);
        if distributor.security() != Security::NonSecure {
            self.sys.set_igrpen0(0);
        }
        barrier::context();
        barrier::complete();
        Ok(())
    }

    /// Takes over an interface in any state that another image left: what this core has in service is ended, the record of
    /// active priorities is emptied, the core's private interrupts are neither active nor pending, the
    /// mask holds everything back (0).
    ///
    /// * In service is what the running priority says, the most urgent first: the active interrupt of that priority which
    ///   is this core's own or is routed to this core, or to any. What is routed to another core is not ended.
    /// * An SPI that is routed to any core and is in service on another one at the same priority cannot be told from
    ///   this core's: one that is routed to this core is taken first.
    /// * An SPI whose priority was dropped ([`Split`](crate::v2::Split)) and which is not yet deactivated stays active: its token ends it, on
    ///   any core.
    /// * What cannot be found by its priority (an LPI, which has no active state) is forgotten: writing zero is the one
    ///   change of the active priorities that the architecture allows (IHI 0069, 12.2.5).
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] if the running priority does not fall.
    pub fn adopt<D: Registers, R: Registers>(
        &self,
        distributor: &Distributor<D>,
        redistributor: &Redistributor<'_, R>,
    ) -> Result<(), Error> {
        let groups = distributor.security() != Security::NonSecure;
        self.sys.set_pmr(0);
        barrier::complete();
        // Before the record is emptied: it alone says which active SPIs are this core's.
        for _ in 0..PREEMPTION_LEVELS {
            let running = self.running_priority();
            if running == IDLE || !self.end_running(distributor, redistributor, running) {
                break;
            }
        }
        redistributor.clear();
        let bits = self.priority_bits();
        self.sys.set_ap1r0(0);
        if groups {
            self.sys.set_ap0r0(0);
        }
        // Registers beyond the implemented bits do not exist (12.2.3): reading them traps.
        if bits >= 6 {
            self.sys.set_ap1r1(0);
            if groups {
                self.sys.set_ap0r1(0);
            }
        }
        if bits >= 7 {
            self.sys.set_ap1r2(0);
            self.sys.set_ap1r3(0);
            if groups {
                self.sys.set_ap0r2(0);
                self.sys.set_ap0r3(0);
            }
        }
        barrier::context();
        if self.running_priority() == IDLE { Ok(()) } else { Err(Error::Timeout { what: "GIC running priority" }) }
    }

    /// Ends the active interrupt that gives the running priority; whether the priority fell. Candidates are tried one after
    /// the other: private ones, SPIs that are routed to this core, SPIs that are routed to any.
    fn end_running<D: Registers, R: Registers>(
        &self,
        distributor: &Distributor<D>,
        redistributor: &Redistributor<'_, R>,
        running: u8,
    ) -> bool {
        let group_mask = self.group_mask(distributor.security());
        // Of the interface as it was left, whatever mode it will be in.
        let split = self.sys.ctlr() & icc::EOI_MODE != 0;
        let me = self.affinity();
        let end = |id: IntId, priority: Result<u8, Error>, group: Result<Group, Error>| {
            if !priority.is_ok_and(|priority| (priority ^ running) & group_mask == 0) {
                return false;
            }
            match group {
                Ok(Group::Zero) => self.sys.set_eoir0(id.number()),
                Ok(Group::One) => self.sys.set_eoir1(id.number()),
                Err(_) => return false,
            }
            if split {
                self.sys.set_dir(id.number());
            }
            barrier::context();
            self.running_priority() != running
        };
        let end_shared = |route| {
            let mut active = distributor.active().filter(|&id| distributor.route(id) == Ok(route));
            active.any(|id| end(id, distributor.priority(id), distributor.group(id)))
        };
        redistributor.active().any(|id| end(id, redistributor.priority(id), redistributor.group(distributor, id)))
            || end_shared(Route::Core(me))
            || end_shared(Route::Any)
    }

    /// The bits of a priority that count for preemption, and that the running priority shows: of the coarser binary point
    /// of the two groups. In the Secure state that of group 1 means what that of group 0 does, elsewhere one bit less
    /// (IHI 0069, 4.8).
    fn group_mask(&self, security: Security) -> u8 {
        let point1 = self.binary_point() + u8::from(security == Security::Secure);
        let point0 = if security == Security::NonSecure { 0 } else { (self.sys.bpr0() as u8 & 7) + 1 };
        (0xff_u32 << point1.max(point0)) as u8
    }
}
