// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can go wrong between an image and its firmware.

use core::fmt;

use hal_smp_api::cpus::HwId;
use smccc::psci;
use smccc::psci::Error as Code;

use super::Convention;

/// The functions that this crate calls.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Function {
    /// `PSCI_VERSION`
    Version,
    /// `PSCI_FEATURES`
    Features,
    /// `CPU_ON`
    CpuOn,
    /// `CPU_OFF`
    CpuOff,
    /// `AFFINITY_INFO`
    AffinityInfo,
    /// `MIGRATE_INFO_TYPE`
    MigrateInfoType,
    /// `MIGRATE_INFO_UP_CPU`
    MigrateInfoUpCpu,
}

impl Function {
    /// Its name in the specification.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Version => "PSCI_VERSION",
            Self::Features => "PSCI_FEATURES",
            Self::CpuOn => "CPU_ON",
            Self::CpuOff => "CPU_OFF",
            Self::AffinityInfo => "AFFINITY_INFO",
            Self::MigrateInfoType => "MIGRATE_INFO_TYPE",
            Self::MigrateInfoUpCpu => "MIGRATE_INFO_UP_CPU",
        }
    }

    /// Its id; three have one for each convention.
    #[must_use]
    pub const fn id(self, convention: Convention) -> u32 {
        match (self, convention) {
            (Self::Version, _) => psci::PSCI_VERSION,
            (Self::Features, _) => psci::PSCI_FEATURES,
            (Self::CpuOff, _) => psci::PSCI_CPU_OFF,
            (Self::MigrateInfoType, _) => psci::PSCI_MIGRATE_INFO_TYPE,
            (Self::CpuOn, Convention::Smc32) => psci::PSCI_CPU_ON_32,
            (Self::CpuOn, Convention::Smc64) => psci::PSCI_CPU_ON_64,
            (Self::AffinityInfo, Convention::Smc32) => psci::PSCI_AFFINITY_INFO_32,
            (Self::AffinityInfo, Convention::Smc64) => psci::PSCI_AFFINITY_INFO_64,
            (Self::MigrateInfoUpCpu, Convention::Smc32) => psci::PSCI_MIGRATE_INFO_UP_CPU_32,
            (Self::MigrateInfoUpCpu, Convention::Smc64) => psci::PSCI_MIGRATE_INFO_UP_CPU_64,
        }
    }

    pub(super) const fn mandatory_in_0_2(self) -> bool {
        matches!(self, Self::Version | Self::CpuOn | Self::CpuOff | Self::AffinityInfo)
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A call that did not do what was asked. None of these says anything about the state of a core.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum PsciError {
    /// Firmware has no such function.
    NotSupported(Function),
    /// Firmware has it and answered with an error.
    Refused {
        /// What was asked.
        function: Function,
        /// What it answered.
        code: Code,
    },
    /// A PSCI before 0.2.
    TooOld {
        /// Major version.
        major: u16,
        /// Minor version.
        minor: u16,
    },
    /// `CPU_OFF` said success, and this core still runs.
    Returned,
    /// The entry address does not fit a 32-bit call.
    EntryTooHigh(u64),
    /// The core's Aff3 does not fit a 32-bit call.
    IdTooWide(HwId),
}

impl PsciError {
    pub(super) const fn from_code(function: Function, code: Code) -> Self {
        match code {
            Code::NotSupported => Self::NotSupported(function),
            code => Self::Refused { function, code },
        }
    }
}

impl fmt::Display for PsciError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSupported(function) => write!(f, "firmware has no {function}"),
            Self::Refused { function, code } => write!(f, "{function} answered {} ({code})", i64::from(*code)),
            Self::TooOld { major, minor } => write!(f, "PSCI {major}.{minor} is older than 0.2"),
            Self::Returned => f.write_str("CPU_OFF reported success and returned"),
            Self::EntryTooHigh(entry) => write!(f, "entry {entry:#x} does not fit a 32-bit call"),
            Self::IdTooWide(id) => write!(f, "core {id} has an Aff3 that does not fit a 32-bit call"),
        }
    }
}

impl core::error::Error for PsciError {}

/// A core that was not started.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum StartError {
    /// The call failed.
    Psci(PsciError),
    /// The core runs already, by somebody else's start.
    AlreadyOn(HwId),
    /// Firmware took the call, and still says at the end of the patience that the core is off: the start was lost, or the
    /// core has left already.
    Lost(HwId),
    /// Firmware did not get beyond "on pending" within the patience. The core may still come.
    StillPending(HwId),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Psci(error) => error.fmt(f),
            Self::AlreadyOn(id) => write!(f, "core {id} is on already"),
            Self::Lost(id) => write!(f, "core {id} is off although its start was accepted"),
            Self::StillPending(id) => write!(f, "the start of core {id} is pending and stays so"),
        }
    }
}

impl core::error::Error for StartError {}

impl From<PsciError> for StartError {
    fn from(error: PsciError) -> Self {
        Self::Psci(error)
    }
}
