// SPDX-License-Identifier: MIT OR Apache-2.0
//! CPU identification: from the processor version register to a model and what it can do.
//!
//! [`identify`] is a pure lookup. It keeps nothing, so an unknown CPU is an error every time it is asked, and
//! it needs no hardware, so a host can answer for any PVR (`cargo xtask cpu PVR`). Everything that entry code or an install
//! step depends on is data of the model's [`Core`]; nobody else compares PVRs. What the PVR cannot tell is asked of the
//! hardware by [`probe`](mod@probe).
//!
//! ```
//! use hal_exc_api::cpu::{self, Features, Pvr, UnknownCpu};
//!
//! let cpu = cpu::identify(Pvr(0x8021_0030))?;
//! cpu.supported().expect("no 64-bit core");
//! assert_eq!(cpu.model().name, "e500v2");
//! assert!(cpu.features().contains(Features::SPE));
//! assert_eq!(cpu::identify(Pvr(0xDEAD_BEEF)), Err(UnknownCpu(Pvr(0xDEAD_BEEF))));
//! # Ok::<(), UnknownCpu>(())
//! ```
//!
//! # Supported CPUs
//!
//! | CPUs | group | family crate | PVRs compared with |
//! |---|---|---|---|
//! | 601 | [`Ppc601`](Group::Ppc601) | `hal-exc-ppc-classic` | U-Boot |
//! | 602 | [`Ppc602`](Group::Ppc602) | `hal-exc-ppc-classic` | QEMU's former list |
//! | 603, 603e, 603ev, 603r | [`Ppc603`](Group::Ppc603) | `hal-exc-ppc-classic` | QEMU, Linux |
//! | G2 (8240, 8241, 8245, 8250, 8255, 8260, 8264 to 8266), G2ls | [`Ppc603`](Group::Ppc603) | `hal-exc-ppc-classic` | QEMU, Linux |
//! | G2_LE (5200, 8247, 8248, 8270 to 8272, 8275, 8280), G2lels | [`G2Le`](Group::G2Le) | `hal-exc-ppc-classic` | QEMU, Linux |
//! | e300c1 to c4 (83xx) | [`E300`](Group::E300) | `hal-exc-ppc-classic` | QEMU, Linux |
//! | 604, 604e, 604r | [`Ppc604`](Group::Ppc604) | `hal-exc-ppc-classic` | QEMU, Linux |
//! | 740, 750, 750CX, CXe, CXR, CL, L, FX, GX, 740P, 750P | [`Ppc750`](Group::Ppc750) | `hal-exc-ppc-classic` | QEMU, Linux |
//! | 745, 755 | [`Ppc755`](Group::Ppc755) | `hal-exc-ppc-classic` | QEMU, Linux |
//! | 7400, 7410 | [`Ppc7400`](Group::Ppc7400) | `hal-exc-ppc-classic` | QEMU, Linux |
//! | 7441 to 7457, 7447A, 7457A, 7448, e600 (8610, 8641) | [`Ppc7450`](Group::Ppc7450) | `hal-exc-ppc-classic` | QEMU, Linux |
//! | MPC5xx | [`Mpc5xx`](Group::Mpc5xx) | `hal-exc-ppc-classic` | QEMU's source |
//! | MPC8xx | [`Mpc8xx`](Group::Mpc8xx) | `hal-exc-ppc-classic` | Linux |
//! | PSIM | [`Psim`](Group::Psim) | `hal-exc-ppc-classic` | its device file |
//! | 403GA, GB, GC, GCX | [`Ppc403`](Group::Ppc403) | `hal-exc-booke` | U-Boot |
//! | 405GP, CR, GPr, EP, EX, EXr, EZ, LP, D2, D4; Virtex-II Pro, Virtex-4; STB, NPe, APM8018x | [`Ppc405`](Group::Ppc405) | `hal-exc-booke` | QEMU, Linux, U-Boot |
//! | 440GP, EP, GR, EPx, GRx, GX, SP, SPe, x5 (Virtex-5), 460EX, GT, SX, GX, 464 (APM821xx) | [`Ppc440`](Group::Ppc440) | `hal-exc-booke` | QEMU, Linux, U-Boot |
//! | e200z0, z1, z3 to z7 | [`E200`](Group::E200) | `hal-exc-e500` | QEMU and Linux (z5, z6), drivers of chips that have them |
//! | e500v1, e500v2 | [`E500`](Group::E500) | `hal-exc-e500` | QEMU, Linux, U-Boot |
//! | e500mc, e5500 (32-bit mode) | [`E500mc`](Group::E500mc) | `hal-exc-e500` | QEMU, Linux, U-Boot |
//! | e6500 (32-bit mode) | [`E6500`](Group::E6500) | `hal-exc-e500` | QEMU, Linux, U-Boot |
//! | 620, 970, 970FX, 970MP | [`Ppc620`](Group::Ppc620), [`Ppc970`](Group::Ppc970) | none: [`RefusedCpu`] | QEMU (970) |
//!
//! The comparisons are tests: `cpu_models.rs` holds PVRs that were collected from chips' documents and other projects,
//! `cpu_linux.rs` masks and abilities of Linux's table, and `cargo xtask test` asks the installed emulators for their lists. None
//! of the three is made from the table here.
//!
//! Masks leave the revision out, so a revision that nobody has seen yet is recognised as its model. The places where that is not
//! simply the lower half: 745/755 share 0x0008 with the 750; a 440 is told by its chip number, or, where firmware made the PVR
//! up, by its top nibble and the low twelve bits; 460EX and GT by the lowest three bits; 405EX and EXr by the lowest four;
//! e200 by the upper twelve bits, where the z3 of the MPC5534 (0x8112) falls among the z6.

