// SPDX-License-Identifier: MIT OR Apache-2.0
//! The entry stub: one for all PowerPC boards.
//!
//! It relies on the little that all loaders agree on: big endian, supervisor state, and effective address =
//! physical address for the image. A boot loader such as U-Boot also leaves interrupts enabled, a timer
//! running, caches on and its own translations, so the stub masks first and asks later. It decides nothing by
//! CPU: what depends on the CPU is done in [`crate::handover`], which can look the PVR up in the one table.

use core::arch::global_asm;
use core::mem::offset_of;

use crate::boot::BootInfo;

/// Bytes of the stub's stack frame: back chain, LR save word, 8 bytes of padding, [`BootInfo`].
const FRAME: usize = (16 + size_of::<BootInfo>() + 15) & !15;

global_asm!(
    ".pushsection .text.entry, \"ax\", @progbits",
    ".globl _start",
    ".type _start, @function",
    "_start:",
    // Mask every maskable class, keep translation as found. 0x1070 = ME, IP, IR/IS, DR/DS; EE, CE, DE, FP,
    // vector and SPE bits go. (All families: EE is 0x8000; CE and DE are 0 in the mask wherever they are.)
    "mfmsr  %r20",                  // MSR as found
    "andi.  %r10, %r20, 0x1070",    // without the enables
    "mtmsr  %r10",                  // interrupts are off from here
    "isync",                        // and the next instruction knows it
    // Keep what the loader left; there is no stack yet.
    "mr     %r21, %r1",             // the loader's stack pointer
    "mr     %r22, %r3",             // device tree, board info or argc
    "mr     %r23, %r4",             // argv
    "mr     %r24, %r5",
    "mr     %r25, %r6",             // ePAPR magic
    "mr     %r26, %r7",             // ePAPR size of the initial mapping
    "mr     %r27, %r8",
    "mr     %r28, %r9",
    "mfspr  %r29, 287",             // PVR
    // MSR := ME. By rfi, because mtmsr need not change ME, and because clearing IP or the translation bits
    // must be one step with the jump to the next instruction.
    "li     %r0, 0x1000",           // ME
    "mtspr  27, %r0",               // SRR1
    "bcl    20, 31, 1f",            // LR := address of 1, the form that keeps the link stack straight
    "1: mflr %r9",                  // where we run
    "addi   %r9, %r9, 2f - 1b",     // the instruction after rfi
    "mtspr  26, %r9",               // SRR0
    "rfi",                          // IP = 0, translation off (classic, 405) or address space 0 (Book E)
    // Clear .bss and the vector page; the stack lies behind them.
    "2: lis %r8, __bss_start@ha",
    "addi   %r8, %r8, __bss_start@l",
    "lis    %r9, __bss_end@ha",
    "addi   %r9, %r9, __bss_end@l",
    "li     %r0, 0",
    "3: cmplw %r8, %r9",            // both are multiples of 16
    "bge    4f",
    "stw    %r0, 0(%r8)",
    "addi   %r8, %r8, 4",
    "b      3b",
    // The first stack frame: a zero back chain ends every walk here.
    "4: lis %r1, __stack_top@ha",
    "addi   %r1, %r1, __stack_top@l",
    "stwu   %r0, -{frame}(%r1)",    // back chain 0
    "stw    %r0, 4(%r1)",           // LR save word 0
    "addi   %r3, %r1, 16",          // the BootInfo, argument of the Rust side
    "stw    %r29, {pvr}(%r3)",
    "stw    %r20, {msr}(%r3)",
    "stw    %r21, {r1}(%r3)",
    "stw    %r22, {args} + 0(%r3)",
    "stw    %r23, {args} + 4(%r3)",
    "stw    %r24, {args} + 8(%r3)",
    "stw    %r25, {args} + 12(%r3)",
    "stw    %r26, {args} + 16(%r3)",
    "stw    %r27, {args} + 20(%r3)",
    "stw    %r28, {args} + 24(%r3)",
    "li     %r13, 0",               // no per-CPU block yet
    "bl     {start}",               // never returns
    "5: b   5b",
    ".size _start, . - _start",
    ".popsection",
    frame = const FRAME,
    pvr = const offset_of!(BootInfo, pvr),
    msr = const offset_of!(BootInfo, msr),
    r1 = const offset_of!(BootInfo, r1),
    args = const offset_of!(BootInfo, args),
    start = sym start,
);

unsafe extern "Rust" {
    /// Defined by [`crate::program!`] in the image.
    safe fn __board_program(boot: &'static BootInfo) -> !;
}

extern "C" fn start(boot: &'static BootInfo) -> ! {
    // SAFETY: called once, by the stub, before anything else runs.
    unsafe { crate::handover::quiet(boot) };
    __board_program(boot)
}
