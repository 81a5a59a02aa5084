// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can be asked of, and set on, single lines.

use hal_exc_api::pic::{
    Capability, CpuId, CpuMask, CriticalRouting, InterruptController, Line, LineAffinity, LineAttributes, LineInfo,
    LineKind, LineMask, LinePending, LinePriority, LineTrigger, Output, PicError, Priority, PriorityRange, TriggerMode,
};

use crate::bus::{Bus, complete};
use crate::handshake::Handshake;
use crate::model::{CriticalStyle, MESSAGE_SOURCES};
use crate::pic::{OpenPic, PRIORITIES, Place};
use crate::registers::{self, *};

impl<B: Bus, H: Handshake> InterruptController for OpenPic<B, H> {
    fn line_count(&self) -> u16 {
        self.shape.lines()
    }

    fn line_kind(&self, line: Line) -> Option<LineKind> {
        self.shape.place(line).map(|place| self.shape.kind(place))
    }

    fn cpu_count(&self) -> u8 {
        self.shape.identity.cpus
    }
}

impl<B: Bus, H: Handshake> LineMask for OpenPic<B, H> {
    /// [`PicError::NoFreeVector`] on an 8-bit controller with more than 247 sources, when too many of the high
    /// ones are enabled, or still in service, at once.
    fn enable(&self, line: Line) -> Result<(), PicError> {
        let place = self.place(line)?;
        let register = place.vpr();
        let vector = self.vectors.assign(line, |owner| self.is_over(owner))?;
        let field = self.vectors.spurious();
        if self.bus.read(register) & field != vector {
            self.update(line, place, |old| old & !field | vector)?;
        }
        let old = self.bus.read(register);
        self.bus.write(register, old & !(VPR_MASK | VPR_ACTIVITY));
        let now = self.bus.read(register);
        if now & (VPR_MASK | field) != vector {
            return Err(PicError::Timeout { what: "the vector/priority register", line: Some(line) });
        }
        Ok(())
    }

    /// A line that is routed to the critical or machine-check output ignores its mask bit:
    /// [`PicError::Unsupported`]. Route it back, or silence the device.
    fn disable(&self, line: Line) -> Result<(), PicError> {
        let place = self.place(line)?;
        if let Place::Source(position) = place
            && self.output_of(position) != Output::Normal
        {
            return Err(Self::unsupported(Capability::Mask, line));
        }
        let register = place.vpr();
        let old = self.bus.read(register);
        self.bus.write(register, old & !VPR_ACTIVITY | VPR_MASK);
        // Read back and complete: on return the store has reached the controller.
        let now = self.bus.read(register);
        complete();
        if now & VPR_MASK == 0 {
            return Err(PicError::Timeout { what: "the mask bit", line: Some(line) });
        }
        // A CPU that has acknowledged it may look the vector up only now: it stays until the end of interrupt.
        if now & VPR_ACTIVITY == 0 {
            self.vectors.give_back(line);
        }
        Ok(())
    }

    fn is_enabled(&self, line: Line) -> Result<bool, PicError> {
        let place = self.place(line)?;
        Ok(self.bus.read(place.vpr()) & VPR_MASK == 0)
    }
}

impl<B: Bus, H: Handshake> LinePending for OpenPic<B, H> {
    /// Reads the activity bit: requested **or in service**, the controller does not tell them apart. A masked line
    /// answers `false`.
    fn is_pending(&self, line: Line) -> Result<bool, PicError> {
        let place = self.place(line)?;
        Ok(self.bus.read(place.vpr()) & VPR_ACTIVITY != 0)
    }

    /// Inter-processor lines only.
    fn raise(&self, from: CpuId, line: Line) -> Result<(), PicError> {
        match self.place(line)? {
            Place::Ipi(number) => self.send_to(from, number, CpuMask::only(from)),
            _ => Err(Self::unsupported(Capability::Raise, line)),
        }
    }

