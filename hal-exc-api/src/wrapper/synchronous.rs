// SPDX-License-Identifier: MIT OR Apache-2.0
//! The wrapper of synchronous exceptions.

/// Expands the wrapper of synchronous exceptions of standard class. See [`wrapper`](crate::wrapper).
#[macro_export]
macro_rules! synchronous_wrapper {
    (name: $name:literal, pair: ($s0:literal, $s1:literal), ret: $ret:literal, fault: $fault:literal, syndrome: $syndrome:literal,
     enter: $enter:expr, leave: $leave:expr, recoverable: $recoverable:expr $(,)?) => {
        $crate::__wrapper_asm!(
            $crate::__wrapper_far!($name, "HX_GPR+16(%r1)", "HX_CTR(%r1)"),
            $crate::__wrapper_label!($name),
            $crate::__save_all!(),              // the prologue pushed the frame and saved r3 in it
            concat!("mfspr %r10, ", $fault),     // captured now: a later fault changes it
            concat!("mfspr %r11, ", $syndrome),
            $crate::__save_special!($s0, $s1),
            "stw %r10, HX_FAULT(%r1)",
            "stw %r11, HX_SYNDROME(%r1)",
            "addi %r12, %r1, HX_FRAME_SIZE",
            "stw %r12, HX_GPR+4(%r1)",            // r1 of the program
            "stw %r3, HX_VECTOR(%r1)",
            $recoverable,
            $enter,
            "lwzx %r12, %r13, %r3",                // the handler: the vector word is its distance from r13
            "mr %r3, %r1",
            "mtctr %r12",
            "bctrl",
            "2:",
            $leave,
            "cmpwi %r3, 0",
            "bne- 6f",
            $crate::__restore_special!(),
            $crate::__restore_all!($s0, $s1),
            $ret,

            "6:",
            "mr %r3, %r1",
            "bl {unhandled}",                   // returns only when the global handler took it
            "li %r3, 0",
            "b 2b",
            "7:",
            "mr %r3, %r1",
            "bl {unrecoverable}",
            $crate::__wrapper_end!($name);
            unhandled = sym $crate::fatal::unhandled,
            unrecoverable = sym $crate::fatal::unrecoverable,
        );
    };
}
