// SPDX-License-Identifier: MIT OR Apache-2.0
//! A pair of Intel 8259A interrupt controllers cascaded below a line, as PCI-to-ISA bridges have it.
//!
//! Lines 0 to 7 are the first controller's inputs, 8 to 15 the second's; input 2 of the first is the second and is
//! no line. Priorities are fixed: 0 is the most urgent, 8 to 15 come between 1 and 3.
//!
//! An interrupt whose input goes away between request and acknowledge answers as input 7 of its controller. The
//! real input 7 has its in-service bit set then; without it the interrupt is spurious: the second's must still
//! be ended at the first.
//!
//! Intel 8259A data sheet; bits as there.

use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::pic::{
    Acknowledge, Acknowledged, Capability, Cascaded, Claim, CpuId, InterruptController, Line, LineAttributes, LineInfo,
    LineKind, LineMask, LinePending, LineTrigger, PicError, TriggerMode,
};

/// How the pair is reached.
pub trait Ports: Sync {
    /// Reads port `A0` of controller 0 (first) or 1 (second).
    fn read(&self, controller: u8, a0: bool) -> u8;
    /// Writes port `A0` of controller 0 or 1.
    fn write(&self, controller: u8, a0: bool, value: u8);
    /// Reads or writes the edge/level register of controller 0 (port 0x4D0) or 1 (0x4D1); a bridge without one
    /// answers `None`.
    fn edge_level(&self, controller: u8, value: Option<u8>) -> Option<u8> {
        let _ = (controller, value);
        None
    }
    /// Runs an interrupt acknowledge cycle and answers the vector, where the bridge has a register for it.
    /// `None`: the driver polls, which every 8259A can.
    fn acknowledge(&self) -> Option<u8> {
        None
    }
}

/// ICW1: begin, more words follow.
const ICW1: u8 = 0x11;
/// ICW4: 8086 mode, explicit end of interrupt.
const ICW4: u8 = 0x01;
/// OCW2: specific end of interrupt of the input in bits 2:0.
const OCW2_SPECIFIC_END: u8 = 0x60;
/// OCW3: the next read answers the request register.
const OCW3_READ_REQUEST: u8 = 0x0A;
/// OCW3: the next read answers the in-service register.
const OCW3_READ_SERVICE: u8 = 0x0B;
/// OCW3: the next read is a poll: it acknowledges.
const OCW3_POLL: u8 = 0x0C;
/// Poll answer: there is an interrupt.
const POLL_PENDING: u8 = 0x80;
/// The first's input that the second is on.
const CASCADE: u8 = 2;
const LINES: u16 = 16;

/// The pair. The mask register is kept in memory as well, because a read of it can be lost among polls.
pub struct I8259Pair<P> {
    ports: P,
    masked: AtomicU32,
    spurious: AtomicU32,
}

/// An interrupt in service.
///
/// What was not acknowledged cannot be ended:
///
/// ```compile_fail,E0423
/// use hal_exc_api::pic::{Acknowledge, Line};
/// use pic_openpic::{i8259::I8259InService};
/// fn forge<P: Acknowledge<Claim = I8259InService>>(pic: &P) { pic.end(I8259InService(Line::new(0))); }
/// ```
///
/// Nor can it be ended twice:
///
/// ```compile_fail,E0382
/// use hal_exc_api::pic::Acknowledge;
/// use pic_openpic::{i8259::I8259InService};
/// fn twice<P: Acknowledge<Claim = I8259InService>>(pic: &P, claim: I8259InService) { pic.end(claim); pic.end(claim); }
/// ```
///
/// Once is right:
///
/// ```
/// use hal_exc_api::pic::Acknowledge;
/// use pic_openpic::{i8259::I8259InService};
/// fn once<P: Acknowledge<Claim = I8259InService>>(pic: &P, claim: I8259InService) { pic.end(claim); }
/// ```
#[derive(Debug)]
#[must_use = "an interrupt that is not ended blocks everything less urgent"]
pub struct I8259InService(Line);

