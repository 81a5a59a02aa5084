// SPDX-License-Identifier: MIT OR Apache-2.0
//! The CPU interface of GICv3: system registers of the executing core.

use super::registers::icc;
use super::{Affinity, Distributor, Redistributor, Security, SystemRegisters};
use crate::access::Registers;
use crate::v2::{Combined, EndMode, Split};
use crate::{Class, Error, IntId, Special, barrier};
use core::marker::PhantomData;

/// A group 1 interrupt in service on this core; to be ended exactly once, and only after it was acknowledged:
///
/// ```compile_fail,E0451
/// use pic_gic::v3::{CpuInterface, Interrupt, SystemRegisters};
/// fn forge<S: SystemRegisters>(interface: &CpuInterface<S, pic_gic::v2::Combined>) { interface.end(Interrupt { id: 34 }); }
/// ```
///
/// ```compile_fail,E0382
/// use pic_gic::v3::{CpuInterface, Interrupt, SystemRegisters};
/// fn twice<S: SystemRegisters>(interface: &CpuInterface<S, pic_gic::v2::Combined>, interrupt: Interrupt) { interface.end(interrupt); interface.end(interrupt); }
/// ```
#[derive(Debug)]
#[must_use = "an interrupt that is not ended blocks everything less urgent on this core"]
pub struct Interrupt {
    pub(super) id: u32,
}

/// A group 0 interrupt in service on this core, which had arrived as FIQ.
///
/// Its end is another register than that of group 1, so it cannot go there:
///
/// ```compile_fail,E0308
/// use pic_gic::v3::{CpuInterface, FiqInterrupt, SystemRegisters};
/// fn mixed<S: SystemRegisters>(interface: &CpuInterface<S, pic_gic::v2::Combined>, fiq: FiqInterrupt) { interface.end(fiq); }
/// ```
///
/// ```
/// use pic_gic::v3::{CpuInterface, FiqInterrupt, SystemRegisters};
/// fn right<S: SystemRegisters>(interface: &CpuInterface<S, pic_gic::v2::Combined>, fiq: FiqInterrupt) { interface.end_fiq(fiq); }
/// ```
#[derive(Debug)]
#[must_use = "an interrupt that is not ended blocks everything less urgent on this core"]
pub struct FiqInterrupt {
    id: u32,
}

/// An interrupt whose priority was dropped and which is still active.
#[derive(Debug)]
#[must_use = "an interrupt that is not deactivated is never delivered again"]
pub struct Active {
    pub(super) id: u32,
}

/// What acknowledging a group 1 interrupt gave.
#[derive(Debug)]
#[must_use = "an interrupt that is not ended blocks everything less urgent on this core"]
pub enum Acknowledged {
    /// An interrupt, now in service.
    Interrupt(Interrupt),
    /// Nothing to serve, nothing to end, and why.
    Special(Special),
}

/// What acknowledging a group 0 interrupt gave.
#[derive(Debug)]
#[must_use = "an interrupt that is not ended blocks everything less urgent on this core"]
pub enum AcknowledgedFiq {
    /// An interrupt, now in service.
    Interrupt(FiqInterrupt),
    /// Nothing to serve, nothing to end, and why.
    Special(Special),
}

macro_rules! id {
    ($($type:ident)*) => { $(
        impl $type {
            /// Id. GICv3 does not say who sent an SGI.
            #[inline(always)]
            pub fn id(&self) -> IntId {
                IntId::from_hardware(self.id)
            }
        }
    )* };
}
id!(Interrupt FiqInterrupt Active);

/// One core's interface. All methods act on the executing core.
#[derive(Debug)]
pub struct CpuInterface<S, M = Combined> {
    pub(super) sys: S,
    mode: PhantomData<M>,
}

impl<S: SystemRegisters> CpuInterface<S> {
    /// The interface of whatever core executes.
    pub const fn new(sys: S) -> Self {
        Self { sys, mode: PhantomData }
    }

