// SPDX-License-Identifier: MIT OR Apache-2.0
//! The wrapper of critical interrupts.

/// Expands the wrapper of critical interrupts. See [`wrapper`](crate::wrapper).
///
/// `park` and `unpark` save and restore, in 64 bytes at the displacement `HX_CRITICAL_SIZE` of r1, what a standard
/// exception that was interrupted at its first instructions still needs besides SRR0/1 (fault address, syndrome, MMU
/// assist registers), because another thread may now take one. They may use r4.
#[macro_export]
macro_rules! critical_wrapper {
    (name: $name:literal, pair: ($s0:literal, $s1:literal), ret: $ret:literal,
     enter: $enter:expr, leave: $leave:expr, recoverable: $recoverable:expr, park: $park:expr, unpark: $unpark:expr $(,)?) => {
        $crate::__wrapper_asm!(
            $crate::__wrapper_far!($name, "HX_PARK_CRITICAL(%r13)", "HX_PARK_CRITICAL+4(%r13)"),
            $crate::__wrapper_label!($name),
            "lwz %r1, HX_CRITICAL_FRAME(%r13)",   // the frame lies on the critical stack
            $crate::__save_volatile!(),
            "lwz %r10, HX_CRITICAL_SAVE(%r13)",   // r1 and r3 of the program, from the prologue
            "lwz %r11, HX_CRITICAL_SAVE+4(%r13)",
            "stw %r10, 0(%r1)",                   // back chain
            "stw %r11, HX_R3(%r1)",
            "mfspr %r10, 26",                    // SRR0/1 may belong to a standard exception just entered
            "mfspr %r11, 27",
            $crate::__save_special!($s0, $s1),
            "stw %r10, HX_CRITICAL_SRR0(%r1)",
            "stw %r11, HX_CRITICAL_SRR1(%r1)",
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
            "lwz %r5, HX_DISPATCH(%r13)",
            "lwz %r6, HX_NEST(%r13)",
            "cmplw %r3, %r5",
            "addi %r6, %r6, -1",
            "bge- 4f",
            "9:",
            "stw %r6, HX_NEST(%r13)",
            "3:",
            "lwz %r10, HX_CRITICAL_SRR0(%r1)",
            "lwz %r11, HX_CRITICAL_SRR1(%r1)",
            "mtspr 26, %r10",
            "mtspr 27, %r11",
            $crate::__restore_special!(),
            $crate::__restore_volatile!($s0, $s1),
            "lwz %r1, 0(%r1)",
            $ret,

            "4:",                               // not handled, or a dispatch is wanted and allowed by its word
            "cmpwi %r3, 0",
            "bne 6f",
            "mr %r3, %r1",
            "bl {critical_dispatch_frame}",     // may this level dispatch? then the frame's copy on the program's stack
            "cmpwi %r3, 0",
            "lwz %r6, HX_NEST(%r13)",
            "addi %r6, %r6, -1",
            "beq 9b",                           // no: whoever was interrupted will do it on its way out
            "stw %r6, HX_NEST(%r13)",
            "mr %r1, %r3",                        // the critical stack is free again
            $park,
            "5:",
            "lwz %r12, HX_DISPATCH_HOOK(%r13)",
            "lwz %r3, HX_MSR(%r1)",
            "mtctr %r12",
            "bctrl",
            $leave,
            "lwz %r5, HX_DISPATCH(%r13)",
            "cmpwi %r5, 0",
            "beq- 5b",                          // another one is wanted
            $unpark,
            "b 3b",

            "6:",
            "mr %r3, %r1",
            "bl {unhandled_interrupt}",
            "li %r3, 0",
            "b 2b",
            "7:",
            "mr %r3, %r1",
            "bl {unrecoverable_interrupt}",
            $crate::__wrapper_end!($name);
            unhandled_interrupt = sym $crate::fatal::unhandled_interrupt,
            unrecoverable_interrupt = sym $crate::fatal::unrecoverable_interrupt,
            critical_dispatch_frame = sym $crate::critical::critical_dispatch_frame,
        );
    };
}
