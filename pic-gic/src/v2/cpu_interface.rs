// SPDX-License-Identifier: MIT OR Apache-2.0
//! The CPU interface of GICv1 and GICv2: acknowledge, end, priority mask.

use super::Distributor;
use super::registers::gicc;
use crate::access::Registers;
use crate::version::Version;
use crate::{Class, Error, IntId, Special, barrier};
use core::marker::PhantomData;

/// How an interrupt is ended.
pub trait EndMode: sealed::Sealed + Send + Sync + 'static {
    #[doc(hidden)]
    const SPLIT: bool;
}
/// End of interrupt drops the priority and deactivates, in one (EOImode 0).
#[derive(Debug)]
pub struct Combined;
/// End of interrupt drops the priority only; deactivation is a step of its own (EOImode 1).
#[derive(Debug)]
pub struct Split;
impl EndMode for Combined {
    const SPLIT: bool = false;
}
impl EndMode for Split {
    const SPLIT: bool = true;
}
mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Combined {}
    impl Sealed for super::Split {}
}

/// An interrupt in service on this core; to be ended exactly once, so neither `Clone` nor `Copy`.
///
/// What was not acknowledged cannot be ended:
///
/// ```compile_fail,E0451
/// use pic_gic::{access::Registers, v2::{Combined, CpuInterface, Interrupt}};
/// fn forge(interface: &CpuInterface<impl Registers, Combined>) { interface.end(Interrupt { raw: 34 }); }
/// ```
///
/// Nor can it be ended twice:
///
/// ```compile_fail,E0382
/// use pic_gic::{access::Registers, v2::{Combined, CpuInterface, Interrupt}};
/// fn twice(interface: &CpuInterface<impl Registers, Combined>, interrupt: Interrupt) { interface.end(interrupt); interface.end(interrupt); }
/// ```
///
/// Once is right:
///
/// ```
/// use pic_gic::{access::Registers, v2::{Combined, CpuInterface, Interrupt}};
/// fn once(interface: &CpuInterface<impl Registers, Combined>, interrupt: Interrupt) { interface.end(interrupt); }
/// ```
#[derive(Debug)]
#[must_use = "an interrupt that is not ended blocks everything less urgent on this core"]
pub struct Interrupt {
    /// What the acknowledge register read, source bits included: the end register wants the same.
    pub(super) raw: u32,
}

/// An interrupt whose priority was dropped and which is still active.
///
/// It comes from the drop alone; what is merely in service cannot be deactivated:
///
/// ```compile_fail,E0308
/// use pic_gic::{access::Registers, v2::{CpuInterface, Interrupt, Split}};
/// fn early(interface: &CpuInterface<impl Registers, Split>, interrupt: Interrupt) { interface.deactivate(interrupt); }
/// ```
///
/// and where the end is one step there is nothing to drop:
///
/// ```compile_fail,E0599
/// use pic_gic::{access::Registers, v2::{Combined, CpuInterface, Interrupt}};
/// fn drop(interface: &CpuInterface<impl Registers, Combined>, interrupt: Interrupt) { interface.drop_priority(interrupt); }
/// ```
///
/// One after the other is right:
///
/// ```
/// use pic_gic::{access::Registers, v2::{CpuInterface, Interrupt, Split}};
/// fn both(interface: &CpuInterface<impl Registers, Split>, interrupt: Interrupt) { interface.deactivate(interface.drop_priority(interrupt)); }
/// ```
#[derive(Debug)]
#[must_use = "an interrupt that is not deactivated is never delivered again"]
pub struct Active {
    pub(super) raw: u32,
}

/// What acknowledging gave.
#[derive(Debug)]
#[must_use = "an interrupt that is not ended blocks everything less urgent on this core"]
pub enum Acknowledged {
    /// An interrupt, now in service.
    Interrupt(Interrupt),
    /// Nothing to serve, nothing to end, and why.
    Special(Special),
}

macro_rules! token {
    ($type:ident) => {
        impl $type {
            /// Id, without the source bits.
            #[inline(always)]
            pub fn id(&self) -> IntId {
                IntId::from_hardware(self.raw & 0x3ff)
            }

            /// CPU interface that sent it, for SGIs.
            #[inline]
            pub fn source(&self) -> Option<u8> {
                (self.id().class() == Class::Sgi).then_some((self.raw >> 10 & 7) as u8)
            }
        }
    };
}
token!(Interrupt);
token!(Active);

/// One core's interface. All methods act on the executing core.
///
/// Needs a register block of 256 bytes (GICv1) or 8 KiB (GICv2; 4 KiB if deactivation is never
/// split): on GICv1 nothing beyond 0xFC is ever accessed, other devices live there.
#[derive(Debug)]
pub struct CpuInterface<R, M = Combined> {
    pub(super) regs: R,
    pub(super) version: Version,
    mode: PhantomData<M>,
}

impl<R: Registers> CpuInterface<R> {
    /// Looks at the hardware: GICC_IIDR must state the same version as the distributor.
    ///
    /// # Errors
    ///
    /// [`Error::Absent`] if nothing answers, [`Error::WrongVersion`] if the versions differ.
    pub fn probe(regs: R, distributor_version: Version) -> Result<Self, Error> {
        let iidr = regs.read(gicc::IIDR);
        if iidr == 0 || iidr == u32::MAX {
            return Err(Error::Absent { what: "GIC CPU interface", value: iidr });
        }
        let version = match iidr >> 16 & 0xf {
            1 => Version::V1,
            2 => Version::V2,
            other => return Err(Error::WrongVersion { what: "GIC CPU interface", version: other as u8 }),
        };
        if version != distributor_version {
            return Err(Error::WrongVersion { what: "GIC CPU interface", version: version as u8 + 1 });
        }
        Ok(Self { regs, version, mode: PhantomData })
    }