    /// Ends `interrupt`: priority dropped, deactivated. What was done to the device before is
    /// complete first.
    #[inline(always)]
    pub fn end(&self, interrupt: Interrupt) {
        barrier::complete();
        self.sys.set_eoir1(interrupt.id);
    }

    /// Ends a group 0 interrupt.
    #[inline(always)]
    pub fn end_fiq(&self, interrupt: FiqInterrupt) {
        barrier::complete();
        self.sys.set_eoir0(interrupt.id);
    }

    /// Makes priority drop and deactivation two steps, on cores initialised from here on.
    pub fn into_split(self) -> CpuInterface<S, Split> {
        CpuInterface { sys: self.sys, mode: PhantomData }
    }
}

impl<S: SystemRegisters> CpuInterface<S, Split> {
    /// Drops the running priority; less urgent interrupts come through again.
    #[inline(always)]
    pub fn drop_priority(&self, interrupt: Interrupt) -> Active {
        barrier::complete();
        self.sys.set_eoir1(interrupt.id);
        Active { id: interrupt.id }
    }

    /// Drops the running priority of a group 0 interrupt.
    #[inline(always)]
    pub fn drop_priority_fiq(&self, interrupt: FiqInterrupt) -> Active {
        barrier::complete();
        self.sys.set_eoir0(interrupt.id);
        Active { id: interrupt.id }
    }

    /// Makes the interrupt deliverable again.
    #[inline(always)]
    pub fn deactivate(&self, active: Active) {
        barrier::complete();
        self.sys.set_dir(active.id);
    }
}

impl<S: SystemRegisters, M: EndMode> CpuInterface<S, M> {
    /// Makes the executing core able to take interrupts: system registers on, redistributor
    /// powered and awake, interface adopted, private interrupts initialised (`fiq_sgis` in group
    /// 0), every priority let through. With `fiq`, group 0 is on too.
    ///
    /// # Errors
    ///
    /// * [`Error::Unsupported`] if the system registers do not come on, or `fiq` is wanted in the
    ///   Non-secure state (the rest is initialised then).
    /// * [`Error::Timeout`] if the redistributor does not wake or a wait ends.
    pub fn init<D: Registers, R: Registers>(
        &self,
        distributor: &Distributor<D>,
        redistributor: &Redistributor<'_, R>,
        fiq: bool,
        fiq_sgis: u16,
    ) -> Result<(), Error> {
        self.enable_system_registers()?;
        redistributor.power_on()?;
        redistributor.wake()?;
        let groups = distributor.security() != Security::NonSecure;
        self.adopt(distributor, redistributor)?;
        redistributor.init(distributor, fiq_sgis)?;
        self.sys.set_ctlr(if M::SPLIT { icc::EOI_MODE } else { 0 });
        if groups {
            self.sys.set_bpr0(0);
        }
        self.sys.set_bpr1(0);
        self.sys.set_pmr(0xff);
        self.sys.set_igrpen1(1);
        if groups {
            self.sys.set_igrpen0(fiq.into());
        }
        barrier::context();
        if fiq && !groups {
            return Err(Error::Unsupported { what: "FIQ by group 0" });
        }
        Ok(())
    }

    /// Turns the system registers on; without it no other method may be called.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] if they do not come on.
    pub fn enable_system_registers(&self) -> Result<(), Error> {
        self.sys.set_sre(self.sys.sre() | icc::SRE);
        barrier::context();
        if self.sys.sre() & icc::SRE != 0 { Ok(()) } else { Err(Error::Unsupported { what: "GIC system registers" }) }
    }

    /// Takes the most urgent pending group 1 interrupt into service.
    #[inline(always)]
    pub fn acknowledge(&self) -> Acknowledged {
        // Bits above the 24 of an id are RES0.
        let id = self.sys.iar1();
        // A system register read is not ordered against memory by a dmb.
        barrier::complete();
        if Special::is(id) { Acknowledged::Special(Special::of(id)) } else { Acknowledged::Interrupt(Interrupt { id }) }
    }