mod classic;
mod e200;
mod e500;
mod features;
mod ppc405;
mod ppc440;
mod ppc603;
mod ppc74xx;
mod ppc750;
pub mod probe;
mod table;

use core::fmt;

pub use features::Features;

use crate::flavor::Flavor;

/// The processor version register (SPR 287).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Pvr(pub u32);

impl fmt::Display for Pvr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl fmt::Debug for Pvr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pvr({self})")
    }
}

/// CPU groups. Models of a group have the same vectors, except where [`Core`] says how they differ: the flavor of machine
/// check (440, e200), SPE and performance monitor (e200), MMU (403).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Group {
    /// 601.
    Ppc601,
    /// MPC5xx.
    Mpc5xx,
    /// 602: as 603, with a watchdog and an emulation vector.
    Ppc602,
    /// 603, 603e/ev, G2: software table walk with shadow registers.
    Ppc603,
    /// G2_LE: as 603, and critical input.
    G2Le,
    /// e300c1 to c4.
    E300,
    /// 604, 604e, 604r.
    Ppc604,
    /// 620 (64 bit, refused).
    Ppc620,
    /// 740, 750 and descendants with a hardware table walk.
    Ppc750,
    /// 745, 755: as 750, and software table walk vectors.
    Ppc755,
    /// 7400, 7410.
    Ppc7400,
    /// 7440 to 7457, 7447A, 7448, e600.
    Ppc7450,
    /// MPC8xx.
    Mpc8xx,
    /// 403.
    Ppc403,
    /// 405.
    Ppc405,
    /// 440, 460, 464.
    Ppc440,
    /// e200z0 to z7.
    E200,
    /// e500v1, e500v2.
    E500,
    /// e500mc, e5500.
    E500mc,
    /// e6500.
    E6500,
    /// 970 (64 bit, refused).
    Ppc970,
    /// PSIM, the simulator in GDB.
    Psim,
}

/// Which register moves the vectors.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum VectorBase {
    /// MSR\[IP\]: 0x0000_0000 or 0xFFF0_0000.
    MsrIp,
    /// EVPR, upper 16 bits (405); on the 403 likewise.
    Evpr,
    /// IVPR, upper 16 bits, and one IVOR per exception.
    Ivpr,
    /// IVPR, and IVORs that are wired to steps of 16 bytes (e200z0, e200z1).
    IvprFixed,
}

impl VectorBase {
    /// The name as machine-readable output prints it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MsrIp => "msr-ip",
            Self::Evpr => "evpr",
            Self::Ivpr => "ivpr",
            Self::IvprFixed => "ivpr-fixed",
        }
    }
}

/// Which timer makes the tick.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TickTimer {
    /// Decrementer without reload: the handler re-arms it.
    Decrementer,
    /// Decrementer with DECAR and TCR\[ARE\].
    DecrementerReload,
    /// Programmable interval timer with TCR\[ARE\].
    Pit,
}

impl TickTimer {
    /// The name as machine-readable output prints it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Decrementer => "decrementer",
            Self::DecrementerReload => "decrementer-reload",
            Self::Pit => "pit",
        }
    }
}

/// Which registers tell the address and the cause of a storage or alignment exception.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FaultRegisters {
    /// DAR (SPR 19) and DSISR (SPR 18).
    DarDsisr,
    /// DEAR (SPR 981) and ESR (SPR 980).
    Dear405,
    /// DEAR (SPR 61) and ESR (SPR 62).
    DearBookE,
}

