// SPDX-License-Identifier: MIT OR Apache-2.0
//! The mailboxes of the BCM2836's local block (ARM-local peripherals, QA7 rev 3.4, 4.8) as an interrupt controller: four
//! words for each core, set by one address and cleared by another, with an interrupt while not zero. The machine's only
//! way to signal a core.
//!
//! Bit *n* of a core's mailbox 0 is inter-processor interrupt *n* by IRQ, bit *n* of mailbox 1 the same by FIQ. The block has
//! no enable for a single bit and nothing like "in service": a disabled interrupt is dropped when it is seen, and one that
//! is taken is over.

use core::ptr::without_provenance_mut;
use core::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use arm_support::cpu;
use arm_support::gic::Gic;
use hal_exc_api::pic::{
    Acknowledge, Acknowledged, Capability, Claim, CpuId, CpuInterface, CpuMask, InterProcessor, InterruptController,
    IpiTarget, Line, LineAffinity, LineKind, LineMask, LinePending, LinePriority, LineTrigger, PicError, Priority,
    PriorityRange, TaskPriority, TriggerMode,
};
use hal_smp_arm::barrier;
use pic_gic::Error;

use crate::CORES;

/// The local block.
const LOCAL: usize = 0x4000_0000;
/// Mailbox interrupt control of core 0; a word for each core. Bits 3:0 send mailbox *n* to IRQ, bits 7:4 to FIQ.
const CONTROL: usize = LOCAL + 0x50;
/// Write-one-to-set side of core 0's mailbox 0; 4 bytes to the next mailbox, 16 to the next core.
const SET: usize = LOCAL + 0x80;
/// Write-one-to-clear side.
const CLEAR: usize = LOCAL + 0xc0;

/// Interrupts, a bit each.
const LINES: u16 = 32;
/// As many levels as the programs need.
const LEVELS: (u8, u8) = (1, 8);

/// Enabled on that core.
static ENABLED: [AtomicU32; CORES] = [const { AtomicU32::new(0) }; CORES];
/// By FIQ.
static FAST: AtomicU32 = AtomicU32::new(0);
static PRIORITY: [AtomicU8; LINES as usize] = [const { AtomicU8::new(LEVELS.0) }; LINES as usize];

fn write(address: usize, value: u32) {
    // SAFETY: a register of the local block, mapped as device memory; whole-word stores that need no turn-taking.
    unsafe { without_provenance_mut::<u32>(address).write_volatile(value) };
}

fn read(address: usize) -> u32 {
    // SAFETY: as for `write`; reading has no side effect.
    unsafe { without_provenance_mut::<u32>(address).read_volatile() }
}

/// Address of a core's mailbox, 0 for IRQ or 1 for FIQ, from core 0's mailbox 0.
const fn mailbox(core: usize, number: usize) -> usize {
    core * 16 + number * 4
}

/// The mailboxes.
#[derive(Debug)]
pub struct Mailboxes;

/// An interrupt that was taken.
#[derive(Debug)]
pub struct Taken(Line);

impl Claim for Taken {
    fn line(&self) -> Line {
        self.0
    }
}

impl Mailboxes {
    /// Takes the most urgent interrupt of this core's mailbox and drops what is not enabled.
    fn take(&self, core: usize, number: usize) -> Option<Line> {
        let address = CLEAR + mailbox(core, number);
        let held = read(address);
        let enabled = held & ENABLED[core].load(Ordering::Acquire);
        write(address, held & !enabled);
        let line = (0..LINES)
            .filter(|n| enabled >> n & 1 != 0)
            .max_by_key(|n| PRIORITY[usize::from(*n)].load(Ordering::Relaxed));
        if let Some(line) = line {
            write(address, 1 << line);
        }
        // The line has fallen before the core opens its interrupts again.
        barrier::complete();
        line.map(Line::new)
    }

    fn bit(&self, line: Line) -> Result<u32, PicError> {
        self.check_line(line).map(|()| 1 << line.number())
    }

    /// The mailbox that carries a line.
    fn number(&self, bit: u32) -> usize {
        usize::from(FAST.load(Ordering::Acquire) & bit != 0)
    }
}

impl InterruptController for Mailboxes {
    fn line_count(&self) -> u16 {
        LINES
    }
    fn line_kind(&self, line: Line) -> Option<LineKind> {
        (line.number() < LINES).then_some(LineKind::InterProcessor)
    }
    fn cpu_count(&self) -> u8 {
        CORES as u8
    }
}

impl Acknowledge for Mailboxes {
    type Claim = Taken;

    fn acknowledge(&self, cpu: CpuId) -> Acknowledged<Taken> {
        self.take(cpu.index(), 0).map_or(Acknowledged::Spurious, |line| Acknowledged::Claimed(Taken(line)))
    }
    fn end(&self, _claim: Taken) {}
}

impl LineMask for Mailboxes {
    fn enable(&self, line: Line) -> Result<(), PicError> {
        let bit = self.bit(line)?;
        ENABLED[cpu::index()].fetch_or(bit, Ordering::AcqRel);
        Ok(())
    }
    fn disable(&self, line: Line) -> Result<(), PicError> {
        let bit = self.bit(line)?;
        ENABLED[cpu::index()].fetch_and(!bit, Ordering::AcqRel);
        Ok(())
    }
    fn is_enabled(&self, line: Line) -> Result<bool, PicError> {
        self.bit(line).map(|bit| ENABLED[cpu::index()].load(Ordering::Acquire) & bit != 0)
    }
}

