// SPDX-License-Identifier: MIT OR Apache-2.0
//! The floor: the instructions that the ABI's volatile set and the architecture make unavoidable, whoever writes them.
//!
//! | what | instructions |
//! |---|---|
//! | volatile GPRs r0, r3 to r12 | 11 stores, 11 loads |
//! | CR, XER, CTR, LR | a move and a store each, a load and a move each: 16 |
//! | the save/restore pair | the same for two: 8 |
//! | r1 and the frame | push and pop: 2 |
//! | the vector | load its number, branch: 2; keep it in the frame: 1 |
//! | the handler | find it (one load), move it to a register that can be called, frame as argument, call: 4 |
//! | leaving | drop the reservation, return: 2 |
//! | a level of nesting, asynchronous | raise and lower a counter in memory: 6 |
//! | a stack of its own, asynchronous | load it, link it, come back: 3 |
//! | masked exit | load the mask, move it to MSR: 2 |
//! | synchronous, machine check, debug | r2 and the rest of the GPRs: 2 and `stmw`/`lmw` 2; fault address and syndrome 4; r1 2 |
//! | machine check, debug, critical | the standard pair, which may be live: 8; r1 and r3 by way of the per-CPU block: 4 |
//! | classic | MSR\[RI\] test 2, translation on and off with its `isync`s: 4 |

use hal_exc_api::flavor::Class;
use hal_exc_api::frame::{CriticalFrame, Frame, InterruptFrame, IsolatedFrame};

/// Common to all: see the table.
const COMMON: usize = 22 + 16 + 8 + 2 + 3 + 4 + 2;
const NESTING: usize = 6;
const STACK: usize = 3;
const MASK: usize = 2;
const ALL_REGISTERS: usize = 4 + 4 + 2;
const STANDARD_PAIR: usize = 8;
const BY_BLOCK: usize = 4;
const CLASSIC: usize = 2 + 4;

/// The floor of a path.
pub(super) fn instructions(class: Class, synchronous: bool, classic: bool) -> usize {
    let family = if classic { CLASSIC } else { 0 };
    family
        + COMMON
        + match class {
            Class::Standard if synchronous => ALL_REGISTERS + MASK,
            Class::Standard => NESTING + STACK + MASK,
            Class::Critical => NESTING + MASK + STANDARD_PAIR + BY_BLOCK,
            // On a classic core machine check has the standard pair itself.
            Class::Debug | Class::MachineCheck if classic => NESTING + MASK + ALL_REGISTERS + BY_BLOCK,
            Class::Debug | Class::MachineCheck => NESTING + MASK + ALL_REGISTERS + STANDARD_PAIR + BY_BLOCK,
        }
}

/// Bytes of the frame.
pub(super) fn frame(class: Class, synchronous: bool) -> u32 {
    let bytes = match class {
        Class::Standard if synchronous => size_of::<Frame>(),
        Class::Standard => size_of::<InterruptFrame>(),
        Class::Critical => size_of::<CriticalFrame>(),
        Class::Debug | Class::MachineCheck => size_of::<IsolatedFrame>(),
    };
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
