// SPDX-License-Identifier: MIT OR Apache-2.0
//! GICv3 behind the controller traits.

use super::{
    AcknowledgedFiq, Affinity, CpuInterface, Distributor, FiqInterrupt, Frames, Lines, Redistributor, Route, Security,
    SystemRegisters,
};
use crate::access::Registers;
use crate::levels::Levels;
use crate::traits::{impl_line_traits, set_bit};
use crate::v2::{Combined, EndMode, Split};
use crate::{Error, Group, IntId};
use core::sync::atomic::{AtomicU32, Ordering};
use hal_exc_api::pic::{
    self, Capability, CpuId, CpuMask, InterProcessor, InterruptController, IpiTarget, Line, LineAffinity, LineKind,
    LineMask, LinePending, LinePriority, LineTrigger, PicError, Priority, PriorityRange, TaskPriority, TriggerMode,
};

/// Most cores that [`GicV3`] serves: as many as a [`CpuMask`] holds.
pub const MAX_CORES: usize = CpuId::LIMIT;

/// A region of redistributor frames.
#[derive(Debug)]
pub struct Region<R> {
    /// Its registers.
    pub regs: R,
    /// Its size in bytes.
    pub size: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Core {
    affinity: Affinity,
    region: usize,
    offset: usize,
}

/// Distributor, redistributors and CPU interfaces as one controller for all cores.
///
/// Line numbers are interrupt ids, extended ones included. CPU indices number the cores in the
/// order of their affinity; [`GicV3::cpu_of`] translates. Methods on SGIs and PPIs act on the
/// executing core's redistributor.
#[derive(Debug)]
pub struct GicV3<R, S, M = Combined, const REGIONS: usize = 1> {
    distributor: Distributor<R>,
    regions: [Region<R>; REGIONS],
    interface: CpuInterface<S, M>,
    cores: [Core; MAX_CORES],
    count: u8,
    bits: u8,
    levels: Levels,
    fiq: bool,
    fiq_sgis: AtomicU32,
}

impl<R: Registers, S: SystemRegisters, const REGIONS: usize> GicV3<R, S, Combined, REGIONS> {
    /// Finds and initialises the distributor, and finds every core's redistributor in the
    /// regions; each core then calls [`init_cpu`](pic::CpuInterface::init_cpu) for itself, the
    /// first one too. SPIs go to the executing core at first.
    ///
    /// With `fiq`, group 0 is signalled as FIQ where that is possible; see
    /// [`GicV3::fiq_available`].
    ///
    /// # Errors
    ///
    /// * Errors of [`Distributor::probe`], [`Distributor::init`], [`Redistributor::probe`] and [`Redistributor::power_on`].
    /// * [`Error::NoSuchCore`] if the executing core has no redistributor in the regions.
    /// * [`Error::TooManyCores`] above [`MAX_CORES`].
    pub fn new(distributor: R, regions: [Region<R>; REGIONS], sys: S, fiq: bool) -> Result<Self, Error> {
        let distributor = Distributor::probe(distributor)?;
        let interface = CpuInterface::new(sys);
        interface.enable_system_registers()?;
        let mut cores = [Core::default(); MAX_CORES];
        let mut count = 0;
        let mut bits = 8;
        for (region, Region { regs, size }) in regions.iter().enumerate() {
            for frame in Frames::new(regs, *size) {
                let frame = frame?;
                let core = cores.get_mut(count).ok_or(Error::TooManyCores { limit: MAX_CORES })?;
                *core = Core { affinity: frame.affinity(), region, offset: frame.offset() };
                count += 1;
                if frame.affinity() == interface.affinity() {
                    // Without power the registers of its interrupts are not there.
                    frame.power_on()?;
                    bits = frame.priority_bits().min(interface.priority_bits());
                }
            }
        }
        cores[..count].sort_unstable_by_key(|core| core.affinity);
        let me = interface.affinity();
        if !cores[..count].iter().any(|core| core.affinity == me) {
            return Err(Error::NoSuchCore { core: me.mpidr() });
        }
        distributor.init(me)?;
        let fiq = fiq && distributor.security() != Security::NonSecure;
        Ok(Self {
            distributor,
            regions,
            interface,
            cores,
            count: count as u8,
            bits,
            levels: Levels::new(bits),
            fiq,
            fiq_sgis: AtomicU32::new(0),
        })
    }

    /// Makes priority drop and deactivation two steps ([`pic::SplitEnd`](hal_exc_api::pic::SplitEnd)), before any core's
    /// `init_cpu`.
    pub fn into_split(self) -> GicV3<R, S, Split, REGIONS> {
        GicV3 {
            distributor: self.distributor,
            regions: self.regions,
            interface: self.interface.into_split(),
            cores: self.cores,
            count: self.count,
            bits: self.bits,
            levels: self.levels,
            fiq: self.fiq,
            fiq_sgis: self.fiq_sgis,
        }
    }

