// SPDX-License-Identifier: MIT OR Apache-2.0
//! The wrapper of synchronous exceptions that the push of a frame may raise itself.

/// Expands the wrapper of the synchronous exceptions that the push of a frame may raise itself (data TLB miss, data
/// storage) where entry code runs translated. When the PC is in the vector area, in this wrapper,
/// in `synchronous` or in `interrupt`, the stack pointer leads nowhere, which is reported on the fatal stack; otherwise it goes on in `synchronous`.
/// See [`wrapper`](crate::wrapper).
#[macro_export]
macro_rules! guarded_wrapper {
    (name: $name:literal, synchronous: $synchronous:literal, interrupt: $interrupt:literal,
     pair: ($s0:literal, $s1:literal), fault: $fault:literal, syndrome: $syndrome:literal $(,)?) => {
        $crate::__wrapper_asm!(
            $crate::__wrapper_far!($name, "HX_FAULT_SAVE+20(%r13)", "HX_FAULT_SAVE+24(%r13)"),
            $crate::__wrapper_label!($name),
            "mfcr %r4",                         // r3 and r4 were saved by the prologue
            "stw %r3, HX_FAULT_SAVE+12(%r13)",
            "stw %r4, HX_FAULT_SAVE+8(%r13)",
            concat!("lis %r3, ", $synchronous, "_far@ha"),
            concat!("mfspr %r4, ", $s0),        // PC of what raised it
            concat!("addi %r3, %r3, ", $synchronous, "_far@l"),
            "subf %r4, %r3, %r4",               // distance from this wrapper
            concat!("cmplwi %r4, ", $synchronous, "_end - ", $synchronous, "_far"),
            "blt- 7f",
            concat!("lis %r3, ", $interrupt, "_far@ha"),
            concat!("mfspr %r4, ", $s0),        // PC of what raised it
            concat!("addi %r3, %r3, ", $interrupt, "_far@l"),
            "subf %r4, %r3, %r4",               // distance from this wrapper
            concat!("cmplwi %r4, ", $interrupt, "_end - ", $interrupt, "_far"),
            "blt- 7f",
            concat!("lis %r3, ", $name, "_far@ha"),
            concat!("mfspr %r4, ", $s0),        // PC of what raised it
            concat!("addi %r3, %r3, ", $name, "_far@l"),
            "subf %r4, %r3, %r4",               // distance from this wrapper
            concat!("cmplwi %r4, ", $name, "_end - ", $name, "_far"),
            "blt- 7f",
            concat!("mfspr %r4, ", $s0),
            "lwz %r3, HX_VECTOR_BASE(%r13)",
            "subf %r4, %r3, %r4",               // distance from the vectors
            "lwz %r3, HX_VECTOR_LEN(%r13)",
            "cmplw %r4, %r3",
            "blt- 7f",
            "lwz %r4, HX_FAULT_SAVE+8(%r13)",
            "lwz %r3, HX_FAULT_SAVE+4(%r13)",
            "mtcrf 255, %r4",
            "lwz %r4, HX_FAULT_SAVE(%r13)",
            "stwu %r1, -HX_FRAME_SIZE(%r1)",      // what the prologue of the others does; a miss here ends at 7
            "stw %r3, HX_GPR+12(%r1)",
            "lwz %r3, HX_FAULT_SAVE+12(%r13)",
            concat!("b ", $synchronous),

            "7:",                               // the frame goes above the fatal stack's top
            "lwz %r4, HX_FAULT_SAVE+8(%r13)",
            "stw %r1, HX_FAULT_SAVE+16(%r13)",
            "mtcrf 255, %r4",
            "lwz %r4, HX_FAULT_SAVE(%r13)",
            "lwz %r1, HX_FATAL_STACK(%r13)",
            $crate::__save_all!(),
            "lwz %r12, HX_FAULT_SAVE+4(%r13)",
            "lwz %r10, HX_FAULT_SAVE+16(%r13)",
            "stw %r12, HX_GPR+12(%r1)",
            "stw %r10, HX_GPR+4(%r1)",
            "li %r11, 0",
            "stw %r11, 0(%r1)",                   // end of the back chain: nothing can be read there
            concat!("mfspr %r10, ", $fault),
            concat!("mfspr %r11, ", $syndrome),
            "lwz %r3, HX_FAULT_SAVE+12(%r13)",
            $crate::__save_special!($s0, $s1),
            "stw %r10, HX_FAULT(%r1)",
            "stw %r11, HX_SYNDROME(%r1)",
            "stw %r3, HX_VECTOR(%r1)",
            "mr %r3, %r1",
            "bl {stack_lost}",
            $crate::__wrapper_end!($name);
            stack_lost = sym $crate::fatal::stack_lost,
        );
    };
}

/// What a guarded wrapper keeps in the per-CPU block, for the `park` of a critical wrapper, at the displacement `HX_CRITICAL_SIZE+32`.
#[doc(hidden)]
#[macro_export]
macro_rules! __park_guarded {
    () => {
        "lwz %r4, HX_FAULT_SAVE(%r13)\nstw %r4, HX_CRITICAL_SIZE+32(%r1)
        lwz %r4, HX_FAULT_SAVE+4(%r13)\nstw %r4, HX_CRITICAL_SIZE+36(%r1)
        lwz %r4, HX_FAULT_SAVE+8(%r13)\nstw %r4, HX_CRITICAL_SIZE+40(%r1)
        lwz %r4, HX_FAULT_SAVE+12(%r13)\nstw %r4, HX_CRITICAL_SIZE+44(%r1)
        lwz %r4, HX_FAULT_SAVE+20(%r13)\nstw %r4, HX_CRITICAL_SIZE+48(%r1)
        lwz %r4, HX_FAULT_SAVE+24(%r13)\nstw %r4, HX_CRITICAL_SIZE+52(%r1)"
    };
}

/// Gives it back, on whatever CPU the thread runs now.
#[doc(hidden)]
#[macro_export]
macro_rules! __unpark_guarded {
    () => {
        "lwz %r4, HX_CRITICAL_SIZE+32(%r1)\nstw %r4, HX_FAULT_SAVE(%r13)
        lwz %r4, HX_CRITICAL_SIZE+36(%r1)\nstw %r4, HX_FAULT_SAVE+4(%r13)
        lwz %r4, HX_CRITICAL_SIZE+40(%r1)\nstw %r4, HX_FAULT_SAVE+8(%r13)
        lwz %r4, HX_CRITICAL_SIZE+44(%r1)\nstw %r4, HX_FAULT_SAVE+12(%r13)
        lwz %r4, HX_CRITICAL_SIZE+48(%r1)\nstw %r4, HX_FAULT_SAVE+20(%r13)
        lwz %r4, HX_CRITICAL_SIZE+52(%r1)\nstw %r4, HX_FAULT_SAVE+24(%r13)"
    };
}
