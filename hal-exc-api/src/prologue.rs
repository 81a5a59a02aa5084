// SPDX-License-Identifier: MIT OR Apache-2.0
//! Prologues: the four instructions at a vector.
//!
//! Some vectors are only 16 bytes apart, so a prologue is four words: two stores that free a register, the
//! vector word, and a branch to the wrapper of the flavor. For a standard interrupt the first store is the
//! *lock store*: until the nesting level is raised it tells a critical interrupt that a standard one is already on
//! its way (founding design: the race between a low- and a high-priority interrupt).
//!
//! Everything here is a pure function. A generated prologue is decoded again and compared with what was
//! asked for before anybody writes it.

use core::fmt;

use crate::exception::VectorWord;
use crate::insn;
use crate::vectors::VectorEntry;

/// The two instructions that open a prologue, and where a trampoline may park two registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Template {
    /// First word: the lock store, the push of the frame, or the save of r1.
    pub first: u32,
    /// Second word: the save of r3.
    pub second: u32,
    /// Where the trampoline parks r4 and CTR.
    pub park: Park,
}

/// Where a trampoline parks r4 and CTR while it loads its far target: `base` is r1 (the frame that the
/// prologue pushed) or r13 (the per-CPU block).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Park {
    /// Base register.
    pub base: u8,
    /// Displacement of the place for r4.
    pub r4: i16,
    /// Displacement of the place for CTR.
    pub ctr: i16,
}

/// Where a prologue leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Target {
    /// Address of the wrapper's ordinary entry.
    pub near: u32,
    /// Address of the entry that first takes r4 and CTR back from where the trampoline parked them.
    pub far: u32,
}

/// Words of a trampoline.
pub const TRAMPOLINE_WORDS: usize = 7;

/// A generated prologue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Prologue {
    words: [u32; 8],
    len: usize,
    trampoline: Option<(u32, [u32; TRAMPOLINE_WORDS])>,
}

impl Prologue {
    /// The words to write at the slot.
    #[must_use]
    pub fn words(&self) -> &[u32] {
        &self.words[..self.len]
    }

    /// Address and words of the trampoline, where one is needed.
    #[must_use]
    pub const fn trampoline(&self) -> Option<(u32, [u32; TRAMPOLINE_WORDS])> {
        self.trampoline
    }
}

/// Why a prologue cannot be generated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum PrologueError {
    /// The slot's address is not a multiple of 16.
    Unaligned {
        /// The address.
        slot: u32,
    },
    /// The wrapper is out of reach of every branch, and no trampoline within reach was offered.
    OutOfReach {
        /// The slot.
        slot: u32,
        /// The wrapper.
        target: u32,
    },
    /// What was generated does not decode to what was asked for.
    Verify {
        /// The slot.
        slot: u32,
    },
}

impl fmt::Display for PrologueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unaligned { slot } => write!(f, "vector slot {slot:#010x} is not a multiple of 16"),
            Self::OutOfReach { slot, target } => {
                write!(f, "wrapper at {target:#010x} is out of reach of the vector at {slot:#010x}")
            }
            Self::Verify { slot } => write!(f, "prologue for {slot:#010x} does not decode to what was asked for"),
        }
    }
}

impl core::error::Error for PrologueError {}

/// What a prologue says when it is read back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Decoded {
    /// Whether it first clears MSR\[TGPR\].
    pub clears_tgpr: bool,
    /// The first store.
    pub first: u32,
    /// The second store.
    pub second: u32,
    /// The vector word.
    pub vector: VectorWord,
    /// Where the branch goes.
    pub target: u32,
}

/// Clears MSR\[TGPR\] (0x0002_0000, manual bit 14) so that r0 to r3 are the program's again; uses only the shadow r1.
const CLEAR_TGPR: [u32; 4] = [insn::mfmsr(1), insn::rlwinm_mask(1, 1, 15, 13), insn::mtmsr(1), insn::ISYNC];