    /// Ends `interrupt`: priority dropped, deactivated. What was done to the device before is
    /// complete first.
    #[inline(always)]
    pub fn end(&self, interrupt: Interrupt) {
        barrier::complete();
        self.regs.write(gicc::EOIR, interrupt.raw);
    }

    /// Makes priority drop and deactivation two steps. Every core must do the same.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] on GICv1, which has no deactivate register.
    pub fn into_split(self) -> Result<CpuInterface<R, Split>, Error> {
        if self.version == Version::V1 {
            return Err(Error::Unsupported { what: "split end of interrupt" });
        }
        let control = self.regs.read(gicc::CTLR);
        self.regs.write(gicc::CTLR, control | gicc::EOI_MODE);
        Ok(CpuInterface { regs: self.regs, version: self.version, mode: PhantomData })
    }
}

impl<R: Registers> CpuInterface<R, Split> {
    /// Drops the running priority; less urgent interrupts come through again.
    #[inline(always)]
    pub fn drop_priority(&self, interrupt: Interrupt) -> Active {
        barrier::complete();
        self.regs.write(gicc::EOIR, interrupt.raw);
        Active { raw: interrupt.raw }
    }

    /// Makes the interrupt deliverable again.
    #[inline(always)]
    pub fn deactivate(&self, active: Active) {
        barrier::complete();
        self.regs.write(gicc::DIR, active.raw);
    }
}

impl<R: Registers, M: EndMode> CpuInterface<R, M> {
    /// Makes the interface able to take interrupts: adopts it, all priorities let through,
    /// finest preemption, both groups with one binary point. With `fiq`, group 0 is signalled as FIQ.
    ///
    /// # Errors
    ///
    /// * [`Error::Unsupported`] if `fiq` is wanted and group 0 does not become FIQ here (no
    ///   groups, or the enable does not stay). The interface is initialised without it then.
    /// * Errors of [`CpuInterface::adopt`].
    pub fn init<D: Registers>(&self, distributor: &Distributor<D>, fiq: bool) -> Result<(), Error> {
        self.adopt(distributor)?;
        distributor.init_private();
        self.regs.write(gicc::BPR, 0);
        self.regs.write(gicc::PMR, 0xff);
        let mode = if M::SPLIT { gicc::EOI_MODE } else { 0 };
        let mut control = self.regs.read(gicc::CTLR) & gicc::BYPASS | gicc::ENABLE_GROUP0 | mode;
        if distributor.has_groups() {
            // CBPR: the binary point counts for group 1 too, where the ordinary interrupts are.
            control |= gicc::ENABLE_GROUP1 | gicc::ACK_CTL | gicc::CBPR;
        }
        self.regs.write(gicc::CTLR, control);
        if fiq {
            if !distributor.has_groups() {
                return Err(Error::Unsupported { what: "FIQ by group 0" });
            }
            self.regs.write(gicc::CTLR, control | gicc::FIQ_EN);
            if self.regs.read(gicc::CTLR) & gicc::FIQ_EN == 0 {
                return Err(Error::Unsupported { what: "FIQ by group 0" });
            }
        }
        Ok(())
    }

    /// Takes the most urgent pending interrupt into service.
    #[inline(always)]
    pub fn acknowledge(&self) -> Acknowledged {
        let raw = self.regs.read(gicc::IAR);
        // The handler must not see its device or a sender's data as it was before this read.
        barrier::order();
        // One comparison sorts out all four special numbers.
        if raw & 0x3ff < 1020 {
            Acknowledged::Interrupt(Interrupt { raw })
        } else {
            Acknowledged::Special(Special::of(raw))
        }
    }

    /// Priority mask: only interrupts of a numerically **lower** priority are signalled.
    pub fn priority_mask(&self) -> u8 {
        self.regs.read(gicc::PMR) as u8
    }

    /// Sets the priority mask; returns the old one. Unimplemented low bits are ignored by the
    /// hardware, which rounds the mask down to a more restrictive one.
    pub fn set_priority_mask(&self, mask: u8) -> u8 {
        let old = self.priority_mask();
        self.regs.write(gicc::PMR, mask.into());
        // The new mask holds for everything after.
        barrier::complete();
        old
    }

    /// Binary point of both groups: priorities that differ only in their `point + 1` low bits do not preempt each other.
    pub fn binary_point(&self) -> u8 {
        self.regs.read(gicc::BPR) as u8 & 7
    }

    /// Sets the binary point; returns what the hardware made of it (it has a minimum).
    pub fn set_binary_point(&self, point: u8) -> u8 {
        self.regs.write(gicc::BPR, u32::from(point & 7));
        self.binary_point()
    }

    /// Priority of the interrupt in service, 0xFF if none is.
    pub fn running_priority(&self) -> u8 {
        self.regs.read(gicc::RPR) as u8
    }

    /// The most urgent pending interrupt that would be given, without taking it.
    pub fn highest_pending(&self) -> Result<IntId, Special> {
        let raw = self.regs.read(gicc::HPPIR);
        if raw & 0x3ff < 1020 { Ok(IntId::from_hardware(raw & 0x3ff)) } else { Err(Special::of(raw)) }
    }

    /// Whether group 0 is signalled as FIQ on this core. Whether it arrives is the machine's
    /// affair: test it ([`crate::fiq`]).
    pub fn fiq_armed(&self) -> bool {
        self.regs.read(gicc::CTLR) & gicc::FIQ_EN != 0
    }
}
