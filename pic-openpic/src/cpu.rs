// SPDX-License-Identifier: MIT OR Apache-2.0
//! What there is per CPU: acknowledge and end, task priority, inter-processor interrupts, bring-up.

use hal_exc_api::pic::{
    Acknowledge, Acknowledged, Claim, CpuId, CpuInterface, CpuMask, InterProcessor, InterruptController, IpiTarget,
    Line, PicError, Priority, TaskPriority, Vector,
};

use crate::bus::{Bus, after_branch, complete, order_io};
use crate::handshake::Handshake;
use crate::pic::OpenPic;
use crate::registers::{CTPR_ALL, end, ipi_dispatch, task_priority};

/// An interrupt in service. Ended by [`Acknowledge::end`].
///
/// What was not acknowledged cannot be ended:
///
/// ```compile_fail,E0451
/// use hal_exc_api::pic::{Acknowledge, Line};
/// use pic_openpic::{InService};
/// fn forge<P: Acknowledge<Claim = InService>>(pic: &P) { pic.end(InService { line: Line::new(0), cpu: hal_exc_api::pic::CpuId::BOOT }); }
/// ```
///
/// Nor can it be ended twice:
///
/// ```compile_fail,E0382
/// use hal_exc_api::pic::Acknowledge;
/// use pic_openpic::{InService};
/// fn twice<P: Acknowledge<Claim = InService>>(pic: &P, claim: InService) { pic.end(claim); pic.end(claim); }
/// ```
///
/// Once is right:
///
/// ```
/// use hal_exc_api::pic::Acknowledge;
/// use pic_openpic::{InService};
/// fn once<P: Acknowledge<Claim = InService>>(pic: &P, claim: InService) { pic.end(claim); }
/// ```
#[derive(Debug)]
#[must_use = "an interrupt that is not ended blocks its line and everything less urgent"]
pub struct InService {
    line: Line,
    cpu: CpuId,
}

impl Claim for InService {
    #[inline(always)]
    fn line(&self) -> Line {
        self.line
    }
}

/// Answers of `indirect` that are no line.
const SPURIOUS: u32 = 1 << 16;
const UNKNOWN: u32 = 2 << 16;

/// The CPU's output stays asserted while something deliverable is pending, so one acknowledge per
/// exception is enough.
impl<B: Bus, H: Handshake> Acknowledge for OpenPic<B, H> {
    type Claim = InService;

    #[inline(always)]
    fn acknowledge(&self, cpu: CpuId) -> Acknowledged<InService> {
        let answer = self.acknowledge_before_barrier(cpu);
        // The handlers' loads must not run ahead of the answer, which was branched on.
        after_branch();
        answer
    }

    #[inline(always)]
    fn end(&self, claim: InService) {
        // The handlers' accesses come before the end.
        order_io();
        self.end_after_barrier(claim);
    }

    #[inline(always)]
    fn acknowledge_before_barrier(&self, cpu: CpuId) -> Acknowledged<InService> {
        let mut vector = self.handshake.vector(&self.bus, cpu);
        // A Freescale MPIC's lines are known: a constant instead of a load.
        let direct = match H::MPIC_LINES {
            Some(lines) => vector < u32::from(lines),
            None => self.vectors.is_direct(vector),
        };
        if !direct {
            if H::MPIC_LINES.is_some() {
                // There every line is direct: nothing comes back from here to the hot path.
                return self.no_line(vector);
            }
            vector = self.indirect(vector);
            if vector == SPURIOUS {
                return Acknowledged::Spurious;
            }
            if vector > u32::from(u16::MAX) {
                return Acknowledged::Unknown(Vector::new(vector as u16));
            }
        }
        Acknowledged::Claimed(InService { line: Line::new(vector as u16), cpu })
    }

    #[inline(always)]
    fn end_after_barrier(&self, claim: InService) {
        self.handshake.end(&self.bus, claim.cpu);
    }
}

