// SPDX-License-Identifier: MIT OR Apache-2.0
//! Taking a controller into service.

use hal_exc_api::pic::{CpuId, CpuMask, Line, Priority, Vector};

use crate::StartError;
use crate::bus::Bus;
use crate::handshake::{ByRegister, Handshake};
use crate::model::{CriticalStyle, Identity, MESSAGE_SOURCES, Model};
use crate::msi_layout::MsiLayout;
use crate::pic::{MAX_LINES, OpenPic, Place, Shape};
use crate::registers::{self, *};
use crate::vectors::VectorMap;

/// How to start a controller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Config {
    /// Which one it is.
    pub model: Model,
    /// The CPU that every line goes to at first.
    pub boot_cpu: CpuId,
    /// The priority that every line has at first, 1 to 15.
    pub priority: Priority,
    /// How often a register is looked at before a wait is given up. A look takes at least a bus cycle.
    pub patience: u32,
    /// Tick rate of the timers in Hz, if the board knows it; else what firmware left in the frequency register.
    pub timer_hz: Option<u32>,
}

impl Config {
    /// The usual: CPU 0, priority 8, a million looks.
    pub const fn new(model: Model) -> Self {
        Self { model, boot_cpu: CpuId::BOOT, priority: Priority::new(8), patience: 1_000_000, timer_hz: None }
    }
}

/// Reads what the controller says about itself; touches nothing.
pub fn identify<B: Bus>(bus: &B, model: &Model) -> Result<Identity, StartError> {
    let frr = bus.read(FRR);
    if frr == 0 || frr == u32::MAX {
        return Err(StartError::Absent { word: frr });
    }
    let version = frr as u8;
    if !(1..=3).contains(&version) {
        return Err(StartError::UnknownVersion { version });
    }
    let brr1 = if model.freescale { bus.read(BRR1) } else { 0 };
    if model.freescale && (brr1 >> 16 != 0x0040 || !(2..=4).contains(&(brr1 >> 8 & 0xFF))) {
        return Err(StartError::NotFreescale { word: brr1 });
    }
    let sources = (frr >> 16 & 0x7FF) as u16 + 1 + model.missing_sources;
    let cpus = (frr >> 8 & 0x1F) as u8 + 1;
    // Where the model names the positions, the count does not say where they end.
    if model.runs.is_empty() && sources > most_sources(model) {
        return Err(StartError::TooLarge { sources, cpus });
    }
    if matches!(model.msi, MsiLayout::Msiir1 { .. }) && (brr1 & 0xFFFF) < 0x0403 {
        return Err(StartError::NoMsiir1 { word: brr1 });
    }
    Ok(Identity { frr, brr1, sources, cpus })
}

/// Source positions that every Freescale MPIC has a line number for, and the most that an 8-bit vector is used with.
const USUAL_POSITIONS: u16 = 256;

/// Most source positions that the driver manages.
const fn most_sources(model: &Model) -> u16 {
    if model.vector_bits > 8 { MAX_LINES - model.ipis as u16 - model.timers as u16 } else { USUAL_POSITIONS }
}

impl<B: Bus> OpenPic<B> {
    /// Takes the controller into service: identifies it, resets it (bounded), masks every line and gives each a
    /// vector, a priority and a destination, stops the timers, and selects mixed mode. Every CPU is
    /// held back until it calls [`init_cpu`](hal_exc_api::pic::CpuInterface::init_cpu).
    pub fn start(bus: B, config: &Config) -> Result<Self, StartError> {
        Self::start_with(bus, config, ByRegister)
    }
}

