// SPDX-License-Identifier: MIT OR Apache-2.0
//! Asking the hardware what the PVR cannot tell.
//!
//! One PVR stands for chips with and without an FPU (440EP and GR, the 440 in a Virtex-5), and emulators leave units
//! out. [`probe`] asks, and holds the answers against the model: [`Probed::features`] is what may be relied on,
//! [`Probed::differences`] what the table got wrong.
//!
//! Only accesses that the model's manual defines are made, nothing is tried to see whether it traps: there may be no
//! vectors yet. That sets the limits:
//!
//! | asked | where | how |
//! |---|---|---|
//! | FPU, AltiVec, SPE | where the model has the unit, or may have it | the MSR bit is set, read back and put back |
//! | upper BATs | models with eight pairs | DBAT7L is written, read back and put back, unless DBAT7U is valid |
//! | cache line | e500, e500mc, e6500 | L1CFG0\[CBSIZE\] |
//! | entries of TLB1 | e500, e500mc, e6500 | TLB1CFG\[NENTRY\] |
//! | processor number | 601, 604, 74xx, e500, e500mc, e6500 | PIR |
//!
//! An emulator may leave registers out: QEMU 7.2's e300 answers for four pairs of BATs in place of eight.
//!
//! An MSR\[FP\] that does not stick proves that there is no FPU; one that sticks proves nothing on a core whose FPU is
//! a separate unit. There [`Probed::undecided`] holds [`Features::FPU`], until the board has executed a floating-point
//! instruction with MSR\[FP\] off under its own handlers and says what came: FP unavailable means present, a program
//! exception means absent ([`Probed::decide_fpu`]).

use super::{Cpu, Features, Group};

/// A register that [`probe`] may ask for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Register {
    /// Machine state register.
    Msr,
    /// DBAT7U (SPR 574): effective page and valid bits of the last data BAT of eight.
    Dbat7Upper,
    /// DBAT7L (SPR 575).
    Dbat7Lower,
    /// L1CFG0 (SPR 515).
    L1Cfg0,
    /// TLB1CFG (SPR 689).
    Tlb1Cfg,
    /// PIR of Book E (SPR 286).
    Pir,
    /// PIR of classic cores (SPR 1023).
    ClassicPir,
}

/// Access to the registers of the CPU that is probed.
pub trait ProbeHardware {
    /// The content of `register`.
    fn read(&mut self, register: Register) -> u32;
    /// Writes `register` so that the next [`read`](Self::read) shows what stuck.
    fn write(&mut self, register: Register, value: u32);
}

/// MSR\[FP\], manual bit 18 (classic) or 50 (Book E).
const MSR_FP: u32 = 0x0000_2000;
/// MSR\[VEC\] or MSR\[SPE\], manual bit 6 or 38.
const MSR_VEC_OR_SPE: u32 = 0x0200_0000;
/// DBATnU\[Vs\] and \[Vp\].
const BAT_VALID: u32 = 0x0000_0003;
/// DBATnL\[BRPN\], manual bits 0 to 14.
const BAT_BRPN: u32 = 0xFFFE_0000;
/// TLB1CFG\[NENTRY\].
const TLB_NENTRY: u32 = 0x0000_0FFF;

/// Where the hardware contradicts the model's row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Difference {
    /// Units that the model has and this CPU lacks; they are left out of [`Probed::features`].
    Missing(Features),
    /// Fewer BAT pairs; the smaller number is used.
    Bats {
        /// What the model has.
        model: u8,
        /// What was found.
        found: u8,
    },
    /// Another cache line. If `found` is 32 or 64 it is used, otherwise the model's.
    CacheLine {
        /// What the model has, in bytes.
        model: u8,
        /// What L1CFG0 says, in bytes; 0 for a reserved code.
        found: u8,
    },
}

/// A CPU as the model describes it and the hardware confirms it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Probed {
    cpu: Cpu,
    features: Features,
    undecided: Features,
    missing: Features,
    bats: u8,
    l1_line: Option<u8>,
    tlb1_entries: Option<u16>,
    processor: Option<u32>,
}

impl Probed {
    /// The CPU by its PVR.
    #[must_use]
    pub const fn cpu(&self) -> Cpu {
        self.cpu
    }

    /// What may be relied on: the model's features, less [`Difference::Missing`] and [`Self::undecided`].
    #[must_use]
    pub const fn features(&self) -> Features {
        self.features
    }

