// SPDX-License-Identifier: MIT OR Apache-2.0
//! The context switch, and the first context of a thread.

/// Words of the frame that [`switch`] pushes: back chain, LR slot, CR, r14 to r31, padding to 16 bytes.
const FRAME: u32 = 96;
/// Where r14 is in it.
const R14: u32 = 12;

/// Saves what the C ABI says a function must keep on the stack of the running thread, its stack pointer to `*save`, and
/// goes on where the thread with stack pointer `load` was switched away. r13 is the CPU's and stays.
///
/// # Safety
/// * Interrupts of both classes are masked.
/// * `load` came from this function or from [`prepare`], and its stack is as it was then.
/// * `save` may be written.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn switch(save: *mut u32, load: u32) {
    core::arch::naked_asm!(
        "mflr 0",
        "mfcr 5",
        "stw 0, 4(1)",          // LR goes where the ABI puts it: the caller's frame
        "stwu 1, -{frame}(1)",
        "stw 5, 8(1)",          // CR, for its non-volatile fields
        "stmw 14, {r14}(1)",    // r14 to r31
        "stw 1, 0(3)",          // this thread is saved: what follows runs on the other stack
        "mr 1, 4",
        "lmw 14, {r14}(1)",
        "lwz 5, 8(1)",
        "addi 1, 1, {frame}",
        "lwz 0, 4(1)",
        "mtcrf 255, 5",
        "mtlr 0",
        "blr",
        frame = const FRAME,
        r14 = const R14,
    )
}

/// The first thing a thread executes: r14 and r15 are what [`prepare`] put into its frame.
#[unsafe(naked)]
unsafe extern "C" fn first() {
    core::arch::naked_asm!(
        "mr 3, 14", // the thread's function
        "mr 4, 15", // its argument
        "b {begin}",
        begin = sym crate::kernel::begin,
    )
}

/// Writes the first context of a thread to the top of its stack; returns the stack pointer for [`switch`].
///
/// # Safety
/// * The stack of `len` bytes at `bottom` is writable, 16-byte aligned, at least 256 bytes long, and nobody else's.
pub(crate) unsafe fn prepare(bottom: u32, len: u32, entry: u32, argument: u32) -> u32 {
    let end = bottom + len;
    let top = end - 16; // end of the back chain: a frame with a zero back chain
    let at = top - FRAME;
    let write = |address: u32, value: u32| {
        // SAFETY: inside the stack, aligned, says the caller.
        unsafe { (address as usize as *mut u32).write(value) };
    };
    write(top, 0);
    write(top + 4, first as *const () as usize as u32);
    write(at, top);
    write(at + 8, 0);
    for word in 0..18 {
        write(at + R14 + 4 * word, 0);
    }
    write(at + R14, entry);
    write(at + R14 + 4, argument);
    at
}
