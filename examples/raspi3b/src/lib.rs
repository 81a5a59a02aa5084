// SPDX-License-Identifier: MIT OR Apache-2.0
#![doc = include_str!("../README.md")]
#![no_std]

pub mod machine;
pub mod mailbox;

pub use arm_support::timer as clock;
use arm_support::{smp, start, wait};
use hal_smp_api::cpus::HwId;
use hal_smp_arm::barrier::Cached;
use hal_smp_arm::spin_table::{SpinCore, SpinTable, SpinTableError};

/// Name in the first line of every program.
pub const NAME: &str = "raspi3b";
/// PL011 of the console.
pub const UART0: usize = 0x3f20_1000;
/// Cores of the machine.
pub const CORES: usize = 4;

/// Pen area: 2 MiB of RAM that are not cached.
pub const PEN: usize = 0x0fe0_0000;
/// Its bytes that are used.
pub const PEN_LEN: usize = 0x1_0000;

/// Sets up what every program needs: the console.
pub fn init() {
    // SAFETY: the machine's UART 0, identity-mapped device memory, used by this program alone.
    unsafe { arm_support::console::init(UART0) };
}

/// Release words of the loader's spin tables: 0xD8 + 8 × core.
pub const SPIN_CORES: [SpinCore; CORES - 1] = [
    SpinCore { id: HwId(1), release: 0xe0 },
    SpinCore { id: HwId(2), release: 0xe8 },
    SpinCore { id: HwId(3), release: 0xf0 },
];

/// How the other cores were started.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Started {
    /// By the machine, together with core 0.
    Together,
    /// By their spin tables.
    BySpinTable,
}

/// Why one was not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BootError {
    /// The spin table said so.
    SpinTable(SpinTableError),
    /// This core did not come.
    Absent(usize),
}

impl core::fmt::Display for BootError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::SpinTable(error) => error.fmt(f),
            Self::Absent(core) => write!(f, "core {core} did not come"),
        }
    }
}

/// Starts the other cores, or waits for those that run already. An image with headers is entered by all cores at EL3; one
/// without by core 0 at EL2, while the others wait at their spin tables.
pub fn boot_secondaries() -> Result<Started, BootError> {
    let started = if start::arrival_level() == 3 { Started::Together } else { Started::BySpinTable };
    if started == Started::BySpinTable {
        // SAFETY: the loader's words, in memory that no image of this board uses.
        let table = unsafe { SpinTable::new(&SPIN_CORES, Cached) }.map_err(BootError::SpinTable)?;
        for core in SPIN_CORES {
            // SAFETY: the entry is written for a core without MMU and caches, at the level in which core 0 came; text and
            // gate are in memory.
            unsafe { table.start(core.id, start::entry_address() as u64) }.map_err(BootError::SpinTable)?;
        }
    }
    match (1..CORES).find(|&core| !wait::until(|| smp::is_up(core))) {
        Some(core) => Err(BootError::Absent(core)),
        None => Ok(started),
    }
}
