// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every way out of every wrapper drops the reservation. The emulator drops it by itself at a return, so no run can
//! show a missing store: this looks at the code instead.

use anyhow::Result;

use super::guest::Guest;

/// `stwcx. r0,0,r13`.
const DROP: u32 = 0x7C00_692D;
/// `bctrl`: behind it lies the way out.
const CALL: u32 = 0x4E80_0421;
/// `mtmsr r4`, the mask on the way out; `rlwinm r4,r4,0,31,18`, which takes ME to RI out of it.
const MASK: u32 = 0x7C80_0124;
const WITHOUT_ME: u32 = 0x5484_07E4;
const RETURNS: [u32; 4] = [0x4C00_0064, 0x4C00_0066, 0x4C00_004C, 0x4C00_004E];

/// The ways out that keep a reservation, in words.
pub(super) fn check(guest: &mut Guest) -> Result<Vec<String>> {
    let wrappers: Vec<(String, u32, u32)> = guest
        .elf
        .symbols()
        .iter()
        .filter(|symbol| symbol.name.starts_with("hal_exc_") && symbol.size > 64)
        .map(|symbol| (symbol.name.clone(), symbol.address as u32, symbol.size as u32))
        .collect();
    let mut wrong = Vec::new();
    for (name, start, size) in wrappers {
        let mut dropped = false;
        // Frame and pair of a machine check are in use until its return. Classic cores have RI off for that, so that a
        // second one is reported.
        let keeps_me_off = name.ends_with("_machine_check") && !["classic", "ppc601"].iter().any(|c| name.contains(c));
        for address in (start..start + size).step_by(4) {
            match guest.word(address)? {
                MASK if keeps_me_off && guest.word(address - 4)? != WITHOUT_ME => {
                    wrong.push(format!("{name} turns ME or RI on at {address:08x}, before its return"));
                }
                DROP => dropped = true,
                CALL => dropped = false,
                word if RETURNS.contains(&word) => {
                    if !dropped {
                        wrong.push(format!("{name} returns at {address:08x} with the reservation"));
                    }
                    dropped = false;
                }
                _ => {}
            }
        }
    }
    Ok(wrong)
}
