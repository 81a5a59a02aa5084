// SPDX-License-Identifier: MIT OR Apache-2.0
//! GICv1 and GICv2 behind the controller traits.

use super::{Acknowledged, Active, Combined, CpuInterface, Distributor, EndMode, Interrupt, SgiTarget, Split};
use crate::access::Registers;
use crate::levels::Levels;
use crate::traits::impl_line_traits;
use crate::version::Version;
use crate::{Class, Error, Group, IntId, Special};
use hal_exc_api::pic::{
    self, Acknowledge, Capability, Claim, CpuId, CpuMask, InterProcessor, InterruptController, IpiTarget, Line,
    LineAffinity, LineKind, LineMask, LinePending, LinePriority, LineTrigger, PicError, Priority, PriorityRange,
    SplitEnd, TaskPriority, TriggerMode, Vector,
};

/// Distributor and (banked) CPU interfaces as one controller for all cores.
///
/// Line numbers are interrupt ids: SGIs 0 to 15, PPIs 16 to 31, SPIs from 32. CPU indices are
/// the numbers of the CPU interfaces. Methods on SGIs and PPIs act on the executing core, whose
/// registers are banked.
#[derive(Debug)]
pub struct GicV2<R, M = Combined> {
    distributor: Distributor<R>,
    interface: CpuInterface<R, M>,
    levels: Levels,
    fiq: bool,
}

impl<R: Registers> GicV2<R> {
    /// Finds and initialises the distributor, after ending the SPIs that the executing core has in service; each core then
    /// calls [`init_cpu`](pic::CpuInterface::init_cpu) for itself, the first one too.
    ///
    /// With `fiq`, group 0 is signalled as FIQ where that is possible; see
    /// [`GicV2::fiq_available`]. FIQ and IRQ handler acknowledge through the same register, which answers the most urgent
    /// interrupt of either group: a FIQ handler may be handed a line of group 1 (and an IRQ handler one of group 0) that
    /// became pending in between. Both serve whatever line they are given.
    ///
    /// # Errors
    ///
    /// Errors of [`Distributor::probe`] and [`CpuInterface::probe`].
    pub fn new(distributor: R, interface: R, fiq: bool) -> Result<Self, Error> {
        let distributor = Distributor::probe(distributor)?;
        let interface = CpuInterface::probe(interface, distributor.version())?;
        let levels = Levels::new(distributor.priority_bits());
        let fiq = fiq && distributor.has_groups();
        // An SPI that the executing core has in service is found by its priority and targets, which `init` changes. If it
        // does not end, `init_cpu` says so.
        interface.end_shared(&distributor);
        distributor.init();
        Ok(Self { distributor, interface, levels, fiq })
    }

    /// Makes priority drop and deactivation two steps ([`SplitEnd`]), before any core's
    /// `init_cpu`.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] on GICv1.
    pub fn into_split(self) -> Result<GicV2<R, Split>, Error> {
        let interface = self.interface.into_split()?;
        Ok(GicV2 { distributor: self.distributor, interface, levels: self.levels, fiq: self.fiq })
    }
}

impl<R: Registers + Sync, M: EndMode> GicV2<R, M> {
    /// The distributor.
    pub fn distributor(&self) -> &Distributor<R> {
        &self.distributor
    }

    /// The executing core's CPU interface.
    pub fn interface(&self) -> &CpuInterface<R, M> {
        &self.interface
    }

    /// Architecture version: v1 or v2.
    pub fn version(&self) -> Version {
        self.distributor.version()
    }

    /// Whether group 0 interrupts leave the controller as FIQ. Whether the core gets them
    /// depends on the machine: [`crate::fiq::self_test`].
    pub fn fiq_available(&self) -> bool {
        self.fiq
    }

    /// Signals `line` as FIQ (group 0) or as IRQ (group 1), on the executing core for SGIs and
    /// PPIs. An SGI is set before the cores' `init_cpu`, or by each core for itself.
    ///
    /// # Errors
    ///
    /// [`PicError::Unsupported`] where FIQ is not available.
    pub fn set_fiq(&self, line: Line, fiq: bool) -> Result<(), PicError> {
        let unsupported = PicError::Unsupported { capability: Capability::CriticalRouting, line: Some(line) };
        if !self.fiq {
            return Err(unsupported);
        }
        let group = if fiq { Group::Zero } else { Group::One };
        self.distributor.set_group(self.id(line)?, group).map_err(|_| unsupported)
    }

    fn id(&self, line: Line) -> Result<IntId, PicError> {
        self.check_line(line)?;
        Ok(IntId::from_hardware(line.number().into()))
    }

    fn lines(&self) -> &Distributor<R> {
        &self.distributor
    }

    /// Clears the pending state; for SGIs of every source.
    fn forget(&self, id: IntId) -> Result<(), Error> {
        match id.class() {
            Class::Sgi => self.distributor.drain_sgi(id, 0xff).map(|_| ()),
            _ => self.distributor.clear_pending(id),
        }
    }
}

impl<R: Registers + Sync, M: EndMode> InterruptController for GicV2<R, M> {
    fn line_count(&self) -> u16 {
        self.distributor.lines()
    }

    fn line_kind(&self, line: Line) -> Option<LineKind> {
        match line.number() {
            0..16 => Some(LineKind::InterProcessor),
            n if n < self.distributor.lines() => Some(LineKind::Source),
            _ => None,
        }
    }