impl LinePending for Mailboxes {
    fn is_pending(&self, line: Line) -> Result<bool, PicError> {
        self.bit(line).map(|bit| read(CLEAR + mailbox(cpu::index(), self.number(bit))) & bit != 0)
    }
    fn raise(&self, from: CpuId, line: Line) -> Result<(), PicError> {
        self.bit(line)?;
        self.send(from, line.number() as u8, IpiTarget::Myself)
    }
    fn clear(&self, line: Line) -> Result<(), PicError> {
        self.bit(line).map(|bit| write(CLEAR + mailbox(cpu::index(), self.number(bit)), bit))
    }
}

impl LinePriority for Mailboxes {
    fn priority_range(&self) -> PriorityRange {
        const {
            match PriorityRange::new(LEVELS.0, LEVELS.1) {
                Some(range) => range,
                None => panic!("no range"),
            }
        }
    }
    fn set_priority(&self, line: Line, priority: Priority) -> Result<(), PicError> {
        self.check_line(line)?;
        let range = self.priority_range();
        if !range.contains(priority) {
            return Err(PicError::BadPriority { priority, range });
        }
        PRIORITY[line.index()].store(priority.level(), Ordering::Relaxed);
        Ok(())
    }
    fn priority(&self, line: Line) -> Result<Priority, PicError> {
        self.check_line(line).map(|()| Priority::new(PRIORITY[line.index()].load(Ordering::Relaxed)))
    }
}

const fn cannot<T>(capability: Capability, line: Option<Line>) -> Result<T, PicError> {
    Err(PicError::Unsupported { capability, line })
}

impl LineTrigger for Mailboxes {
    fn set_trigger(&self, line: Line, _mode: TriggerMode) -> Result<(), PicError> {
        cannot(Capability::Trigger, Some(line))
    }
    fn trigger(&self, line: Line) -> Result<TriggerMode, PicError> {
        cannot(Capability::Trigger, Some(line))
    }
}

impl LineAffinity for Mailboxes {
    fn set_affinity(&self, line: Line, _cpus: CpuMask) -> Result<(), PicError> {
        cannot(Capability::Affinity, Some(line))
    }
    fn affinity(&self, line: Line) -> Result<CpuMask, PicError> {
        cannot(Capability::Affinity, Some(line))
    }
}

impl TaskPriority for Mailboxes {
    fn set_threshold(&self, _cpu: CpuId, _threshold: Option<Priority>) -> Result<(), PicError> {
        cannot(Capability::Priority, None)
    }
    fn threshold(&self, _cpu: CpuId) -> Result<Option<Priority>, PicError> {
        cannot(Capability::Priority, None)
    }
}

impl InterProcessor for Mailboxes {
    fn ipi_count(&self) -> u8 {
        LINES as u8
    }
    fn ipi_line(&self, number: u8) -> Result<Line, PicError> {
        let line = Line::new(number.into());
        self.check_line(line).map(|()| line)
    }
    fn send(&self, from: CpuId, number: u8, to: IpiTarget) -> Result<(), PicError> {
        let bit = self.bit(Line::new(number.into()))?;
        // What the message is about is in memory before it.
        barrier::complete();
        for cpu in to.resolve(from, CORES as u8).iter() {
            self.check_cpu(cpu)?;
            write(SET + mailbox(cpu.index(), self.number(bit)), bit);
        }
        Ok(())
    }
}

impl CpuInterface for Mailboxes {
    fn init_cpu(&self, cpu: CpuId) -> Result<(), PicError> {
        self.quiet_cpu(cpu)?;
        ENABLED[cpu.index()].store(0, Ordering::Release);
        write(CONTROL + cpu.index() * 4, 1 | 1 << 5);
        Ok(())
    }
    fn quiet_cpu(&self, cpu: CpuId) -> Result<(), PicError> {
        self.check_cpu(cpu)?;
        write(CONTROL + cpu.index() * 4, 0);
        for number in [0, 1] {
            write(CLEAR + mailbox(cpu.index(), number), u32::MAX);
        }
        // Both lines have fallen before the core goes on.
        barrier::complete();
        Ok(())
    }
}

impl Gic for Mailboxes {
    fn version(&self) -> &'static str {
        "BCM2836 mailboxes"
    }
    const TELLS_SOURCE: bool = false;
    fn fiq_available(&self) -> bool {
        true
    }
    fn set_fiq(&self, line: Line, fiq: bool) -> Result<(), PicError> {
        let bit = self.bit(line)?;
        if fiq {
            FAST.fetch_or(bit, Ordering::AcqRel)
        } else {
            FAST.fetch_and(!bit, Ordering::AcqRel)
        };
        Ok(())
    }
    /// The mailboxes have no state that outlives a core's sleep.
    fn save(&self, _: &mut [u32]) -> Result<(), Error> {
        Ok(())
    }
    fn restore(&self, _: &[u32]) -> Result<(), Error> {
        Ok(())
    }
    fn save_cpu(&self, _: &mut [u32]) -> Result<(), Error> {
        Ok(())
    }
    fn restore_cpu(&self, _: &[u32]) -> Result<(), Error> {
        Ok(())
    }
    fn sleep(&self) -> Result<(), Error> {
        Ok(())
    }
    /// Nothing of a core outlives [`CpuInterface::quiet_cpu`].
    fn forget_private(&self) {}
    /// Nothing is shared but the mailboxes themselves.
    fn forget_shared(&self) {}
    fn take_fiq(&self) -> Option<Line> {
        self.take(cpu::index(), 1)
    }
    /// Nothing is ever in service.
    fn running_priority(&self) -> u8 {
        0xff
    }
}
