// SPDX-License-Identifier: MIT OR Apache-2.0
//! The devices of the system on chip (CCSR). They lie above 4 GiB, out of reach of a 32-bit address until a
//! window of TLB1 leads there.

use hal_exc_api::pic::Line;
use ppc_support::BoardError;
use ppc_support::mmio::Mmio;
use ppc_support::tlb1::{self, Kind, Size, TlbError, Window};
use ppc_support::tree::Tree;

/// Effective address of the window.
const CCSR: u32 = 0xE000_0000;
const SIZE: Size = Size::M1;

/// Line of UART 0 at the interrupt controller; level, high.
pub(crate) const UART_LINE: Line = Line::new(42);

/// The devices that the board's programs use.
#[derive(Clone, Copy, Debug)]
pub struct Soc {
    /// Effective address of the interrupt controller (MPIC).
    pub pic: usize,
    /// The UART of the console.
    pub uart: Mmio,
    /// The GPIO controller; pin 0 switches the machine off.
    pub gpio: Mmio,
    /// Physical address of all of them.
    ccsr: u64,
}

impl Soc {
    pub(crate) fn map(tree: &Tree<'_>) -> Result<Self, BoardError> {
        let ccsr = tree.region("fsl,mpc8544-immr")?.address;
        // SAFETY: the board is taken once, and the tree says that devices and nothing else are there.
        unsafe { map_devices(ccsr)? };
        let mapped = |kind| {
            let region = tree.region(kind)?;
            let offset = region.address.wrapping_sub(ccsr);
            if offset >= u64::from(SIZE.bytes()) {
                return Err(BoardError::Unreachable(region.address));
            }
            Ok(CCSR as usize + offset as usize)
        };
        let pic = mapped("fsl,mpic")?;
        // SAFETY: these are devices inside the window, and the window stays.
        let registers = |base| unsafe { Mmio::new(base) };
        Ok(Self { pic, uart: registers(mapped("ns16550")?), gpio: registers(mapped("fsl,qoriq-gpio")?), ccsr })
    }

    /// Physical address of the devices.
    #[must_use]
    pub const fn ccsr(&self) -> u64 {
        self.ccsr
    }
}

/// Maps the devices on this CPU.
///
/// # Safety
/// * The devices are at `ccsr`.
pub(crate) unsafe fn map_devices(ccsr: u64) -> Result<(), TlbError> {
    // SAFETY: the caller says that devices and nothing else are there.
    unsafe { tlb1::map(&Window { ea: CCSR, pa: ccsr, size: SIZE, kind: Kind::Device }) }
}