impl Claim for I8259InService {
    fn line(&self) -> Line {
        self.0
    }
}

impl<P: Ports> I8259Pair<P> {
    /// Initialises both controllers: vectors 0 to 15, everything masked but the cascade.
    /// [`PicError::Timeout`] if the mask registers do not keep what is written.
    pub fn start(ports: P) -> Result<Self, PicError> {
        for (controller, base, wiring) in [(0, 0, 1 << CASCADE), (1, 8, CASCADE)] {
            ports.write(controller, false, ICW1);
            ports.write(controller, true, base);
            ports.write(controller, true, wiring);
            ports.write(controller, true, ICW4);
        }
        let pair = Self { ports, masked: AtomicU32::new(0xFFFF), spurious: AtomicU32::new(0) };
        pair.write_masks();
        if pair.ports.read(0, true) != !(1 << CASCADE) || pair.ports.read(1, true) != 0xFF {
            return Err(PicError::Timeout { what: "the 8259's mask register", line: None });
        }
        Ok(pair)
    }

    /// How many interrupts were spurious.
    pub fn spurious_count(&self) -> u32 {
        self.spurious.load(Ordering::Relaxed)
    }

    fn write_masks(&self) {
        let masked = self.masked.load(Ordering::Relaxed);
        self.ports.write(0, true, masked as u8 & !(1 << CASCADE));
        self.ports.write(1, true, (masked >> 8) as u8);
    }

    fn command_read(&self, controller: u8, command: u8) -> u8 {
        self.ports.write(controller, false, command);
        self.ports.read(controller, false)
    }

    /// Acknowledges by polling: the input of `controller`.
    fn poll(&self, controller: u8) -> Option<u8> {
        let answer = self.command_read(controller, OCW3_POLL);
        (answer & POLL_PENDING != 0).then_some(answer & 7)
    }

    /// The line that a poll or an acknowledge cycle answers. A poll does not make up an input 7, but the
    /// first may answer for a second that has nothing any more.
    fn take(&self) -> Option<u8> {
        if let Some(vector) = self.ports.acknowledge() {
            return Some(vector & 0xF);
        }
        match self.poll(0)? {
            CASCADE => match self.poll(1) {
                Some(input) => Some(8 + input),
                None => {
                    self.end_input(0, CASCADE);
                    None
                }
            },
            input => Some(input),
        }
    }

    fn in_service(&self, line: u8) -> bool {
        self.command_read(line / 8, OCW3_READ_SERVICE) & 1 << (line % 8) != 0
    }

    fn end_input(&self, controller: u8, input: u8) {
        self.ports.write(controller, false, OCW2_SPECIFIC_END | input);
    }

    fn check(&self, line: Line) -> Result<u8, PicError> {
        self.check_line(line)?;
        Ok(line.number() as u8)
    }
}

impl<P: Ports> InterruptController for I8259Pair<P> {
    fn line_count(&self) -> u16 {
        LINES
    }

    fn line_kind(&self, line: Line) -> Option<LineKind> {
        (line.number() < LINES && line.number() != u16::from(CASCADE)).then_some(LineKind::Source)
    }

    /// As many as the line above can go to; the pair itself knows none.
    fn cpu_count(&self) -> u8 {
        CpuId::LIMIT as u8
    }
}

impl<P: Ports> Acknowledge for I8259Pair<P> {
    type Claim = I8259InService;
    const DRAIN: bool = true;

    fn acknowledge(&self, _: CpuId) -> Acknowledged<I8259InService> {
        let Some(line) = self.take() else { return Acknowledged::Spurious };
        if line % 8 == 7 && !self.in_service(line) {
            self.spurious.fetch_add(1, Ordering::Relaxed);
            if line == 15 {
                // The first did take the second's request.
                self.end_input(0, CASCADE);
            }
            return Acknowledged::Spurious;
        }
        Acknowledged::Claimed(I8259InService(Line::new(u16::from(line))))
    }