/// What a core is made of, as far as exceptions depend on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Core {
    /// Units and abilities.
    pub features: Features,
    /// Bytes of a cache line: 16, 32 or 64 (128 on the 970, which is refused). Never 0.
    pub cache_line: u8,
    /// Pairs of block address translation registers for instructions (and as many for data); 0 = none.
    pub bats: u8,
    /// MSR mask of the critical enable bit, 0 where the core has no critical class.
    /// Book E and 405: 0x0002_0000; G2_LE and e300: 0x0000_0080.
    pub critical_enable: u32,
    /// Flavor of critical exceptions, where there are any.
    pub critical: Option<Flavor>,
    /// Flavor of machine check.
    pub machine_check: Flavor,
    /// Flavor of debug exceptions, where there are any.
    pub debug: Option<Flavor>,
    /// Which register moves the vectors.
    pub vector_base: VectorBase,
    /// Which timer makes the tick.
    pub tick: TickTimer,
    /// Which registers tell about a fault.
    pub fault: FaultRegisters,
}

/// A model: one or more PVRs, its group and its core.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Model {
    /// The name, as its manual writes it.
    pub name: &'static str,
    /// PVR value under `mask`.
    pub value: u32,
    /// PVR bits that decide; the others hold the revision.
    pub mask: u32,
    /// The group.
    pub group: Group,
    /// What it is made of.
    pub core: Core,
}

impl Model {
    const fn matches(&self, pvr: u32) -> bool {
        pvr & self.mask == self.value
    }
}

/// An identified CPU.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cpu {
    pvr: Pvr,
    model: &'static Model,
}

impl Cpu {
    /// The PVR it was identified by.
    #[must_use]
    pub const fn pvr(&self) -> Pvr {
        self.pvr
    }

    /// Its model.
    #[must_use]
    pub const fn model(&self) -> &'static Model {
        self.model
    }

    /// Its group.
    #[must_use]
    pub const fn group(&self) -> Group {
        self.model.group
    }

    /// What it is made of.
    #[must_use]
    pub const fn core(&self) -> &'static Core {
        &self.model.core
    }

    /// Its units and abilities.
    #[must_use]
    pub const fn features(&self) -> Features {
        self.model.core.features
    }

    /// Whether a family may serve it at all.
    ///
    /// # Errors
    /// [`RefusedCpu`] for the 64-bit cores that are known by name only (620, 970). No family claims them.
    pub const fn supported(&self) -> Result<(), RefusedCpu> {
        match self.model.group {
            Group::Ppc620 | Group::Ppc970 => Err(RefusedCpu { name: self.model.name, pvr: self.pvr }),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (PVR {}): {}", self.model.name, self.pvr, self.model.core.features)
    }
}

/// The PVR belongs to no CPU in the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UnknownCpu(
    /// The PVR.
    pub Pvr,
);

impl fmt::Display for UnknownCpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PVR {} belongs to no 32-bit PowerPC that this crate knows", self.0)
    }
}

impl core::error::Error for UnknownCpu {}

/// A CPU that is known, and known not to be served.
///
/// Its vectors differ from every 32-bit core's (the 970 has extra slots at 0x380, 0x480 and 0x980 and other meanings
/// at 0x1600 to 0x1800), so it is refused by name instead of being taken for a relative.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RefusedCpu {
    /// The model's name.
    pub name: &'static str,
    /// The PVR.
    pub pvr: Pvr,
}

impl fmt::Display for RefusedCpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (PVR {}) is a 64-bit CPU whose exceptions no family here serves", self.name, self.pvr)
    }
}

impl core::error::Error for RefusedCpu {}

/// All models, for tools and tests.
pub fn models() -> impl Iterator<Item = &'static Model> {
    table::TABLES.iter().flat_map(|table| table.iter())
}

/// Which CPU has this PVR.
///
/// # Errors
/// [`UnknownCpu`] with the PVR, as often as it is asked.
pub fn identify(pvr: Pvr) -> Result<Cpu, UnknownCpu> {
    models().find(|model| model.matches(pvr.0)).map(|model| Cpu { pvr, model }).ok_or(UnknownCpu(pvr))
}

/// This CPU's PVR.
///
/// PVR is a supervisor register: in user mode the read is a privileged instruction exception.
#[cfg(target_arch = "powerpc")]
#[must_use]
pub fn read_pvr() -> Pvr {
    let pvr: u32;
    // SAFETY: reads a constant; nothing in memory or in the flags depends on it.
    unsafe {
        core::arch::asm!(
            "mfspr {pvr}, 287", // PVR
            pvr = out(reg) pvr, options(nomem, nostack, preserves_flags)
        );
    }
    Pvr(pvr)
}
