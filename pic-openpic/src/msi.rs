// SPDX-License-Identifier: MIT OR Apache-2.0
//! Shared message-signalled interrupts (Freescale): banks of eight or sixteen registers of 32 bits, each
//! register on a line of its own.
//!
//! A device writes a word to the index register, which sets one bit of one register and raises that register's
//! line. Reading the register answers all its bits and clears them. So each register is a controller of
//! 32 lines, cascaded below its line; a board uses as many as it needs.

use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::pic::{
    Acknowledge, Acknowledged, Capability, Cascaded, Claim, CpuId, InterruptController, Line, LineAttributes, LineInfo,
    LineKind, LineMask, LinePending, Msi, MsiMessage, PicError, TriggerMode,
};

use crate::bus::{Bus, complete};
use crate::handshake::Handshake;
use crate::msi_layout::MsiLayout;
use crate::pic::OpenPic;

/// Bits of a register.
const BITS: u16 = 32;
/// How often the register is read before the line above is left, so that a flood cannot keep the CPU.
const READS: u32 = 4;

/// One register of shared message-signalled interrupts: a controller of 32 lines below the line that
/// [`upstream`](Self::upstream) names.
pub struct SharedMsi<B> {
    bus: B,
    layout: MsiLayout,
    number: u8,
    cpus: u8,
    address: u64,
    /// Taken from the register and not yet served.
    pending: AtomicU32,
    enabled: AtomicU32,
    allocated: AtomicU32,
    reads: AtomicU32,
    /// Bits of masked lines that the current burst took from the register.
    masked: AtomicU32,
}

/// A message-signalled interrupt in service.
///
/// What was not acknowledged cannot be ended:
///
/// ```compile_fail,E0423
/// use hal_exc_api::pic::{Acknowledge, Line};
/// use pic_openpic::{MsiInService};
/// fn forge<P: Acknowledge<Claim = MsiInService>>(pic: &P) { pic.end(MsiInService(Line::new(0))); }
/// ```
///
/// Nor can it be ended twice:
///
/// ```compile_fail,E0382
/// use hal_exc_api::pic::Acknowledge;
/// use pic_openpic::{MsiInService};
/// fn twice<P: Acknowledge<Claim = MsiInService>>(pic: &P, claim: MsiInService) { pic.end(claim); pic.end(claim); }
/// ```
///
/// Once is right:
///
/// ```
/// use hal_exc_api::pic::Acknowledge;
/// use pic_openpic::{MsiInService};
/// fn once<P: Acknowledge<Claim = MsiInService>>(pic: &P, claim: MsiInService) { pic.end(claim); }
/// ```
#[derive(Debug)]
#[must_use = "an interrupt that is not ended is an interrupt lost"]
pub struct MsiInService(Line);

impl Claim for MsiInService {
    #[inline]
    fn line(&self) -> Line {
        self.0
    }
}

impl<B: Bus + Clone, H: Handshake> OpenPic<B, H> {
    /// Register `number` (counted through the banks, below [`MsiLayout::registers`]) as a controller. `index_address` is the
    /// address of its bank's index register
    /// ([`shared_msi_index`](crate::registers::shared_msi_index), from MPIC 4.3 on
    /// [`shared_msi_index_1`](crate::registers::shared_msi_index_1)) as the devices see it. To be called once per register.
    /// [`PicError::Unsupported`] without shared MSI, [`PicError::NoSuchMsiRegister`] beyond the last register.
    pub fn shared_msi(&self, number: u8, index_address: u64) -> Result<SharedMsi<B>, PicError> {
        let layout = self.shape.model.msi;
        if layout == MsiLayout::None {
            return Err(PicError::Unsupported { capability: Capability::Msi, line: None });
        }
        if number >= layout.registers() {
            return Err(PicError::NoSuchMsiRegister { number, count: layout.registers() });
        }
        Ok(SharedMsi {
            bus: self.bus.clone(),
            layout,
            number,
            cpus: self.shape.identity.cpus,
            address: index_address,
            pending: AtomicU32::new(0),
            enabled: AtomicU32::new(0),
            allocated: AtomicU32::new(0),
            reads: AtomicU32::new(0),
            masked: AtomicU32::new(0),
        })
    }
}

impl<B: Bus> SharedMsi<B> {
    /// The line of the MPIC that this register raises.
    pub const fn upstream(&self) -> Line {
        Line::new(self.layout.source(self.number))
    }

    fn bit(&self, line: Line) -> Result<u32, PicError> {
        self.check_line(line)?;
        Ok(1 << line.number())
    }

    /// The word that sets the bit of `line`.
    const fn data(&self, line: Line) -> u32 {
        self.layout.data(self.number, line.number())
    }

    fn take_register(&self) -> u32 {
        self.bus.read(self.layout.register(self.number))
    }

    /// Allocates from the first of `registers` that has a message left, and says which that is.
    /// [`PicError::NoFreeMsi`] with their sum if none has. Serialised by the caller.
    pub fn allocate_from(registers: &[Self]) -> Result<(&Self, MsiMessage), PicError> {
        for register in registers {
            match register.allocate_msi() {
                Ok(message) => return Ok((register, message)),
                Err(PicError::NoFreeMsi { .. }) => {}
                Err(other) => return Err(other),
            }
        }
        Err(PicError::NoFreeMsi { count: BITS.saturating_mul(registers.len() as u16) })
    }

    /// Has the hardware set the bit again: it is served with the next interrupt of the line above.
    fn fire(&self, line: Line) {
        complete();
        self.bus.write(self.layout.index_register(self.number), self.data(line));
    }
}

