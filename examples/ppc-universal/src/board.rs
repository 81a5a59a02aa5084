// SPDX-License-Identifier: MIT OR Apache-2.0
//! The boards, and which of them this is.

use core::sync::atomic::{AtomicPtr, Ordering};
use core::{hint, mem, ptr};

use hal_exc_api::cpu::{Cpu, VectorBase};
use ppc_support::demo::Machine;
use ppc_support::{BoardError, BootInfo, Failure};

/// Whichever board it is.
#[derive(Debug)]
pub enum AnyBoard {
    /// Power Mac.
    Mac99(mac99::Board),
    /// 405EP reference board.
    Ref405ep(ref405ep::Board),
    /// Bamboo.
    Bamboo(bamboo::Board),
    /// ML507.
    VirtexMl507(virtex_ml507::Board),
    /// QEMU's e500 machine.
    Ppce500(ppce500::Board),
}

/// Tries to take one board, and how that one is switched off.
type Probe = (fn(&'static BootInfo) -> Result<AnyBoard, BoardError>, fn() -> !);

/// Boards of classic CPUs: each looks at the PCI bus.
const CLASSIC: &[Probe] = &[(|boot| mac99::Board::take(boot).map(AnyBoard::Mac99), mac99::power_off)];
/// Boards of 40x CPUs: each looks at the chip.
const PPC_40X: &[Probe] = &[(|boot| ref405ep::Board::take(boot).map(AnyBoard::Ref405ep), ref405ep::power_off)];
/// Boards of Book E CPUs: the FPGA's is known by its CPU, each of the others looks at the device tree.
const BOOK_E: &[Probe] = &[
    (|boot| virtex_ml507::Board::take(boot).map(AnyBoard::VirtexMl507), virtex_ml507::power_off),
    (|boot| bamboo::Board::take(boot).map(AnyBoard::Bamboo), bamboo::power_off),
    (|boot| ppce500::Board::take(boot).map(AnyBoard::Ppce500), ppce500::power_off),
];

/// Switches off the board that was taken; null before.
static POWER_OFF: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

impl AnyBoard {
    /// Takes the board that this is.
    ///
    /// # Errors
    /// What the last board in question said.
    pub fn take(boot: &'static BootInfo, cpu: &Cpu) -> Result<Self, BoardError> {
        let probes = match cpu.core().vector_base {
            VectorBase::MsrIp => CLASSIC,
            VectorBase::Evpr => PPC_40X,
            _ => BOOK_E,
        };
        let mut error = BoardError::NotThisBoard("board of this image");
        for (take, power_off) in probes {
            match take(boot) {
                Ok(board) => {
                    POWER_OFF.store(*power_off as *mut (), Ordering::Relaxed);
                    return Ok(board);
                }
                Err(why) => error = why,
            }
        }
        Err(error)
    }

    /// Starts its controller and hangs its sources on it; after the install of the exceptions.
    ///
    /// # Errors
    /// A [`Failure`] with the words of whoever refused.
    pub fn machine(&self) -> Result<Machine, Failure> {
        match self {
            Self::Mac99(board) => board.machine(),
            Self::Ref405ep(board) => board.machine(),
            Self::Bamboo(board) => board.machine(),
            Self::VirtexMl507(board) => board.machine(),
            Self::Ppce500(board) => board.machine(),
        }
    }
}

/// Switches the board off, or stops where no board was found.
pub fn power_off() -> ! {
    let power_off = POWER_OFF.load(Ordering::Relaxed);
    if power_off.is_null() {
        loop {
            hint::spin_loop();
        }
    }
    // SAFETY: `take` stored a function of this type.
    unsafe { mem::transmute::<*mut (), fn() -> !>(power_off)() }
}
