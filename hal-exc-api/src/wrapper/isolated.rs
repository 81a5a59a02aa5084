// SPDX-License-Identifier: MIT OR Apache-2.0
//! The wrapper of exceptions on a stack of their own, and its parts.

/// Saves SRR0/1 in an isolated frame, for exceptions with a pair of their own.
#[doc(hidden)]
#[macro_export]
macro_rules! __keep_standard_pair {
    () => {
        "mfspr %r10, 26
        mfspr %r11, 27
        stw %r10, HX_SRR0(%r1)
        stw %r11, HX_SRR1(%r1)"
    };
}

/// Restores SRR0/1 from an isolated frame.
#[doc(hidden)]
#[macro_export]
macro_rules! __give_standard_pair_back {
    () => {
        "lwz %r10, HX_SRR0(%r1)
        lwz %r11, HX_SRR1(%r1)
        mtspr 26, %r10
        mtspr 27, %r11"
    };
}

/// For a machine check that shares its pair with critical and debug exceptions: branches to `7f` where the pair was live.
/// That is with CE off (they clear it) and the PC, r4, in one of their prologues or trampolines, or in one of the two
/// wrappers. Changes r6 and r7.
#[doc(hidden)]
#[macro_export]
macro_rules! __pair_is_free {
    ($critical:literal, $debug:literal) => {
        concat!(
            "andis. %r6, %r5, 2\nbne+ 8f\n", // CE was on: none of them is on its way
            "lis %r6, ",
            $critical,
            "_far@ha\naddi %r6, %r6, ",
            $critical,
            "_far@l\n",
            "subf %r6, %r6, %r4\n", // distance from one wrapper
            "cmplwi %r6, ",
            $critical,
            "_end - ",
            $critical,
            "_far\nblt- 7f\n",
            "lis %r6, ",
            $debug,
            "_far@ha\naddi %r6, %r6, ",
            $debug,
            "_far@l\n",
            "subf %r6, %r6, %r4\n", // and from the other
            "cmplwi %r6, ",
            $debug,
            "_end - ",
            $debug,
            "_far\nblt- 7f\n",
            "lwz %r6, HX_VECTOR_BASE(%r13)\nlwz %r7, HX_VECTOR_LEN(%r13)\n",
            "subf %r6, %r6, %r4\n", // distance from the vectors
            "cmplw %r6, %r7\nblt- 7f\n8:",
        )
    };
}

/// The mask of a machine check's exit where machine checks have a pair of their own or no MSR\[RI\] guards it: like
/// that of the others, but ME and RI (and all between them) stay off as the entry left them, because frame and pair are in
/// use until the return. RI counts on an e500mc, whose non-maskable interrupt does not ask for ME.
#[doc(hidden)]
#[macro_export]
macro_rules! __leave_machine_check {
    () => {
        "lwz %r4, HX_MSR_EXIT(%r13)\nrlwinm %r4, %r4, 0, 31, 18\nmtmsr %r4"
    };
}

/// Expands the wrapper of an exception on a stack of its own: machine check, system reset, debug. See [`wrapper`](crate::wrapper).
///
/// The frame has a fixed place. Either the hardware keeps the same exception off until the return, and `enter` and `leave` leave
/// it so, or `enter` leaves MSR\[RI\] off and `recoverable` tests it.
///
/// `slot` is `MACHINE_CHECK` or `DEBUG` and chooses stack and save words. `keep` and `give_back` are
/// [`__keep_standard_pair!`](crate::__keep_standard_pair) and [`__give_standard_pair_back!`](crate::__give_standard_pair_back),
/// or empty where the pair itself is the standard one. `done` is text at the point where the
/// exception is over for the scheduler; a debug wrapper clears its save word there, which tells an interrupting
/// critical exception that a debug exception is under way. It may use r10.
#[macro_export]
macro_rules! isolated_wrapper {
    (name: $name:literal, slot: $slot:literal, pair: ($s0:literal, $s1:literal), ret: $ret:literal,
     fault: $fault:literal, syndrome: $syndrome:literal, enter: $enter:expr, leave: $leave:expr, recoverable: $recoverable:expr,
     keep: $keep:expr, give_back: $give_back:expr, done: $done:expr $(,)?) => {
        $crate::__wrapper_asm!(
            $crate::__wrapper_far!($name, concat!("HX_PARK_", $slot, "(%r13)"), concat!("HX_PARK_", $slot, "+4(%r13)")),
            $crate::__wrapper_label!($name),
            concat!("lwz %r1, HX_", $slot, "_FRAME(%r13)"), // the frame lies on a stack of its own
            $crate::__save_all!(),
            concat!("lwz %r10, HX_", $slot, "_SAVE(%r13)"), // r1 and r3 of the program, from the prologue
            concat!("lwz %r11, HX_", $slot, "_SAVE+4(%r13)"),
            "stw %r10, 0(%r1)",                   // back chain
            "stw %r10, HX_GPR+4(%r1)",
            "stw %r11, HX_GPR+12(%r1)",
            $keep,                              // SRR0/1 may belong to a standard exception just entered
            concat!("mfspr %r10, ", $fault),     // captured now: a later fault changes it
            concat!("mfspr %r11, ", $syndrome),
            $crate::__save_special!($s0, $s1),
            "stw %r10, HX_FAULT(%r1)",
            "stw %r11, HX_SYNDROME(%r1)",
            "stw %r3, HX_VECTOR(%r1)",
            $recoverable,
            $enter,
            "lwz %r10, HX_NEST(%r13)",
            "lwzx %r12, %r13, %r3",
            "addi %r10, %r10, 1",
            "mr %r3, %r1",
            "stw %r10, HX_NEST(%r13)",
            "mtctr %r12",
            "bctrl",
            "2:",
            $leave,
            "cmpwi %r3, 0",
            "lwz %r10, HX_NEST(%r13)",
            "bne- 6f",
            "addi %r10, %r10, -1",
            "stw %r10, HX_NEST(%r13)",
            $done,
            $give_back,
            $crate::__restore_special!(),
            $crate::__restore_all!($s0, $s1),
            $ret,

            "6:",
            "mr %r3, %r1",
            "bl {unhandled_isolated}",
            "li %r3, 0",
            "b 2b",
            "7:",
            "mr %r3, %r1",
            "bl {unrecoverable_isolated}",
            $crate::__wrapper_end!($name);
            unhandled_isolated = sym $crate::fatal::unhandled_isolated,
            unrecoverable_isolated = sym $crate::fatal::unrecoverable_isolated,
        );
    };
}
