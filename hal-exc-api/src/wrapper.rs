// SPDX-License-Identifier: MIT OR Apache-2.0
//! The wrappers: the assembly that saves, calls the handler, dispatches and restores. It exists once, here, as
//! macros; a family expands them for the flavors that it owns.
//!
//! There are four kinds:
//!
//! * [`synchronous_wrapper!`](crate::synchronous_wrapper): full frame on the interrupted stack.
//! * [`interrupt_wrapper!`](crate::interrupt_wrapper): minimal frame on the interrupted stack, handler on the interrupt
//!   stack, dispatch when the last level leaves.
//! * [`critical_wrapper!`](crate::critical_wrapper): minimal frame and handler on the critical stack; dispatches unless it
//!   interrupted another interrupt or a debug exception (see [`critical`](crate::critical)), from a copy of its frame on the
//!   interrupted stack.
//! * [`isolated_wrapper!`](crate::isolated_wrapper): full frame and handler on a stack of its own, never dispatches
//!   (machine check, system reset, debug).
//!
//! Parameters: `name` (the symbol; `name_far` is the entry behind a trampoline, `name_end` the end), `pair` (SPR numbers of the
//! save/restore pair), `ret` (the return instruction), `fault` and `syndrome` (SPR numbers captured at entry),
//! `enter` (text after everything is saved and before the handler: classic cores turn translation and RI on),
//! `leave` (text after the handler: masks everything that could dispatch), `recoverable` (text that
//! branches to `7f` when the interrupted state cannot be returned to; r4 holds the interrupted PC, r5 its MSR). `enter` and
//! `leave` may use r4 to r12, `recoverable` r6 to r12; r3 is the vector word first and the handler's answer after it. The texts may use
//! the `HX_` symbols: distances of per-CPU words from r13, and of fields from the frame at r1.
//!
//! # Why an interrupt needs so little
//!
//! * The vector word is the distance from r13 to the handler's slot: one load finds the handler.
//! * `Handled` is 0 and the dispatch word is not 0 in the ordinary case, so *one* unsigned comparison decides
//!   "handled, and no dispatch needed"; the zero that came back also clears the nesting level.
//! * The outermost level is known from the level it found at entry, and nested levels have an exit of their own.
//! * r3 is saved below the stack pointer where the frame will be. That is safe because whoever interrupts at
//!   that point (critical, debug, machine check) does not use the interrupted stack.
//!
//! # Order on the way out
//!
//! Handler, mask (EE, CE), test the dispatch word, restore, save/restore pair, the last loads, return. Between the mask
//! and the return nothing can come that would dispatch (founding design, epilogue rule); what can come, debug and machine
//! check, puts the pair back or is reported as unrecoverable.