impl<B: Bus, H: Handshake> OpenPic<B, H> {
    /// As [`start`](OpenPic::start), with another [`Handshake`].
    pub fn start_with(bus: B, config: &Config, handshake: H) -> Result<Self, StartError> {
        let identity = identify(&bus, &config.model)?;
        if H::PROXY && identity.mpic_version().is_none_or(|(major, _)| major < 4) {
            return Err(StartError::NoExternalProxy { word: identity.brr1 });
        }
        if H::MPIC_LINES.is_some() && !(config.model.freescale && config.model.vector_bits == 16) {
            return Err(StartError::NotFreescale { word: identity.brr1 });
        }
        let pic = Self::describe(bus, config, identity, handshake);
        if let Some(handshake) = H::MPIC_LINES
            && handshake != pic.shape.lines()
        {
            return Err(StartError::OtherLines { handshake, controller: pic.shape.lines() });
        }
        pic.check_cpu_mask(CpuMask::only(config.boot_cpu), Line::new(0))?;
        pic.check_priority(config.priority)?;
        if config.model.can_reset {
            pic.reset()?;
        }
        pic.set_up(config)?;
        Ok(pic)
    }

    fn describe(bus: B, config: &Config, identity: Identity, handshake: H) -> Self {
        let model = config.model;
        let end = |(first, count): (u16, u16)| first + count;
        let mut span = if model.runs.is_empty() { identity.sources } else { 0 };
        for &run in model.runs {
            span = span.max(end(run).min(most_sources(&model)));
        }
        if model.freescale {
            // All positions have a number, so that the lines behind them are the same on every MPIC.
            span = span.max(USUAL_POSITIONS).max(end(MESSAGE_SOURCES)).max(model.msi.end());
        }
        let critical = match identity.mpic_version() {
            None => CriticalStyle::None,
            Some((major, _)) if major >= 4 => CriticalStyle::LevelRegister,
            Some(_) => CriticalStyle::DestinationBits,
        };
        let shape = Shape { model, identity, span, critical };
        let vectors = VectorMap::new(shape.lines(), model.vector_bits);
        Self { bus, handshake, vectors, shape, patience: config.patience, timer_hz: config.timer_hz }
    }

    /// Resets the controller: everything masked, nothing pending or in service. Bounded.
    pub(crate) fn reset(&self) -> Result<(), StartError> {
        self.bus.write(GCR, GCR_RESET);
        let mut reads = 0;
        while self.bus.read(GCR) & GCR_RESET != 0 {
            reads += 1;
            if reads >= self.patience {
                return Err(StartError::StuckInReset { reads });
            }
        }
        Ok(())
    }

    fn set_up(&self, config: &Config) -> Result<(), StartError> {
        for cpu in self.cpus() {
            self.bus.write(task_priority(cpu), CTPR_ALL);
        }
        let spurious = self.vectors.spurious();
        self.bus.write(SVR, spurious);
        let read = self.bus.read(SVR);
        if read != spurious {
            return Err(StartError::NotWritable { written: Vector::new(spurious as u16), read });
        }
        let destination = CpuMask::only(config.boot_cpu).bits();
        let priority = u32::from(config.priority.level()) << VPR_PRIORITY_SHIFT;
        for line in (0..self.shape.lines()).map(Line::new) {
            let Some(place) = self.shape.place(line) else { continue };
            if let Place::Timer(number) = place {
                self.bus.write(timer_base(number), TIMER_STOP);
            }
            let vector = self.vectors.of(line).unwrap_or(spurious);
            let trigger = self.shape.default_trigger(place);
            self.update(line, place, |_| priority | vector | trigger | VPR_MASK)?;
            match place {
                Place::Source(position) => {
                    if self.shape.critical == CriticalStyle::LevelRegister {
                        self.bus.write(source_level(position), ILR_INT);
                    }
                    self.bus.write(source_destination(position), destination);
                }
                Place::Timer(number) => self.bus.write(timer_destination(number), destination),
                Place::Ipi(_) => {}
            }
        }
        if self.shape.model.freescale {
            for number in 0..8 {
                self.bus.write(message_enable(number), 0);
                // Reading clears what a former owner left.
                let _ = self.bus.read(message(number));
            }
        }
        let msi = self.shape.model.msi;
        for number in 0..msi.registers() {
            let _ = self.bus.read(msi.register(number));
        }
        if let Some(ratio) = config.model.serial_ratio {
            self.bus.write(EICR, EICR_SERIAL | u32::from(ratio & 7) << EICR_RATIO_SHIFT);
        }
        self.bus.write(GCR, if H::PROXY { registers::GCR_PROXY } else { GCR_MIXED });
        Ok(())
    }
}