    fn cpu_count(&self) -> u8 {
        self.distributor.cpus()
    }
}

impl_line_traits!([R: Registers + Sync, M: EndMode] GicV2<R, M>);

impl<R: Registers + Sync, M: EndMode> LineAffinity for GicV2<R, M> {
    fn set_affinity(&self, line: Line, cpus: CpuMask) -> Result<(), PicError> {
        let id = self.id(line)?;
        let refused = PicError::NotRoutable { line, cpus };
        let targets = u8::try_from(cpus.bits()).map_err(|_| refused)?;
        self.distributor.set_targets(id, targets).map_err(|_| refused)
    }

    fn affinity(&self, line: Line) -> Result<CpuMask, PicError> {
        self.on(line, Capability::Affinity, |id| self.distributor.targets(id))
            .map(|bits| CpuMask::from_bits(bits.into()))
    }
}

impl<R: Registers + Sync, M: EndMode> InterProcessor for GicV2<R, M> {
    fn ipi_count(&self) -> u8 {
        16
    }

    fn ipi_line(&self, number: u8) -> Result<Line, PicError> {
        if number < 16 { Ok(Line::new(number.into())) } else { Err(PicError::NoSuchIpi { number, count: 16 }) }
    }

    fn send(&self, _from: CpuId, number: u8, to: IpiTarget) -> Result<(), PicError> {
        let id = IntId::sgi(number.into()).ok_or(PicError::NoSuchIpi { number, count: 16 })?;
        let target = match to {
            IpiTarget::Myself => SgiTarget::Myself,
            IpiTarget::Others => SgiTarget::Others,
            IpiTarget::List(cpus) => {
                let present = CpuMask::first(self.distributor.cpus().into());
                let absent = CpuMask::from_bits(cpus.bits() & !present.bits());
                if let Some(cpu) = absent.lowest() {
                    return Err(PicError::NoSuchCpu { cpu, count: self.distributor.cpus() });
                }
                SgiTarget::List(cpus.bits() as u8)
            }
        };
        self.distributor.send(id, target).map_err(|_| PicError::NoSuchIpi { number, count: 16 })
    }
}

impl<R: Registers + Sync, M: EndMode> pic::CpuInterface for GicV2<R, M> {
    /// SGIs and PPIs start disabled, of the middle priority; those that were enabled on this
    /// core before are enabled again afterwards by their user.
    fn init_cpu(&self, cpu: CpuId) -> Result<(), PicError> {
        self.check_cpu(cpu)?;
        let count = self.distributor.cpus();
        let interface = self.distributor.this_interface().map_err(|e| e.of_cpu(cpu, count))?;
        if usize::from(interface) != cpu.index() {
            return Err(PicError::NoSuchCpu { cpu, count });
        }
        match self.interface.init(&self.distributor, self.fiq) {
            // Without FIQ the interface works all the same; the self-test tells the truth.
            Err(Error::Unsupported { .. }) | Ok(()) => Ok(()),
            Err(e) => Err(e.of_cpu(cpu, count)),
        }
    }

    fn quiet_cpu(&self, cpu: CpuId) -> Result<(), PicError> {
        self.check_cpu(cpu)?;
        self.interface.quiesce(&self.distributor).map_err(|e| e.of_cpu(cpu, self.distributor.cpus()))
    }
}

macro_rules! claim {
    ($type:ident) => {
        impl Claim for $type {
            #[inline(always)]
            fn line(&self) -> Line {
                Line::new((self.raw & 0x3ff) as u16)
            }

            #[inline]
            fn source_cpu(&self) -> Option<CpuId> {
                self.source().and_then(|source| CpuId::new(source.into()))
            }
        }
    };
}
claim!(Interrupt);
claim!(Active);

#[inline(always)]
fn acknowledge<R: Registers, M: EndMode>(interface: &CpuInterface<R, M>) -> pic::Acknowledged<Interrupt> {
    match interface.acknowledge() {
        Acknowledged::Interrupt(interrupt) => pic::Acknowledged::Claimed(interrupt),
        Acknowledged::Special(Special::None) => pic::Acknowledged::Spurious,
        Acknowledged::Special(special) => pic::Acknowledged::Unknown(Vector::new(special as u32 as u16)),
    }
}

impl<R: Registers + Sync> Acknowledge for GicV2<R, Combined> {
    type Claim = Interrupt;

    #[inline(always)]
    fn acknowledge(&self, _cpu: CpuId) -> pic::Acknowledged<Interrupt> {
        acknowledge(&self.interface)
    }

    #[inline(always)]
    fn end(&self, claim: Interrupt) {
        self.interface.end(claim);
    }
}

impl<R: Registers + Sync> Acknowledge for GicV2<R, Split> {
    type Claim = Interrupt;

    #[inline(always)]
    fn acknowledge(&self, _cpu: CpuId) -> pic::Acknowledged<Interrupt> {
        acknowledge(&self.interface)
    }

    #[inline(always)]
    fn end(&self, claim: Interrupt) {
        let active = self.interface.drop_priority(claim);
        self.interface.deactivate(active);
    }
}

impl<R: Registers + Sync> SplitEnd for GicV2<R, Split> {
    type Active = Active;

    fn drop_priority(&self, claim: Interrupt) -> Active {
        self.interface.drop_priority(claim)
    }

    fn deactivate(&self, active: Active) {
        self.interface.deactivate(active);
    }
}