/// Emits one block of assembly with the offsets of frames and per-CPU words as symbols.
#[doc(hidden)]
#[macro_export]
macro_rules! __wrapper_asm {
    ($($text:expr),+ $(,)?; $($operands:tt)*) => {
        ::core::arch::global_asm!(
            // Offsets, from the Rust types; `.set` is local to this object.
            ".set HX_INTERRUPT_SIZE, {interrupt_size}",
            ".set HX_CRITICAL_SIZE, {critical_size}",
            ".set HX_FRAME_SIZE, {frame_size}",
            ".set HX_VECTOR, {vector}",
            ".set HX_PC, {pc}",
            ".set HX_MSR, {msr}",
            ".set HX_CR, {cr}",
            ".set HX_XER, {xer}",
            ".set HX_CTR, {ctr}",
            ".set HX_LR, {lr}",
            ".set HX_R0, {r0}",
            ".set HX_R3, {r3}",
            ".set HX_CRITICAL_SRR0, {critical_srr0}",
            ".set HX_CRITICAL_SRR1, {critical_srr1}",
            ".set HX_FAULT, {fault_address}",
            ".set HX_SYNDROME, {syndrome}",
            ".set HX_GPR, {gpr}",
            ".set HX_SRR0, {srr0}",
            ".set HX_SRR1, {srr1}",
            ".set HX_LOCK, {lock}",
            ".set HX_NEST, {nest}",
            ".set HX_DISPATCH, {dispatch}",
            ".set HX_INTERRUPT_STACK, {interrupt_stack}",
            ".set HX_INTERRUPT_STACK_LOW, {interrupt_stack_low}",
            ".set HX_CRITICAL_FRAME, {critical_frame}",
            ".set HX_DEBUG_FRAME, {debug_frame}",
            ".set HX_MACHINE_CHECK_FRAME, {machine_check_frame}",
            ".set HX_MSR_HANDLER, {msr_handler}",
            ".set HX_MSR_EXIT, {msr_exit}",
            ".set HX_CRITICAL_SAVE, {critical_save}",
            ".set HX_DEBUG_SAVE, {debug_save}",
            ".set HX_MACHINE_CHECK_SAVE, {machine_check_save}",
            ".set HX_PARK_STANDARD, {park_standard}",
            ".set HX_PARK_CRITICAL, {park_critical}",
            ".set HX_PARK_DEBUG, {park_debug}",
            ".set HX_PARK_MACHINE_CHECK, {park_machine_check}",
            ".set HX_DISPATCH_HOOK, {dispatch_hook}",
            ".set HX_VECTOR_BASE, {vector_base}",
            ".set HX_VECTOR_LEN, {vector_len}",
            ".set HX_FAULT_SAVE, {fault_save}",
            ".set HX_FATAL_STACK, {fatal_stack}",
            ".pushsection .text.hal_exc,\"ax\",@progbits",
            ".balign 32",
            $($text,)+
            ".popsection",
            interrupt_size = const ::core::mem::size_of::<$crate::frame::InterruptFrame>(),
            critical_size = const ::core::mem::size_of::<$crate::frame::CriticalFrame>(),
            frame_size = const ::core::mem::size_of::<$crate::frame::Frame>(),
            vector = const ::core::mem::offset_of!($crate::frame::FullFrame, vector),
            pc = const ::core::mem::offset_of!($crate::frame::FullFrame, pc),
            msr = const ::core::mem::offset_of!($crate::frame::FullFrame, msr),
            cr = const ::core::mem::offset_of!($crate::frame::FullFrame, cr),
            xer = const ::core::mem::offset_of!($crate::frame::FullFrame, xer),
            ctr = const ::core::mem::offset_of!($crate::frame::FullFrame, ctr),
            lr = const ::core::mem::offset_of!($crate::frame::FullFrame, lr),
            r0 = const ::core::mem::offset_of!($crate::frame::InterruptFrame, r0),
            r3 = const ::core::mem::offset_of!($crate::frame::InterruptFrame, r3_to_r12),
            critical_srr0 = const ::core::mem::offset_of!($crate::frame::CriticalFrame, srr0),
            critical_srr1 = const ::core::mem::offset_of!($crate::frame::CriticalFrame, srr1),
            fault_address = const ::core::mem::offset_of!($crate::frame::FullFrame, fault_address),
            syndrome = const ::core::mem::offset_of!($crate::frame::FullFrame, syndrome),
            gpr = const ::core::mem::offset_of!($crate::frame::FullFrame, gpr),
            srr0 = const ::core::mem::offset_of!($crate::frame::IsolatedFrame, srr0),
            srr1 = const ::core::mem::offset_of!($crate::frame::IsolatedFrame, srr1),
            lock = const $crate::percpu::offset::LOCK,
            nest = const $crate::percpu::offset::NEST,
            dispatch = const $crate::percpu::offset::DISPATCH,
            interrupt_stack = const $crate::percpu::offset::INTERRUPT_STACK,
            interrupt_stack_low = const $crate::percpu::offset::INTERRUPT_STACK_LOW,
            critical_frame = const $crate::percpu::offset::CRITICAL_FRAME,
            debug_frame = const $crate::percpu::offset::DEBUG_FRAME,
            machine_check_frame = const $crate::percpu::offset::MACHINE_CHECK_FRAME,
            msr_handler = const $crate::percpu::offset::MSR_HANDLER,
            msr_exit = const $crate::percpu::offset::MSR_EXIT,
            critical_save = const $crate::percpu::offset::CRITICAL_SAVE,
            debug_save = const $crate::percpu::offset::DEBUG_SAVE,
            machine_check_save = const $crate::percpu::offset::MACHINE_CHECK_SAVE,
            park_standard = const $crate::percpu::offset::PARK_STANDARD,
            park_critical = const $crate::percpu::offset::PARK_CRITICAL,
            park_debug = const $crate::percpu::offset::PARK_DEBUG,
            park_machine_check = const $crate::percpu::offset::PARK_MACHINE_CHECK,
            dispatch_hook = const $crate::percpu::offset::DISPATCH_HOOK,
            vector_base = const $crate::percpu::offset::VECTOR_BASE,
            fault_save = const $crate::percpu::offset::FAULT_SAVE,
            fatal_stack = const $crate::percpu::offset::FATAL_STACK,
            vector_len = const $crate::percpu::offset::VECTOR_LEN,
            $($operands)*
        );
    };
}

