// SPDX-License-Identifier: MIT OR Apache-2.0
//! What every wrapper is made of: offsets as assembly symbols, labels, and the far entry behind a trampoline.

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