    /// Ends a group 0 interrupt.
    #[inline(always)]
    pub fn end_fiq(&self, interrupt: FiqInterrupt) {
        self.interface.end_fiq(interrupt);
    }
}

impl<R: Registers, S: SystemRegisters, M: EndMode, const REGIONS: usize> GicV3<R, S, M, REGIONS> {
    /// The distributor.
    pub fn distributor(&self) -> &Distributor<R> {
        &self.distributor
    }

    /// The executing core's CPU interface.
    #[inline(always)]
    pub fn interface(&self) -> &CpuInterface<S, M> {
        &self.interface
    }

    /// Whether group 0 interrupts leave the controller as FIQ. Whether the core gets them
    /// depends on the machine: [`crate::fiq::self_test`].
    pub fn fiq_available(&self) -> bool {
        self.fiq
    }

    /// Number of implemented priority bits, in redistributor and CPU interface.
    pub fn priority_bits(&self) -> u8 {
        self.bits
    }

    fn cores(&self) -> &[Core] {
        &self.cores[..usize::from(self.count)]
    }

    /// CPU index of the core with this affinity.
    pub fn cpu_of(&self, affinity: Affinity) -> Option<CpuId> {
        self.cores().iter().position(|core| core.affinity == affinity).and_then(CpuId::new)
    }

    /// Affinity of the core with this CPU index.
    pub fn affinity_of(&self, cpu: CpuId) -> Option<Affinity> {
        self.cores().get(cpu.index()).map(|core| core.affinity)
    }

    /// The redistributor of the core with this affinity.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchCore`] if there is none; never another core's.
    pub fn redistributor(&self, affinity: Affinity) -> Result<Redistributor<'_, R>, Error> {
        let core = self
            .cores()
            .iter()
            .find(|core| core.affinity == affinity)
            .ok_or(Error::NoSuchCore { core: affinity.mpidr() })?;
        Redistributor::probe(&self.regions[core.region].regs, core.offset)
    }

    /// The executing core's redistributor.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchCore`].
    pub fn my_redistributor(&self) -> Result<Redistributor<'_, R>, Error> {
        self.redistributor(self.interface.affinity())
    }

    /// Takes the most urgent pending group 0 interrupt into service; for the FIQ handler.
    #[inline(always)]
    pub fn acknowledge_fiq(&self) -> AcknowledgedFiq {
        self.interface.acknowledge_fiq()
    }

    /// Sets the group of an interrupt; private ones on the executing core.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] in the Non-secure view, and the errors of the id.
    pub fn set_group(&self, id: IntId, group: Group) -> Result<(), Error> {
        if !id.is_private() {
            return self.distributor.set_group(id, group);
        }
        self.my_redistributor()?.set_group(&self.distributor, id, group)?;
        if id.number() < 16 {
            set_bit(&self.fiq_sgis, id.number(), group == Group::Zero);
        }
        Ok(())
    }

    /// Signals `line` as FIQ (group 0) or as IRQ (group 1), on the executing core for SGIs and
    /// PPIs. An SGI is set before the other cores' `init_cpu`, or by each core for itself.
    ///
    /// # Errors
    ///
    /// [`PicError::Unsupported`] where FIQ is not available.
    pub fn set_fiq(&self, line: Line, fiq: bool) -> Result<(), PicError>
    where
        R: Sync,
        S: Sync,
    {
        let unsupported = PicError::Unsupported { capability: Capability::CriticalRouting, line: Some(line) };
        if !self.fiq {
            return Err(unsupported);
        }
        let group = if fiq { Group::Zero } else { Group::One };
        self.set_group(self.id(line)?, group).map_err(|_| unsupported)
    }

    fn id(&self, line: Line) -> Result<IntId, PicError>
    where
        R: Sync,
        S: Sync,
    {
        self.check_line(line)?;
        Ok(IntId::from_hardware(line.number().into()))
    }

    /// The interrupts by their ids, the executing core's private ones included.
    pub fn lines(&self) -> Lines<'_, R, S, M, REGIONS> {
        Lines(self)
    }

    fn forget(&self, id: IntId) -> Result<(), Error> {
        self.lines().clear_pending(id)
    }
}

impl<R: Registers + Sync, S: SystemRegisters + Sync, M: EndMode, const N: usize> InterruptController
    for GicV3<R, S, M, N>
{
    fn line_count(&self) -> u16 {
        match self.distributor.extended_lines() {
            // Extended PPIs may be there without extended SPIs.
            0 if self.my_redistributor().is_ok_and(|r| r.ppis() > 16) => 1120,
            0 => self.distributor.lines(),
            extended => 4096 + extended,
        }
    }

    fn line_kind(&self, line: Line) -> Option<LineKind> {
        let id = IntId::new(line.number().into()).ok()?;
        let exists = match id.number() {
            0..16 => return Some(LineKind::InterProcessor),
            16..32 => true,
            n @ 32..1020 => n < self.distributor.lines().into(),
            n @ 1056..1120 => self.my_redistributor().is_ok_and(|r| n - 1056 + 16 < r.ppis().into()),
            n @ 4096..5120 => n - 4096 < self.distributor.extended_lines().into(),
            _ => false,
        };
        exists.then_some(LineKind::Source)
    }

    fn cpu_count(&self) -> u8 {
        self.count
    }
}