    /// Message and shared MSI lines only: reading their register forgets what it held.
    fn clear(&self, line: Line) -> Result<(), PicError> {
        let place = self.place(line)?;
        match (place, self.shape.kind(place)) {
            (Place::Source(position), LineKind::Message) => {
                let _ = self.bus.read(message((position - MESSAGE_SOURCES.0) as u8));
                Ok(())
            }
            (Place::Source(position), LineKind::Msi) => {
                if let Some(number) = self.shape.model.msi.number(position) {
                    let _ = self.bus.read(self.shape.model.msi.register(number));
                }
                Ok(())
            }
            _ => Err(Self::unsupported(Capability::Clear, line)),
        }
    }
}

impl<B: Bus, H: Handshake> LinePriority for OpenPic<B, H> {
    /// 1 to 15, the hardware's own numbers.
    fn priority_range(&self) -> PriorityRange {
        PRIORITIES
    }

    fn set_priority(&self, line: Line, priority: Priority) -> Result<(), PicError> {
        let place = self.place(line)?;
        self.check_priority(priority)?;
        let bits = u32::from(priority.level()) << VPR_PRIORITY_SHIFT;
        self.update(line, place, |old| old & !VPR_PRIORITY | bits)
    }

    fn priority(&self, line: Line) -> Result<Priority, PicError> {
        let place = self.place(line)?;
        Ok(Priority::new((self.bus.read(place.vpr()) >> VPR_PRIORITY_SHIFT & 0xF) as u8))
    }
}

impl<B: Bus, H: Handshake> LineTrigger for OpenPic<B, H> {
    /// Freescale's internal sources are level only; timers and inter-processor interrupts have no trigger mode.
    fn set_trigger(&self, line: Line, mode: TriggerMode) -> Result<(), PicError> {
        let place = self.place(line)?;
        if !matches!(place, Place::Source(_)) {
            return Err(Self::unsupported(Capability::Trigger, line));
        }
        let bits = self.shape.trigger_bits(place, mode).ok_or(PicError::BadTrigger { line, mode })?;
        self.update(line, place, |old| old & !(VPR_HIGH | VPR_LEVEL) | bits)
    }

    fn trigger(&self, line: Line) -> Result<TriggerMode, PicError> {
        let place = self.place(line)?;
        if !matches!(place, Place::Source(_)) {
            return Err(Self::unsupported(Capability::Trigger, line));
        }
        let word = self.bus.read(place.vpr());
        let level = word & VPR_LEVEL != 0 || !self.shape.has_sense(place);
        Ok(TriggerMode::from_parts(level, word & VPR_HIGH != 0))
    }
}

impl<B: Bus, H: Handshake> LineAffinity for OpenPic<B, H> {
    /// One CPU on a Freescale MPIC and for timers; any non-empty set for the sources of others. Inter-processor
    /// interrupts are directed when they are sent.
    fn set_affinity(&self, line: Line, cpus: CpuMask) -> Result<(), PicError> {
        let place = self.place(line)?;
        if matches!(place, Place::Ipi(_)) {
            return Err(Self::unsupported(Capability::Affinity, line));
        }
        self.check_cpu_mask(cpus, line)?;
        let single = self.shape.model.freescale || matches!(place, Place::Timer(_));
        if single && cpus.len() != 1 {
            return Err(PicError::NotRoutable { line, cpus });
        }
        match place {
            Place::Source(position) => {
                let word =
                    if self.is_critical_by_destination(position) { critical_bits(cpus) } else { Some(cpus.bits()) };
                let word = word.ok_or(PicError::NotRoutable { line, cpus })?;
                self.bus.write(source_destination(position), word);
            }
            Place::Timer(number) => self.bus.write(timer_destination(number), cpus.bits()),
            Place::Ipi(_) => {}
        }
        complete();
        Ok(())
    }

    fn affinity(&self, line: Line) -> Result<CpuMask, PicError> {
        match self.place(line)? {
            Place::Source(position) => Ok(self.destination(position)),
            Place::Timer(number) => Ok(CpuMask::from_bits(self.bus.read(timer_destination(number)))),
            Place::Ipi(_) => Err(Self::unsupported(Capability::Affinity, line)),
        }
    }
}

/// The destination register's critical bits for `cpus`; the field has room for two CPUs.
fn critical_bits(cpus: CpuMask) -> Option<u32> {
    match cpus.bits() {
        0b01 => Some(IDR_CI0),
        0b10 => Some(IDR_CI0 >> 1),
        _ => None,
    }
}