/// A global function symbol, typed.
#[doc(hidden)]
#[macro_export]
macro_rules! __wrapper_label {
    ($name:literal) => {
        concat!(".globl ", $name, "\n.type ", $name, ", @function\n", $name, ":")
    };
}

/// Sizes the symbol, and marks its end for tests of an interrupted PC.
#[doc(hidden)]
#[macro_export]
macro_rules! __wrapper_end {
    ($name:literal) => {
        concat!(".globl ", $name, "_end\n", $name, "_end:\n.size ", $name, ", . - ", $name)
    };
}

/// Far entry: takes r4 and CTR back from where the trampoline parked them.
#[doc(hidden)]
#[macro_export]
macro_rules! __wrapper_far {
    ($name:literal, $r4:expr, $ctr:expr) => {
        concat!(
            ".globl ",
            $name,
            "_far\n.type ",
            $name,
            "_far, @function\n",
            $name,
            "_far:\n",
            "lwz %r4, ",
            $ctr,
            "\n",
            "mtctr %r4\n", // the interrupted program's CTR
            "lwz %r4, ",
            $r4,
            "\n", // and its r4
            ".size ",
            $name,
            "_far, . - ",
            $name,
            "_far",
        )
    };
}

/// Saves r0 and r4 to r12 in a minimal frame (r3 is saved by the prologue).
#[doc(hidden)]
#[macro_export]
macro_rules! __save_volatile {
    () => {
        "stw %r0, HX_R0(%r1)
        stw %r4, HX_R3+4(%r1)
        stw %r5, HX_R3+8(%r1)
        stw %r6, HX_R3+12(%r1)
        stw %r7, HX_R3+16(%r1)
        stw %r8, HX_R3+20(%r1)
        stw %r9, HX_R3+24(%r1)
        stw %r10, HX_R3+28(%r1)
        stw %r11, HX_R3+32(%r1)
        stw %r12, HX_R3+36(%r1)"
    };
}

/// Saves r0, r2, r4 to r12 and r13 to r31 in a full frame (r1 and r3 are the wrapper's and the prologue's).
#[doc(hidden)]
#[macro_export]
macro_rules! __save_all {
    () => {
        "stw %r0, HX_GPR(%r1)
        stw %r2, HX_GPR+8(%r1)
        stw %r4, HX_GPR+16(%r1)
        stw %r5, HX_GPR+20(%r1)
        stw %r6, HX_GPR+24(%r1)
        stw %r7, HX_GPR+28(%r1)
        stw %r8, HX_GPR+32(%r1)
        stw %r9, HX_GPR+36(%r1)
        stw %r10, HX_GPR+40(%r1)
        stw %r11, HX_GPR+44(%r1)
        stw %r12, HX_GPR+48(%r1)
        stmw %r13, HX_GPR+52(%r1)"
    };
}