impl_line_traits!([R: Registers + Sync, S: SystemRegisters + Sync, M: EndMode, const N: usize] GicV3<R, S, M, N>);

impl<R: Registers + Sync, S: SystemRegisters + Sync, M: EndMode, const N: usize> LineAffinity for GicV3<R, S, M, N> {
    /// One core, or all of them ("any core") where the hardware has that; GICv3 knows no other
    /// sets.
    fn set_affinity(&self, line: Line, cpus: CpuMask) -> Result<(), PicError> {
        let id = self.id(line)?;
        let refused = PicError::NotRoutable { line, cpus };
        let route = match (cpus.len(), cpus.lowest()) {
            (1, Some(cpu)) => Route::Core(self.affinity_of(cpu).ok_or(refused)?),
            _ if cpus == CpuMask::first(self.count.into()) => Route::Any,
            _ => return Err(refused),
        };
        self.distributor.set_route(id, route).map_err(|_| refused)
    }

    fn affinity(&self, line: Line) -> Result<CpuMask, PicError> {
        let id = self.id(line)?;
        if id.is_private() {
            return Ok(self.cpu_of(self.interface.affinity()).map_or(CpuMask::EMPTY, CpuMask::only));
        }
        Ok(match self.on(line, Capability::Affinity, |id| self.distributor.route(id))? {
            Route::Core(affinity) => self.cpu_of(affinity).map_or(CpuMask::EMPTY, CpuMask::only),
            Route::Any => CpuMask::first(self.count.into()),
        })
    }
}

impl<R: Registers + Sync, S: SystemRegisters + Sync, M: EndMode, const N: usize> InterProcessor for GicV3<R, S, M, N> {
    fn ipi_count(&self) -> u8 {
        16
    }

    fn ipi_line(&self, number: u8) -> Result<Line, PicError> {
        if number < 16 { Ok(Line::new(number.into())) } else { Err(PicError::NoSuchIpi { number, count: 16 }) }
    }

    /// One register write for each cluster of up to 16 cores.
    fn send(&self, from: CpuId, number: u8, to: IpiTarget) -> Result<(), PicError> {
        let no_ipi = PicError::NoSuchIpi { number, count: 16 };
        let id = IntId::sgi(number.into()).ok_or(no_ipi)?;
        let group0 = self.fiq_sgis.load(Ordering::Relaxed) >> number & 1 != 0;
        let mut left = match to {
            IpiTarget::Others => return self.interface.send_others(id, group0).map_err(|_| no_ipi),
            IpiTarget::Myself => CpuMask::only(from),
            IpiTarget::List(cpus) => cpus,
        };
        let absent = CpuMask::from_bits(left.bits() & !CpuMask::first(self.count.into()).bits());
        if let Some(cpu) = absent.lowest() {
            return Err(PicError::NoSuchCpu { cpu, count: self.count });
        }
        while let Some(first) = left.lowest() {
            let cluster = self.cores[first.index()].affinity;
            let mut list = 0;
            for cpu in left {
                let affinity = self.cores[cpu.index()].affinity;
                if affinity.sgi_cluster() == cluster.sgi_cluster() {
                    list |= 1 << (affinity.aff0() & 0xf);
                    left = left.without(cpu);
                }
            }
            self.interface
                .send_list(id, cluster, list, group0)
                .map_err(|_| PicError::Unsupported { capability: Capability::InterProcessor, line: None })?;
        }
        Ok(())
    }
}

impl<R: Registers + Sync, S: SystemRegisters + Sync, M: EndMode, const N: usize> pic::CpuInterface
    for GicV3<R, S, M, N>
{
    /// SGIs and PPIs start disabled, of the middle priority.
    fn init_cpu(&self, cpu: CpuId) -> Result<(), PicError> {
        let no_cpu = PicError::NoSuchCpu { cpu, count: self.count };
        if self.cpu_of(self.interface.affinity()) != Some(cpu) {
            return Err(no_cpu);
        }
        let redistributor = self.my_redistributor().map_err(|e| e.of_cpu(cpu, self.count))?;
        let fiq_sgis = self.fiq_sgis.load(Ordering::Relaxed) as u16;
        self.interface
            .init(&self.distributor, &redistributor, self.fiq, fiq_sgis)
            .map_err(|e| e.of_cpu(cpu, self.count))
    }

    fn quiet_cpu(&self, cpu: CpuId) -> Result<(), PicError> {
        self.check_cpu(cpu)?;
        let redistributor = self.my_redistributor().map_err(|e| e.of_cpu(cpu, self.count))?;
        self.interface.quiesce(&self.distributor, &redistributor).map_err(|e| e.of_cpu(cpu, self.count))
    }
}