impl<B: Bus, H: Handshake> OpenPic<B, H> {
    /// Whether `line` is masked and no CPU has it in service.
    fn is_over(&self, line: Line) -> bool {
        self.place(line).is_ok_and(|place| self.bus.read(place.vpr()) & (VPR_MASK | VPR_ACTIVITY) == VPR_MASK)
    }

    pub(crate) fn is_critical_by_destination(&self, position: u16) -> bool {
        self.shape.critical == CriticalStyle::DestinationBits
            && self.bus.read(source_destination(position)) & (IDR_CI0 | IDR_CI0 >> 1) != 0
    }

    fn destination(&self, position: u16) -> CpuMask {
        let word = self.bus.read(source_destination(position));
        if self.is_critical_by_destination(position) {
            let first = if word & IDR_CI0 != 0 { 1 } else { 0 };
            let second = if word & IDR_CI0 >> 1 != 0 { 2 } else { 0 };
            return CpuMask::from_bits(first | second);
        }
        CpuMask::from_bits(word).and(self.cpus())
    }

    pub(crate) fn output_of(&self, position: u16) -> Output {
        match self.shape.critical {
            CriticalStyle::None => Output::Normal,
            CriticalStyle::DestinationBits if self.is_critical_by_destination(position) => Output::Critical,
            CriticalStyle::DestinationBits => Output::Normal,
            CriticalStyle::LevelRegister => match self.bus.read(source_level(position)) & 0xFF {
                registers::ILR_CINT => Output::Critical,
                registers::ILR_MCP => Output::MachineCheck,
                _ => Output::Normal,
            },
        }
    }
}

impl<B: Bus, H: Handshake> CriticalRouting for OpenPic<B, H> {
    /// Sources of a Freescale MPIC: by the level register from 4.0 on, where the machine check is possible too;
    /// by bits in the destination register before, for the CPU that the line goes to.
    fn set_output(&self, line: Line, output: Output) -> Result<(), PicError> {
        let refused = Err(Self::unsupported(Capability::CriticalRouting, line));
        let Place::Source(position) = self.place(line)? else { return refused };
        match (self.shape.critical, output) {
            (CriticalStyle::LevelRegister, _) => {
                let level = match output {
                    Output::Normal => ILR_INT,
                    Output::Critical => ILR_CINT,
                    Output::MachineCheck => ILR_MCP,
                    _ => return refused,
                };
                self.bus.write(source_level(position), level);
            }
            (CriticalStyle::DestinationBits, Output::Normal) => {
                self.bus.write(source_destination(position), self.destination(position).bits());
            }
            (CriticalStyle::DestinationBits, Output::Critical) => {
                let cpus = self.destination(position);
                let word = critical_bits(cpus).ok_or(PicError::NotRoutable { line, cpus })?;
                self.bus.write(source_destination(position), word);
            }
            (CriticalStyle::None, Output::Normal) => {}
            _ => return refused,
        }
        complete();
        Ok(())
    }

    fn output(&self, line: Line) -> Result<Output, PicError> {
        Ok(match self.place(line)? {
            Place::Source(position) => self.output_of(position),
            _ => Output::Normal,
        })
    }
}

impl<B: Bus, H: Handshake> LineInfo for OpenPic<B, H> {
    fn line_attributes(&self, line: Line) -> Result<LineAttributes, PicError> {
        let place = self.place(line)?;
        let kind = self.shape.kind(place);
        let ipi = matches!(place, Place::Ipi(_));
        let source = matches!(place, Place::Source(_));
        let mut attributes = LineAttributes::fixed(kind);
        attributes.can_mask = !source || self.output(line)? == Output::Normal;
        attributes.can_read_pending = true;
        attributes.can_raise = ipi;
        attributes.can_raise_on = ipi;
        attributes.can_clear = matches!(kind, LineKind::Message | LineKind::Msi);
        attributes.can_set_priority = true;
        attributes.can_set_trigger = source;
        attributes.can_set_affinity = !ipi;
        attributes.can_set_output = source && self.shape.critical != CriticalStyle::None;
        Ok(attributes)
    }
}