    fn end(&self, claim: I8259InService) {
        let line = claim.0.number() as u8;
        self.end_input(line / 8, line % 8);
        // The first is ended only when the second has nothing else in service.
        if line >= 8 && self.command_read(1, OCW3_READ_SERVICE) == 0 {
            self.end_input(0, CASCADE);
        }
    }
}

impl<P: Ports> Cascaded for I8259Pair<P> {
    fn upstream_trigger(&self) -> TriggerMode {
        TriggerMode::LevelHigh
    }

    fn burst_limit(&self) -> u16 {
        LINES
    }
}

impl<P: Ports> LineMask for I8259Pair<P> {
    fn enable(&self, line: Line) -> Result<(), PicError> {
        let number = self.check(line)?;
        self.masked.fetch_and(!(1 << number), Ordering::Relaxed);
        self.write_masks();
        Ok(())
    }

    fn disable(&self, line: Line) -> Result<(), PicError> {
        let number = self.check(line)?;
        self.masked.fetch_or(1 << number, Ordering::Relaxed);
        self.write_masks();
        Ok(())
    }

    fn is_enabled(&self, line: Line) -> Result<bool, PicError> {
        let number = self.check(line)?;
        Ok(self.masked.load(Ordering::Relaxed) & 1 << number == 0)
    }
}

impl<P: Ports> LinePending for I8259Pair<P> {
    fn is_pending(&self, line: Line) -> Result<bool, PicError> {
        let number = self.check(line)?;
        Ok(self.command_read(number / 8, OCW3_READ_REQUEST) & 1 << (number % 8) != 0)
    }

    /// Not possible.
    fn raise(&self, _: CpuId, line: Line) -> Result<(), PicError> {
        self.check_line(line)?;
        Err(PicError::Unsupported { capability: Capability::Raise, line: Some(line) })
    }

    /// Not possible.
    fn clear(&self, line: Line) -> Result<(), PicError> {
        self.check_line(line)?;
        Err(PicError::Unsupported { capability: Capability::Clear, line: Some(line) })
    }
}

impl<P: Ports> LineTrigger for I8259Pair<P> {
    /// Rising edge or level high, where the bridge has the register; inputs 0, 1, 8 and 13 are always edge.
    fn set_trigger(&self, line: Line, mode: TriggerMode) -> Result<(), PicError> {
        let number = self.check(line)?;
        let level = match mode {
            TriggerMode::LevelHigh if !matches!(number, 0 | 1 | 8 | 13) => true,
            TriggerMode::EdgeRising => false,
            _ => return Err(PicError::BadTrigger { line, mode }),
        };
        let (controller, bit) = (number / 8, 1 << (number % 8));
        let unsupported = PicError::Unsupported { capability: Capability::Trigger, line: Some(line) };
        let old = self.ports.edge_level(controller, None).ok_or(unsupported)?;
        self.ports.edge_level(controller, Some(if level { old | bit } else { old & !bit }));
        Ok(())
    }

    fn trigger(&self, line: Line) -> Result<TriggerMode, PicError> {
        let number = self.check(line)?;
        let unsupported = PicError::Unsupported { capability: Capability::Trigger, line: Some(line) };
        let word = self.ports.edge_level(number / 8, None).ok_or(unsupported)?;
        Ok(TriggerMode::from_parts(word & 1 << (number % 8) != 0, true))
    }
}

impl<P: Ports> LineInfo for I8259Pair<P> {
    fn line_attributes(&self, line: Line) -> Result<LineAttributes, PicError> {
        let number = self.check(line)?;
        let mut attributes = LineAttributes::fixed(LineKind::Source);
        attributes.can_mask = true;
        attributes.can_read_pending = true;
        attributes.can_set_trigger = self.ports.edge_level(number / 8, None).is_some();
        Ok(attributes)
    }
}
