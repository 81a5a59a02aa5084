// SPDX-License-Identifier: MIT OR Apache-2.0
//! Holding a pattern in every general-purpose and special register: loaded, left alone for a while, stored again.

use core::arch::global_asm;
use core::mem::offset_of;

/// r0 to r31, CR, XER, CTR, LR. r1 and r13 are never loaded: the stack and the per-CPU block stay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub(crate) struct General {
    pub(crate) gpr: [u32; 32],
    pub(crate) cr: u32,
    pub(crate) xer: u32,
    pub(crate) ctr: u32,
    pub(crate) lr: u32,
}

/// Bits of XER that every core has: SO, OV, CA and the byte count.
const XER_BITS: u32 = 0xE000_007F;

impl General {
    pub(crate) const ZERO: Self = Self { gpr: [0; 32], cr: 0, xer: 0, ctr: 0, lr: 0 };

    /// A pattern from a source of random words.
    pub(crate) fn pattern(next: &mut impl FnMut() -> u32) -> Self {
        let mut new = Self { gpr: core::array::from_fn(|_| next()), ..Self::ZERO };
        (new.gpr[1], new.gpr[13]) = (0, 0);
        (new.cr, new.xer, new.ctr, new.lr) = (next(), next() & XER_BITS, next(), next());
        new
    }

    /// The first register that differs from what it should be: its name, its number if it has one, its value, the right
    /// value.
    pub(crate) fn difference(&self, wanted: &Self) -> Option<(&'static str, Option<usize>, u32, u32)> {
        let gpr = (0..32).filter(|n| ![1, 13].contains(n)).map(|n| ("r", Some(n), self.gpr[n], wanted.gpr[n]));
        let special = [
            ("CR", None, self.cr, wanted.cr),
            ("XER", None, self.xer, wanted.xer),
            ("CTR", None, self.ctr, wanted.ctr),
            ("LR", None, self.lr, wanted.lr),
        ];
        gpr.chain(special).find(|(_, _, found, right)| found != right)
    }
}

unsafe extern "C" {
    /// Loads `pattern` into the registers, stands in the loop until somebody moves the PC to [`soak_exit`], then
    /// stores what the registers hold.
    pub(crate) fn soak_hold(pattern: *const General, found: *mut General);
    /// The same without the loop.
    pub(crate) fn soak_through(pattern: *const General, found: *mut General);
    /// First instruction of the loop, and the one behind it.
    fn soak_loop();
    fn soak_exit();
}

/// The loop, as addresses; its end is where to go on.
pub(crate) fn held_at() -> core::ops::Range<u32> {
    soak_loop as *const () as u32..soak_exit as *const () as u32
}

global_asm!(
    ".macro soak_load",
    // Keep what the ABI says is the caller's.
    "stwu %r1, -128(%r1)",
    "mflr %r0",
    "stw %r0, 132(%r1)",
    "stmw %r14, 16(%r1)",
    "stw %r2, 88(%r1)",
    "mfcr %r0",
    "stw %r0, 92(%r1)",
    "stw %r4, 8(%r1)",          // where the registers go afterwards
    // The pattern; r31 points to it until it gets its own value.
    "mr %r31, %r3",
    "lwz %r0, {cr}(%r31)",
    "mtcrf 0xFF, %r0",
    "lwz %r0, {xer}(%r31)",
    "mtxer %r0",
    "lwz %r0, {ctr}(%r31)",
    "mtctr %r0",
    "lwz %r0, {lr}(%r31)",
    "mtlr %r0",
    ".irp n, 0,2,3,4,5,6,7,8,9,10,11,12,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31",
    "lwz \\n, 4*\\n(%r31)",
    ".endr",
    ".endm",
    ".macro soak_store",
    "stw %r31, 12(%r1)",
    "lwz %r31, 8(%r1)",
    "stw %r0, 0(%r31)",
    "stw %r1, 4(%r31)",
    "stmw %r2, 8(%r31)",        // r31 is not right yet
    "lwz %r30, 12(%r1)",
    "stw %r30, 124(%r31)",      // now it is
    "mfcr %r0",
    "stw %r0, {cr}(%r31)",
    "mfxer %r0",
    "stw %r0, {xer}(%r31)",
    "mfctr %r0",
    "stw %r0, {ctr}(%r31)",
    "mflr %r0",
    "stw %r0, {lr}(%r31)",
    // Back to the caller's.
    "lmw %r14, 16(%r1)",
    "lwz %r2, 88(%r1)",
    "lwz %r0, 92(%r1)",
    "mtcrf 0xFF, %r0",
    "lwz %r0, 132(%r1)",
    "mtlr %r0",
    "addi %r1, %r1, 128",
    "blr",
    ".endm",
    ".pushsection .text.soak, \"ax\", @progbits",
    ".globl soak_hold",
    ".type soak_hold, @function",
    "soak_hold:",
    "soak_load",
    ".globl soak_loop",
    "soak_loop:",
    "nop",
    "ori %r5, %r5, 0",          // moves that change nothing
    "mr %r31, %r31",
    "b soak_loop",              // left by an interrupt handler only
    ".globl soak_exit",
    "soak_exit:",
    "soak_store",
    ".size soak_hold, . - soak_hold",
    ".globl soak_through",
    ".type soak_through, @function",
    "soak_through:",
    "soak_load",
    "soak_store",
    ".size soak_through, . - soak_through",
    ".popsection",
    cr = const offset_of!(General, cr),
    xer = const offset_of!(General, xer),
    ctr = const offset_of!(General, ctr),
    lr = const offset_of!(General, lr),
);
