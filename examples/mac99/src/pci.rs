// SPDX-License-Identifier: MIT OR Apache-2.0
//! Just enough PCI to find KeyLargo behind Uni-North's second bridge.

use ppc_support::BoardError;
use ppc_support::mmio::Mmio;

/// Uni-North's configuration address and data registers; both little endian.
const ADDRESS: usize = 0xF280_0000;
const DATA: usize = 0xF2C0_0000;

/// KeyLargo: device number, and device and vendor id.
const KEYLARGO: u32 = 12;
const KEYLARGO_ID: u32 = 0x0022_106B;

/// Configuration registers and bits.
const ID: u32 = 0x00;
const COMMAND: u32 = 0x04;
const COMMAND_MEMORY: u32 = 1 << 1;
const BAR_0: u32 = 0x10;
const BAR_ADDRESS: u32 = !0xF;

/// Where KeyLargo goes unless it has a place: the start of the PCI hole.
const PLACE: u32 = 0x8000_0000;

/// Maps KeyLargo's registers and returns their address.
pub(crate) fn map_keylargo() -> Result<usize, BoardError> {
    if read(KEYLARGO, ID) != KEYLARGO_ID {
        return Err(BoardError::NotThisBoard("mac99"));
    }
    if read(KEYLARGO, BAR_0) & BAR_ADDRESS == 0 {
        write(KEYLARGO, BAR_0, PLACE);
    }
    write(KEYLARGO, COMMAND, read(KEYLARGO, COMMAND) | COMMAND_MEMORY);
    Ok((read(KEYLARGO, BAR_0) & BAR_ADDRESS) as usize)
}

fn select(device: u32, register: u32) -> Mmio {
    // SAFETY: Uni-North's registers; on another machine nothing is there, which reads as something else
    // than KeyLargo's id and stops `map_keylargo` before it writes.
    let (address, data) = unsafe { (Mmio::new(ADDRESS), Mmio::new(DATA)) };
    address.write32_le(0, 1 << 31 | device << 11 | register);
    data
}

fn read(device: u32, register: u32) -> u32 {
    select(device, register).read32_le(0)
}

fn write(device: u32, register: u32, value: u32) {
    select(device, register).write32_le(0, value);
}