    /// Units that may be there; only an instruction tells. Empty, or [`Features::FPU`].
    #[must_use]
    pub const fn undecided(&self) -> Features {
        self.undecided
    }

    /// The same CPU after the board has executed a floating-point instruction with MSR\[FP\] off:
    /// `present` if FP unavailable came, not if a program exception came.
    #[must_use]
    pub const fn decide_fpu(self, present: bool) -> Self {
        if !self.undecided.contains(Features::FPU) {
            return self;
        }
        let undecided = self.undecided.without(Features::FPU);
        if present {
            Self { features: self.features.with(Features::FPU), undecided, ..self }
        } else {
            Self { undecided, ..self }
        }
    }

    /// Pairs of BATs for instructions (and as many for data).
    #[must_use]
    pub const fn bats(&self) -> u8 {
        self.bats
    }

    /// Bytes of a cache line.
    #[must_use]
    pub const fn cache_line(&self) -> u8 {
        match self.l1_line {
            Some(found @ (32 | 64)) => found,
            _ => self.cpu.core().cache_line,
        }
    }

    /// Entries of TLB1, where the core has one that tells.
    #[must_use]
    pub const fn tlb1_entries(&self) -> Option<u16> {
        self.tlb1_entries
    }

    /// The processor's number as it stands in PIR, where the core has one.
    #[must_use]
    pub const fn processor(&self) -> Option<u32> {
        self.processor
    }

    /// What the model's row says otherwise.
    pub fn differences(&self) -> impl Iterator<Item = Difference> {
        let core = self.cpu.core();
        let missing = (self.missing != Features::NONE).then_some(Difference::Missing(self.missing));
        let bats = (self.bats != core.bats).then_some(Difference::Bats { model: core.bats, found: self.bats });
        let line = self
            .l1_line
            .filter(|&found| found != core.cache_line)
            .map(|found| Difference::CacheLine { model: core.cache_line, found });
        missing.into_iter().chain(bats).chain(line)
    }
}

/// Asks `hardware`, which must be `cpu`, and holds the answers against the model.
///
/// Every register that is written holds its old value again on return.
pub fn probe(cpu: &Cpu, hardware: &mut impl ProbeHardware) -> Probed {
    let model = cpu.features();
    let core = cpu.core();

    let optional = model.contains(Features::FPU_OPTIONAL);
    let mut missing = Features::NONE;
    let mut undecided = Features::NONE;
    let mut features = model;
    for (unit, bit) in [(Features::FPU, MSR_FP), (Features::ALTIVEC, MSR_VEC_OR_SPE), (Features::SPE, MSR_VEC_OR_SPE)] {
        let may_lack = optional && unit == Features::FPU;
        if !model.contains(unit) && !may_lack {
            continue;
        }
        match (msr_bit_sticks(hardware, bit), may_lack) {
            (true, false) => {}
            (true, true) => {
                undecided = undecided.with(unit);
                features = features.without(unit);
            }
            (false, _) => {
                if model.contains(unit) {
                    missing = missing.with(unit);
                }
                features = features.without(unit);
            }
        }
    }

    let fsl = matches!(cpu.group(), Group::E500 | Group::E500mc | Group::E6500);
    let pir = match cpu.group() {
        Group::E500 | Group::E500mc | Group::E6500 => Some(Register::Pir),
        Group::Ppc601 | Group::Ppc604 | Group::Ppc7400 | Group::Ppc7450 => Some(Register::ClassicPir),
        _ => None,
    };

    Probed {
        cpu: *cpu,
        features,
        undecided,
        missing,
        bats: if core.bats == 8 { count_bats(hardware) } else { core.bats },
        l1_line: fsl.then(|| l1_line(hardware.read(Register::L1Cfg0))),
        tlb1_entries: fsl.then(|| (hardware.read(Register::Tlb1Cfg) & TLB_NENTRY) as u16),
        processor: pir.map(|register| hardware.read(register)),
    }
}

fn msr_bit_sticks(hardware: &mut impl ProbeHardware, bit: u32) -> bool {
    let msr = hardware.read(Register::Msr);
    if msr & bit != 0 {
        return true;
    }
    hardware.write(Register::Msr, msr | bit);
    let sticks = hardware.read(Register::Msr) & bit != 0;
    hardware.write(Register::Msr, msr);
    sticks
}