    /// Takes the most urgent pending group 0 interrupt into service; for the FIQ handler.
    #[inline(always)]
    pub fn acknowledge_fiq(&self) -> AcknowledgedFiq {
        let id = self.sys.iar0();
        barrier::complete();
        if Special::is(id) {
            AcknowledgedFiq::Special(Special::of(id))
        } else {
            AcknowledgedFiq::Interrupt(FiqInterrupt { id })
        }
    }

    /// Priority mask: only interrupts of a numerically **lower** priority are signalled.
    pub fn priority_mask(&self) -> u8 {
        self.sys.pmr() as u8
    }

    /// Sets the priority mask; returns the old one. Unimplemented low bits are ignored by the
    /// hardware, which rounds the mask down to a more restrictive one.
    pub fn set_priority_mask(&self, mask: u8) -> u8 {
        let old = self.priority_mask();
        self.sys.set_pmr(mask.into());
        // The new mask holds for everything after.
        barrier::complete();
        old
    }

    /// Binary point of group 1: how many low bits of a priority do not matter for preemption.
    pub fn binary_point(&self) -> u8 {
        self.sys.bpr1() as u8 & 7
    }

    /// Sets the binary point of group 1; returns what the hardware made of it.
    pub fn set_binary_point(&self, point: u8) -> u8 {
        self.sys.set_bpr1(u32::from(point & 7));
        barrier::context();
        self.binary_point()
    }

    /// Priority of the interrupt in service, 0xFF if none is.
    pub fn running_priority(&self) -> u8 {
        self.sys.rpr() as u8
    }

    /// The most urgent pending group 1 interrupt that would be given, without taking it.
    pub fn highest_pending(&self) -> Result<IntId, Special> {
        let id = self.sys.hppir1() & 0xff_ffff;
        Special::from_id(id).map_or(Ok(IntId::from_hardware(id)), Err)
    }

    /// Whether group 0 is on for this core. Whether it arrives as FIQ is the machine's affair:
    /// test it ([`crate::fiq`]).
    pub fn fiq_armed(&self) -> bool {
        self.sys.igrpen0() & 1 != 0
    }

    /// Number of priority bits that the interface tells apart: ICC_CTLR.PRIbits + 1.
    pub fn priority_bits(&self) -> u8 {
        (self.sys.ctlr() >> 8 & 7) as u8 + 1
    }

    /// The executing core.
    pub fn affinity(&self) -> Affinity {
        Affinity::from_mpidr(self.sys.mpidr())
    }

    /// Sends an SGI to all cores but this one; `group0` if the receivers have it in group 0.
    ///
    /// # Errors
    ///
    /// [`Error::WrongClass`] for other ids.
    pub fn send_others(&self, id: IntId, group0: bool) -> Result<(), Error> {
        if id.class() != Class::Sgi {
            return Err(Error::WrongClass { id });
        }
        self.send_raw(icc::SGI_OTHERS | u64::from(id.number()) << 24, group0);
        Ok(())
    }

    /// Sends an SGI to the cores of one cluster: those whose Aff0 is 16 × (Aff0 of `cluster` ÷ 16)
    /// plus a number with a bit in `list`. What was stored before is visible to the receivers.
    ///
    /// # Errors
    ///
    /// * [`Error::WrongClass`] for other ids.
    /// * [`Error::Unsupported`] if Aff0 is above 15 and this core cannot select that range.
    pub fn send_list(&self, id: IntId, cluster: Affinity, list: u16, group0: bool) -> Result<(), Error> {
        if id.class() != Class::Sgi {
            return Err(Error::WrongClass { id });
        }
        if cluster.aff0() > 15 && self.sys.ctlr() & icc::RSS == 0 {
            return Err(Error::Unsupported { what: "SGIs to Aff0 above 15" });
        }
        self.send_raw(cluster.sgi_fields() | u64::from(id.number()) << 24 | u64::from(list), group0);
        Ok(())
    }

    fn send_raw(&self, value: u64, group0: bool) {
        barrier::complete();
        if group0 {
            self.sys.set_sgi0r(value);
        } else {
            self.sys.set_sgi1r(value);
        }
        barrier::context();
    }
}