/// Saves the pair (PC stays in r4, MSR in r5), CR, XER, CTR and LR.
#[doc(hidden)]
#[macro_export]
macro_rules! __save_special {
    ($save0:literal, $save1:literal) => {
        concat!(
            "mfspr %r4, ",
            $save0,
            "\n", // PC of the interrupted program
            "mfspr %r5, ",
            $save1,
            "\n", // its MSR
            "mfcr %r6\nmfxer %r7\nmfctr %r8\nmflr %r9\n",
            "stw %r4, HX_PC(%r1)\nstw %r5, HX_MSR(%r1)\n",
            "stw %r6, HX_CR(%r1)\nstw %r7, HX_XER(%r1)\nstw %r8, HX_CTR(%r1)\nstw %r9, HX_LR(%r1)",
        )
    };
}

/// Restores CR, XER, CTR and LR, and drops the reservation that the handler or the program may hold. Leaves PC in
/// r4 and MSR in r5.
#[doc(hidden)]
#[macro_export]
macro_rules! __restore_special {
    () => {
        "lwz %r6, HX_CR(%r1)
        lwz %r7, HX_XER(%r1)
        lwz %r8, HX_CTR(%r1)
        lwz %r9, HX_LR(%r1)
        stwcx. %r0, 0, %r13
        mtcrf 255, %r6
        mtxer %r7
        mtctr %r8
        mtlr %r9
        lwz %r4, HX_PC(%r1)
        lwz %r5, HX_MSR(%r1)"
    };
}

/// Restores the volatile registers of a minimal frame and the pair; r1 still points to the frame.
#[doc(hidden)]
#[macro_export]
macro_rules! __restore_volatile {
    ($save0:literal, $save1:literal) => {
        concat!(
            "lwz %r0, HX_R0(%r1)
            lwz %r3, HX_R3(%r1)
            lwz %r6, HX_R3+12(%r1)
            lwz %r7, HX_R3+16(%r1)
            lwz %r8, HX_R3+20(%r1)
            lwz %r9, HX_R3+24(%r1)
            lwz %r10, HX_R3+28(%r1)
            lwz %r11, HX_R3+32(%r1)
            lwz %r12, HX_R3+36(%r1)\n",
            "mtspr ",
            $save0,
            ", %r4\n", // from here to the return only loads, and those from a frame that was just read
            "mtspr ",
            $save1,
            ", %r5\n",
            "lwz %r4, HX_R3+4(%r1)
            lwz %r5, HX_R3+8(%r1)",
        )
    };
}

/// Restores every register of a full frame (not r13) and the pair; r1 comes last.
#[doc(hidden)]
#[macro_export]
macro_rules! __restore_all {
    ($save0:literal, $save1:literal) => {
        concat!(
            "lmw %r14, HX_GPR+56(%r1)
            lwz %r0, HX_GPR(%r1)
            lwz %r2, HX_GPR+8(%r1)
            lwz %r3, HX_GPR+12(%r1)
            lwz %r6, HX_GPR+24(%r1)
            lwz %r7, HX_GPR+28(%r1)
            lwz %r8, HX_GPR+32(%r1)
            lwz %r9, HX_GPR+36(%r1)
            lwz %r10, HX_GPR+40(%r1)
            lwz %r11, HX_GPR+44(%r1)
            lwz %r12, HX_GPR+48(%r1)\n",
            "mtspr ",
            $save0,
            ", %r4\n",
            "mtspr ",
            $save1,
            ", %r5\n",
            "lwz %r4, HX_GPR+16(%r1)
            lwz %r5, HX_GPR+20(%r1)
            lwz %r1, HX_GPR+4(%r1)", // the handler may have moved the stack
        )
    };
}

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
/// that of the others, and ME stays off as the entry left it, because frame and pair are in use until the return.
#[doc(hidden)]
#[macro_export]
macro_rules! __leave_machine_check {
    () => {
        "lwz %r4, HX_MSR_EXIT(%r13)\nrlwinm %r4, %r4, 0, 20, 18\nmtmsr %r4"
    };
}

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

/// Expands the wrapper of an exception on a stack of its own: machine check, system reset, debug. See [`wrapper`](crate::wrapper).
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