impl<B: Bus, H: Handshake> OpenPic<B, H> {
    /// What a vector beyond the direct ones means: a line, [`SPURIOUS`], or [`UNKNOWN`] and the vector. A number rather than
    /// the enum, so that nothing goes through memory.
    #[cold]
    #[inline(never)]
    fn indirect(&self, vector: u32) -> u32 {
        if vector == self.vectors.spurious() {
            return SPURIOUS;
        }
        match self.vectors.indirect(vector) {
            Some(line) => u32::from(line.number()),
            None => UNKNOWN | vector & 0xFFFF,
        }
    }

    #[cold]
    #[inline(always)]
    fn no_line(&self, vector: u32) -> Acknowledged<InService> {
        if vector == self.vectors.spurious() {
            return Acknowledged::Spurious;
        }
        Acknowledged::Unknown(Vector::new(vector as u16))
    }

    pub(crate) fn send_to(&self, from: CpuId, number: u8, to: CpuMask) -> Result<(), PicError> {
        self.check_cpu(from)?;
        if let Some(cpu) = to.iter().find(|&cpu| !self.cpus().contains(cpu)) {
            return Err(PicError::NoSuchCpu { cpu, count: self.shape.identity.cpus });
        }
        if !to.is_empty() {
            // What was stored before is visible to the receiver.
            complete();
            self.bus.write(ipi_dispatch(from, number), to.bits());
        }
        Ok(())
    }

    fn check_ipi(&self, number: u8) -> Result<(), PicError> {
        let count = self.shape.model.ipis;
        if number < count { Ok(()) } else { Err(PicError::NoSuchIpi { number, count }) }
    }

    /// Ends whatever is in service on `cpu`. One interrupt per priority can be; an end too many is ignored.
    fn drain(&self, cpu: CpuId) {
        for _ in 0..=CTPR_ALL {
            self.bus.write(end(cpu), 0);
        }
    }
}

impl<B: Bus, H: Handshake> CpuInterface for OpenPic<B, H> {
    fn init_cpu(&self, cpu: CpuId) -> Result<(), PicError> {
        self.quiet_cpu(cpu)?;
        self.bus.write(task_priority(cpu), 0);
        Ok(())
    }

    fn quiet_cpu(&self, cpu: CpuId) -> Result<(), PicError> {
        self.check_cpu(cpu)?;
        self.bus.write(task_priority(cpu), CTPR_ALL);
        // Read back: the threshold is in force before anything is ended, and somebody is there.
        if self.bus.read(task_priority(cpu)) != CTPR_ALL {
            return Err(PicError::Timeout { what: "the task priority register", line: None });
        }
        self.drain(cpu);
        Ok(())
    }
}

impl<B: Bus, H: Handshake> TaskPriority for OpenPic<B, H> {
    fn set_threshold(&self, cpu: CpuId, threshold: Option<Priority>) -> Result<(), PicError> {
        self.check_cpu(cpu)?;
        let level = match threshold {
            None => 0,
            Some(priority) => {
                self.check_priority(priority)?;
                u32::from(priority.level())
            }
        };
        self.bus.write(task_priority(cpu), level);
        // Read back: on return the threshold is in force.
        let _ = self.bus.read(task_priority(cpu));
        Ok(())
    }

    fn threshold(&self, cpu: CpuId) -> Result<Option<Priority>, PicError> {
        self.check_cpu(cpu)?;
        Ok(match self.bus.read(task_priority(cpu)) & 0xF {
            0 => None,
            level => Some(Priority::new(level as u8)),
        })
    }
}

impl<B: Bus, H: Handshake> InterProcessor for OpenPic<B, H> {
    fn ipi_count(&self) -> u8 {
        self.shape.model.ipis
    }

    fn ipi_line(&self, number: u8) -> Result<Line, PicError> {
        self.check_ipi(number)?;
        Ok(Line::new(self.shape.span + u16::from(number)))
    }

    fn send(&self, from: CpuId, number: u8, to: IpiTarget) -> Result<(), PicError> {
        self.check_ipi(number)?;
        self.send_to(from, number, to.resolve(from, self.shape.identity.cpus))
    }
}