impl<B: Bus> InterruptController for SharedMsi<B> {
    fn line_count(&self) -> u16 {
        BITS
    }

    fn line_kind(&self, line: Line) -> Option<LineKind> {
        (line.number() < BITS).then_some(LineKind::Msi)
    }

    fn cpu_count(&self) -> u8 {
        self.cpus
    }
}

impl<B: Bus> Acknowledge for SharedMsi<B> {
    type Claim = MsiInService;

    /// The highest bit first. Bits that are masked wait for [`LineMask::enable`].
    fn acknowledge(&self, _: CpuId) -> Acknowledged<MsiInService> {
        if self.pending.load(Ordering::Acquire) & self.enabled.load(Ordering::Relaxed) == 0
            && self.reads.load(Ordering::Relaxed) < READS
        {
            let taken = self.take_register();
            let masked = taken & !self.enabled.load(Ordering::Relaxed);
            let first = self.reads.fetch_add(1, Ordering::Relaxed) == 0;
            self.masked
                .store(if first { masked } else { self.masked.load(Ordering::Relaxed) | masked }, Ordering::Relaxed);
            self.pending.fetch_or(taken, Ordering::AcqRel);
        }
        let ready = self.pending.load(Ordering::Acquire) & self.enabled.load(Ordering::Relaxed);
        let Some(highest) = ready.checked_ilog2() else {
            self.reads.store(0, Ordering::Relaxed);
            return Acknowledged::Spurious;
        };
        self.pending.fetch_and(!(1 << highest), Ordering::AcqRel);
        Acknowledged::Claimed(MsiInService(Line::new(highest as u16)))
    }

    /// Nothing: the bit was cleared when the register was read.
    fn end(&self, _: MsiInService) {}
}

impl<B: Bus> Cascaded for SharedMsi<B> {
    fn upstream_trigger(&self) -> TriggerMode {
        TriggerMode::LevelHigh
    }

    /// Enough for [`acknowledge`](Acknowledge::acknowledge) to come to its own end: what it took
    /// from the register must not be left behind.
    fn burst_limit(&self) -> u16 {
        BITS * READS as u16 + 1
    }

    fn took_masked(&self) -> bool {
        self.masked.load(Ordering::Relaxed) != 0
    }
}

impl<B: Bus> LineMask for SharedMsi<B> {
    fn enable(&self, line: Line) -> Result<(), PicError> {
        let bit = self.bit(line)?;
        self.enabled.fetch_or(bit, Ordering::AcqRel);
        if self.pending.fetch_and(!bit, Ordering::AcqRel) & bit != 0 {
            // It came while it was masked.
            self.fire(line);
        }
        Ok(())
    }

    fn disable(&self, line: Line) -> Result<(), PicError> {
        let bit = self.bit(line)?;
        self.enabled.fetch_and(!bit, Ordering::AcqRel);
        Ok(())
    }

    fn is_enabled(&self, line: Line) -> Result<bool, PicError> {
        let bit = self.bit(line)?;
        Ok(self.enabled.load(Ordering::Relaxed) & bit != 0)
    }
}

impl<B: Bus> LinePending for SharedMsi<B> {
    /// Whether the bit was taken from the register and waits; what is still in the register cannot be looked
    /// at without clearing it.
    fn is_pending(&self, line: Line) -> Result<bool, PicError> {
        let bit = self.bit(line)?;
        Ok(self.pending.load(Ordering::Relaxed) & bit != 0)
    }

    fn raise(&self, _: CpuId, line: Line) -> Result<(), PicError> {
        self.check_line(line)?;
        self.fire(line);
        Ok(())
    }

    /// Forgets the bit; other bits that were in the register are set again.
    fn clear(&self, line: Line) -> Result<(), PicError> {
        let bit = self.bit(line)?;
        self.pending.fetch_and(!bit, Ordering::AcqRel);
        let others = self.take_register() & !bit;
        for number in (0..BITS).filter(|number| others & 1 << number != 0) {
            self.fire(Line::new(number));
        }
        Ok(())
    }
}

impl<B: Bus> LineInfo for SharedMsi<B> {
    fn line_attributes(&self, line: Line) -> Result<LineAttributes, PicError> {
        self.check_line(line)?;
        let mut attributes = LineAttributes::fixed(LineKind::Msi);
        attributes.can_mask = true;
        attributes.can_read_pending = true;
        attributes.can_raise = true;
        attributes.can_clear = true;
        Ok(attributes)
    }
}

impl<B: Bus> Msi for SharedMsi<B> {
    fn msi_count(&self) -> u16 {
        BITS
    }

    fn allocate_msi(&self) -> Result<MsiMessage, PicError> {
        let allocated = self.allocated.load(Ordering::Relaxed);
        let number = allocated.trailing_ones() as u16;
        if number >= BITS {
            return Err(PicError::NoFreeMsi { count: BITS });
        }
        let line = Line::new(number);
        self.disable(line)?;
        self.clear(line)?;
        self.allocated.store(allocated | 1 << number, Ordering::Relaxed);
        Ok(MsiMessage { line, address: self.address, data: self.data(line) })
    }

    /// The line is masked, and what the device still sends stays without effect.
    fn free_msi(&self, line: Line) -> Result<(), PicError> {
        let bit = self.bit(line)?;
        let allocated = self.allocated.load(Ordering::Relaxed);
        if allocated & bit == 0 {
            return Err(PicError::MsiNotAllocated { line });
        }
        self.disable(line)?;
        self.allocated.store(allocated & !bit, Ordering::Relaxed);
        Ok(())
    }
}
