// SPDX-License-Identifier: MIT OR Apache-2.0
//! The driver's value, and what line is where.

use hal_exc_api::pic::{Capability, CpuMask, Line, LineKind, PicError, Priority, PriorityRange, TriggerMode};

use crate::bus::Bus;
use crate::handshake::ByRegister;
use crate::model::{CriticalStyle, Identity, MESSAGE_SOURCES, Model, Run};
use crate::registers::{self, Register, VPR_ACTIVITY, VPR_HIGH, VPR_LEVEL, VPR_MASK};
use crate::vectors::VectorMap;

/// An OpenPIC or MPIC in service. Made by [`OpenPic::start`].
///
/// Lines: the sources by their register position, then the inter-processor interrupts, then the
/// timers. On a Freescale MPIC up to 4.2 there are always 256 positions, so that inter-processor interrupts are lines 256 to
/// 259 and timers 260 to 267. On an MPIC 4.3 there are 480, and they are lines 480 to 483 and 484 to 491.
#[repr(C)] // `bus` first: an instruction less on the hot path
pub struct OpenPic<B, H = ByRegister> {
    pub(crate) bus: B,
    pub(crate) handshake: H,
    pub(crate) vectors: VectorMap,
    pub(crate) shape: Shape,
    pub(crate) patience: u32,
    pub(crate) timer_hz: Option<u32>,
}

/// What there is.
pub(crate) struct Shape {
    pub(crate) model: Model,
    pub(crate) identity: Identity,
    /// Source positions that have a line number.
    pub(crate) span: u16,
    pub(crate) critical: CriticalStyle,
}

/// Where the registers of a line are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    Source(u16),
    Ipi(u8),
    Timer(u8),
}

impl Place {
    pub(crate) const fn vpr(self) -> Register {
        match self {
            Self::Source(position) => registers::source(position),
            Self::Ipi(number) => registers::ipi(number),
            Self::Timer(number) => registers::timer(number),
        }
    }
}

/// Line numbers of every Freescale MPIC up to 4.2: 256 source positions, 4 inter-processor interrupts, 8 timers.
pub const MPIC_LINES: u16 = 268;
/// Line numbers of a Freescale MPIC 4.3: 480 source positions, 4 inter-processor interrupts, 8 timers.
pub const MPIC_4_3_LINES: u16 = 492;
/// Most line numbers of any controller that the driver serves.
pub(crate) const MAX_LINES: u16 = 512;

const fn in_run((first, count): Run, position: u16) -> bool {
    first <= position && position < first + count
}

/// First position of Freescale's internal sources, which have no sense bit.
const FIRST_INTERNAL: u16 = 16;

impl Shape {
    /// Line numbers altogether.
    pub(crate) const fn lines(&self) -> u16 {
        self.span + self.model.ipis as u16 + self.model.timers as u16
    }

    fn has_source(&self, position: u16) -> bool {
        if self.model.freescale && (in_run(MESSAGE_SOURCES, position) || self.model.msi.number(position).is_some()) {
            return true;
        }
        if self.model.runs.is_empty() {
            position < self.identity.sources
        } else {
            self.model.runs.iter().any(|&run| in_run(run, position))
        }
    }

    pub(crate) fn place(&self, line: Line) -> Option<Place> {
        let number = line.number();
        if number < self.span {
            return self.has_source(number).then_some(Place::Source(number));
        }
        let special = number - self.span;
        let ipis = u16::from(self.model.ipis);
        if special < ipis {
            Some(Place::Ipi(special as u8))
        } else if special < ipis + u16::from(self.model.timers) {
            Some(Place::Timer((special - ipis) as u8))
        } else {
            None
        }
    }

    pub(crate) fn kind(&self, place: Place) -> LineKind {
        match place {
            Place::Source(position) if self.model.freescale && in_run(MESSAGE_SOURCES, position) => LineKind::Message,
            Place::Source(position) if self.model.msi.number(position).is_some() => LineKind::Msi,
            Place::Source(_) => LineKind::Source,
            Place::Ipi(_) => LineKind::InterProcessor,
            Place::Timer(_) => LineKind::Timer,
        }
    }

