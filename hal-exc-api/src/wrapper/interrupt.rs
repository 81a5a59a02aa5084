// SPDX-License-Identifier: MIT OR Apache-2.0
//! The wrapper of standard interrupts.

/// Expands the wrapper of a standard interrupt (asynchronous, SRR0/1). See [`wrapper`](crate::wrapper).
#[macro_export]
macro_rules! interrupt_wrapper {
    (name: $name:literal, pair: ($s0:literal, $s1:literal), ret: $ret:literal,
     enter: $enter:expr, leave: $leave:expr, recoverable: $recoverable:expr $(,)?) => {
        $crate::__wrapper_asm!(
            $crate::__wrapper_far!($name, "HX_PARK_STANDARD(%r13)", "HX_PARK_STANDARD+4(%r13)"),
            $crate::__wrapper_label!($name),
            "stwu %r1, -HX_INTERRUPT_SIZE(%r1)",  // frame on the interrupted stack; r3 is already in it
            $crate::__save_volatile!(),
            $crate::__save_special!($s0, $s1),
            "stw %r3, HX_VECTOR(%r1)",
            $recoverable,
            $enter,
            "lwz %r10, HX_NEST(%r13)",
            "lwzx %r12, %r13, %r3",                // the handler: the vector word is its distance from r13
            "addi %r11, %r10, 1",
            "cmpwi %r10, 0",
            "stw %r11, HX_NEST(%r13)",            // raise the level first, then ...
            "mr %r3, %r1",                        // argument: the frame
            "mtctr %r12",
            "bne- 5f",
            "stw %r10, HX_LOCK(%r13)",            // ... clear the lock (r10 is 0: outermost)
            "lwz %r1, HX_INTERRUPT_STACK(%r13)",
            "stwu %r3, -16(%r1)",                 // back chain to the frame
            "bctrl",
            $leave,                             // nothing that could dispatch from here to the return
            "lwz %r1, 0(%r1)",                    // back to the frame
            "2:",
            "lwz %r5, HX_DISPATCH(%r13)",
            "cmplw %r3, %r5",                     // handled (0) and dispatch word not 0: ordinary case
            "bge- 4f",
            "stw %r3, HX_NEST(%r13)",             // r3 is 0: last level out
            "3:",
            $crate::__restore_special!(),
            $crate::__restore_volatile!($s0, $s1),
            "addi %r1, %r1, HX_INTERRUPT_SIZE",
            $ret,

            "4:",                               // not handled, or a dispatch is wanted and allowed
            "cmpwi %r3, 0",
            "bne 6f",
            "stw %r3, HX_NEST(%r13)",             // the level is left before the scheduler runs
            "lwz %r12, HX_DISPATCH_HOOK(%r13)",
            "lwz %r3, HX_MSR(%r1)",               // argument: MSR of the interrupted program
            "mtctr %r12",
            "bctrl",                            // returns when this thread runs again, on any CPU
            $leave,                             // mask again, whatever the scheduler left
            "li %r3, 0",
            "b 2b",                             // is another dispatch wanted?

            "5:",                               // nested: this stack, and no dispatch on the way out
            "li %r10, 0",
            "stw %r10, HX_LOCK(%r13)",
            "lwz %r10, HX_INTERRUPT_STACK_LOW(%r13)",
            "cmplw %r1, %r10",                    // room left on the interrupt stack?
            "blt- 8f",
            "bctrl",
            $leave,
            "lwz %r6, HX_NEST(%r13)",
            "addi %r6, %r6, -1",
            "stw %r6, HX_NEST(%r13)",
            "cmpwi %r3, 0",
            "beq+ 3b",
            "mr %r3, %r1",
            "bl {unhandled_interrupt}",
            $leave,                             // again: the global handler ran as handlers do
            "b 3b",

            "6:",                               // outermost, and the handler declined
            "mr %r3, %r1",
            "bl {unhandled_interrupt}",         // returns only when the global handler took it
            $leave,
            "li %r3, 0",
            "b 2b",

            "7:",                               // MSR[RI] was off: there is no way back
            "mr %r3, %r1",
            "bl {unrecoverable_interrupt}",
            "8:",                               // the interrupt stack is used up
            "mr %r3, %r1",
            "bl {interrupt_stack_overflow}",
            $crate::__wrapper_end!($name);
            unhandled_interrupt = sym $crate::fatal::unhandled_interrupt,
            unrecoverable_interrupt = sym $crate::fatal::unrecoverable_interrupt,
            interrupt_stack_overflow = sym $crate::fatal::interrupt_stack_overflow,
        );
    };
}