fn count_bats(hardware: &mut impl ProbeHardware) -> u8 {
    // A valid BAT is in use: it exists, and changing it would take memory away.
    if hardware.read(Register::Dbat7Upper) & BAT_VALID != 0 {
        return 8;
    }
    let lower = hardware.read(Register::Dbat7Lower);
    // Differs from what is there in every bit of BRPN, so that a constant cannot pass for a register.
    let pattern = lower ^ BAT_BRPN;
    hardware.write(Register::Dbat7Lower, pattern);
    let sticks = hardware.read(Register::Dbat7Lower) & BAT_BRPN == pattern & BAT_BRPN;
    hardware.write(Register::Dbat7Lower, lower);
    if sticks { 8 } else { 4 }
}

/// L1CFG0\[CBSIZE\], manual bits 39 and 40: 0 means 32 bytes, 1 means 64, 2 means 128. (QEMU 7.2 says 128 on an e500mc, whose
/// lines have 64: one reason not to trust every answer.)
const fn l1_line(l1cfg0: u32) -> u8 {
    match (l1cfg0 >> 23) & 3 {
        0 => 32,
        1 => 64,
        2 => 128,
        _ => 0,
    }
}

/// The CPU that executes this code.
#[cfg(target_arch = "powerpc")]
#[derive(Debug)]
pub struct ThisCpu(());

#[cfg(target_arch = "powerpc")]
impl ThisCpu {
    /// Access to this CPU's own registers.
    ///
    /// # Safety
    /// * The CPU is in supervisor mode.
    /// * [`probe`] is called with the [`Cpu`] that was identified by this CPU's own PVR.
    /// * Nobody else changes MSR or DBAT7 meanwhile: no interrupt handler that replaces them, no hypervisor.
    #[must_use]
    pub const unsafe fn new() -> Self {
        Self(())
    }
}

#[cfg(target_arch = "powerpc")]
macro_rules! mfspr {
    ($number:literal) => {{
        let value: u32;
        // SAFETY: the contract of `ThisCpu::new` makes this a supervisor access to a register that the model
        // has (`probe` asks for no other). Reading has no side effect; not `nomem`, so that it stays in order with writes.
        unsafe {
            // The SPR is an immediate of the instruction, so each register has its own.
            core::arch::asm!(concat!("mfspr {value}, ", $number), value = out(reg) value, options(nostack, preserves_flags));
        }
        value
    }};
}

#[cfg(target_arch = "powerpc")]
impl ProbeHardware for ThisCpu {
    fn read(&mut self, register: Register) -> u32 {
        match register {
            Register::Msr => {
                let value: u32;
                // SAFETY: supervisor mode by contract; reading MSR has no side effect.
                unsafe {
                    core::arch::asm!(
                        "mfmsr {value}", // the bits that stuck
                        value = out(reg) value, options(nostack, preserves_flags)
                    );
                }
                value
            }
            Register::Dbat7Upper => mfspr!(574),
            Register::Dbat7Lower => mfspr!(575),
            Register::L1Cfg0 => mfspr!(515),
            Register::Tlb1Cfg => mfspr!(689),
            Register::Pir => mfspr!(286),
            Register::ClassicPir => mfspr!(1023),
        }
    }

    fn write(&mut self, register: Register, value: u32) {
        match register {
            // SAFETY: supervisor mode by contract; `probe` changes only the enable bit of a unit, which no compiled
            // code depends on (images are built without FP, vector and SPE instructions), and puts it back.
            Register::Msr => unsafe {
                core::arch::asm!(
                    "mtmsr {value}", // switch the unit
                    "isync",         // and let it take effect before the next instruction
                    value = in(reg) value, options(nostack, preserves_flags)
                );
            },
            // SAFETY: supervisor mode by contract; `probe` writes DBAT7L only while DBAT7U is invalid, so it translates nothing.
            Register::Dbat7Lower => unsafe {
                core::arch::asm!(
                    "mtspr 575, {value}", // pattern or old value
                    "isync",              // complete before it is read back
                    value = in(reg) value, options(nostack, preserves_flags)
                );
            },
            // The others are only read.
            Register::Dbat7Upper | Register::L1Cfg0 | Register::Tlb1Cfg | Register::Pir | Register::ClassicPir => {}
        }
    }
}