/// Generates the prologue of `entry` at address `slot`.
///
/// `trampoline` is the address of [`TRAMPOLINE_WORDS`] free words that may be used when the wrapper is out of
/// reach of a branch.
///
/// # Errors
/// [`PrologueError`], each variant with the addresses that do not fit.
pub fn generate(
    slot: u32,
    entry: &VectorEntry,
    template: &Template,
    target: Target,
    trampoline: Option<u32>,
) -> Result<Prologue, PrologueError> {
    if !slot.is_multiple_of(16) {
        return Err(PrologueError::Unaligned { slot });
    }
    let start = if entry.shadow_gprs { CLEAR_TGPR.len() } else { 0 };
    let at = slot.wrapping_add(4 * (start as u32 + 3));
    let (branch, trampoline) = match insn::b(at, target.near) {
        Some(word) => (word, None),
        None => {
            let place = trampoline.ok_or(PrologueError::OutOfReach { slot, target: target.near })?;
            let word = insn::b(at, place).ok_or(PrologueError::OutOfReach { slot, target: place })?;
            (word, Some((place, trampoline_words(&template.park, target.far))))
        }
    };
    let mut words = [0; 8];
    if entry.shadow_gprs {
        words[..start].copy_from_slice(&CLEAR_TGPR);
    }
    words[start] = template.first;
    words[start + 1] = template.second;
    words[start + 2] = insn::li(3, entry.word().immediate());
    words[start + 3] = branch;
    let prologue = Prologue { words, len: start + 4, trampoline };
    let wanted = Decoded {
        clears_tgpr: entry.shadow_gprs,
        first: template.first,
        second: template.second,
        vector: entry.word(),
        target: trampoline.map_or(target.near, |(place, _)| place),
    };
    let far_is_right = trampoline.is_none_or(|(_, words)| decode_trampoline(&words) == Some(target.far));
    if decode(slot, prologue.words()) == Some(wanted) && far_is_right {
        Ok(prologue)
    } else {
        Err(PrologueError::Verify { slot })
    }
}

const fn trampoline_words(park: &Park, target: u32) -> [u32; TRAMPOLINE_WORDS] {
    [
        insn::stw(4, park.r4, park.base),    // free r4
        insn::mfctr(4),                      // and CTR, which the wrapper must see unchanged
        insn::stw(4, park.ctr, park.base),   // the far entry takes both back
        insn::lis(4, (target >> 16) as u16), // the whole address
        insn::ori(4, 4, (target & 0xFFFF) as u16),
        insn::mtctr(4),
        insn::BCTR,
    ]
}

/// Generates the single branch of a *naked* vector: the board's own assembly at `target` does everything, the return
/// included.
///
/// # Errors
/// [`PrologueError::Unaligned`] and [`PrologueError::OutOfReach`]; there is no register for a trampoline.
pub fn generate_naked(slot: u32, target: u32) -> Result<Prologue, PrologueError> {
    if !slot.is_multiple_of(16) {
        return Err(PrologueError::Unaligned { slot });
    }
    let word = insn::b(slot, target).ok_or(PrologueError::OutOfReach { slot, target })?;
    if insn::branch_target(slot, word) != Some(target) {
        return Err(PrologueError::Verify { slot });
    }
    Ok(Prologue { words: [word, 0, 0, 0, 0, 0, 0, 0], len: 1, trampoline: None })
}

/// Reads a prologue at `slot`; `None` when the words are not one.
#[must_use]
pub fn decode(slot: u32, words: &[u32]) -> Option<Decoded> {
    let (clears_tgpr, start) = match words.len() {
        4 => (false, 0),
        8 if words[..4] == CLEAR_TGPR => (true, 4),
        _ => return None,
    };
    let load = words[start + 2];
    if load & 0xFFFF_0000 != insn::li(3, 0) {
        return None;
    }
    Some(Decoded {
        clears_tgpr,
        first: words[start],
        second: words[start + 1],
        vector: VectorWord::from_raw((load as u16 as i16) as i32 as u32),
        target: insn::branch_target(slot.wrapping_add(4 * (start as u32 + 3)), words[start + 3])?,
    })
}

/// Where a trampoline leads; `None` when the words are not one.
#[must_use]
pub fn decode_trampoline(words: &[u32; TRAMPOLINE_WORDS]) -> Option<u32> {
    if words[1] != insn::mfctr(4) || words[5] != insn::mtctr(4) || words[6] != insn::BCTR {
        return None;
    }
    insn::wide_immediate(words[3], words[4])
}