    /// Whether the sense bit exists; where it does not, sources are level.
    pub(crate) const fn has_sense(&self, place: Place) -> bool {
        matches!(place, Place::Source(position) if !self.model.freescale || position < FIRST_INTERNAL)
    }

    /// Inputs are level; wires are active low, Freescale's internal signals active high.
    pub(crate) const fn default_trigger(&self, place: Place) -> u32 {
        match place {
            Place::Source(_) if self.has_sense(place) => VPR_LEVEL,
            Place::Source(_) => VPR_HIGH,
            Place::Ipi(_) | Place::Timer(_) => 0,
        }
    }

    /// The trigger bits for `mode`, or `None` if the line cannot have it.
    pub(crate) const fn trigger_bits(&self, place: Place, mode: TriggerMode) -> Option<u32> {
        let high = if mode.is_active_high() { VPR_HIGH } else { 0 };
        match (self.has_sense(place), mode.is_level()) {
            (true, true) => Some(high | VPR_LEVEL),
            (false, true) | (true, false) => Some(high),
            (false, false) => None,
        }
    }
}

/// The priorities: 0 would never interrupt.
pub(crate) const PRIORITIES: PriorityRange = match PriorityRange::new(1, 15) {
    Some(range) => range,
    None => unreachable!(),
};

impl<B: Bus, H> OpenPic<B, H> {
    /// What was found at start.
    pub const fn identity(&self) -> Identity {
        self.shape.identity
    }

    /// The model that it was started as.
    pub const fn model(&self) -> &Model {
        &self.shape.model
    }

    /// The line of source `position`, by its place in the register map.
    pub fn source_line(&self, position: u16) -> Result<Line, PicError> {
        let line = Line::new(position);
        match self.place(line)? {
            Place::Source(_) => Ok(line),
            _ => Err(PicError::NoSuchLine { line, count: self.shape.span }),
        }
    }

    pub(crate) fn place(&self, line: Line) -> Result<Place, PicError> {
        self.shape.place(line).ok_or(PicError::NoSuchLine { line, count: self.shape.lines() })
    }

    /// The CPUs that it serves.
    pub(crate) const fn cpus(&self) -> CpuMask {
        CpuMask::first(self.shape.identity.cpus as usize)
    }

    pub(crate) fn check_priority(&self, priority: Priority) -> Result<(), PicError> {
        if PRIORITIES.contains(priority) { Ok(()) } else { Err(PicError::BadPriority { priority, range: PRIORITIES }) }
    }

    /// Not empty, and no CPU that the controller does not serve.
    pub(crate) fn check_cpu_mask(&self, cpus: CpuMask, line: Line) -> Result<(), PicError> {
        if cpus.is_empty() || cpus.and(self.cpus()) != cpus {
            return Err(PicError::NotRoutable { line, cpus });
        }
        Ok(())
    }

    pub(crate) const fn unsupported(capability: Capability, line: Line) -> PicError {
        PicError::Unsupported { capability, line: Some(line) }
    }

    /// Changes a vector/priority register other than its mask bit: vector, priority, sense and polarity must
    /// not change while the line is requested or in service, so it is masked and its activity waited
    /// for. On a time-out nothing has changed.
    pub(crate) fn update(&self, line: Line, place: Place, change: impl FnOnce(u32) -> u32) -> Result<(), PicError> {
        let register = place.vpr();
        let old = self.bus.read(register) & !VPR_ACTIVITY;
        self.bus.write(register, old | VPR_MASK);
        let mut reads = 0;
        while self.bus.read(register) & VPR_ACTIVITY != 0 {
            reads += 1;
            if reads >= self.patience {
                self.bus.write(register, old);
                return Err(PicError::Timeout { what: "the activity bit", line: Some(line) });
            }
        }
        // First masked: sense and mask must not change in one store, or a wrong edge comes through.
        let new = change(old);
        self.bus.write(register, new | VPR_MASK);
        self.bus.write(register, new);
        Ok(())
    }
}
