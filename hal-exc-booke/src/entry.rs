// SPDX-License-Identifier: MIT OR Apache-2.0
//! The wrappers of this family: expansions of the macros in [`hal_exc_api::wrapper`] for its flavors.
//!
//! The 405 differs from the 440 in the numbers of its registers, and in that critical, machine check and debug share
//! SRR2/3. Where machine check has no pair of its own (405, 440GP, 440EP, 440GR, 440SP), one that hits the entry or
//! exit of a critical interrupt or a debug exception destroys that one's pair: such a machine check is reported as unrecoverable.

use cfg_if::cfg_if;
use hal_exc_api::family::Wrapper;
use hal_exc_api::wrapper_row;
use paste::paste;

cfg_if! {
    if #[cfg(target_arch = "powerpc")] {
        use hal_exc_api::{
            __give_standard_pair_back, __keep_standard_pair, __leave_machine_check, __pair_is_free, __park_guarded,
            __unpark_guarded, critical_wrapper, guarded_wrapper, interrupt_wrapper, isolated_wrapper, synchronous_wrapper,
        };

        /// Masks EE and CE: nothing that could dispatch comes from here to the return.
        macro_rules! leave {
            () => { "lwz %r4, HX_MSR_EXIT(%r13)\nmtmsr %r4" };
        }

        /// DEAR and ESR of a standard exception that a critical one interrupted at its first instructions.
        macro_rules! park {
            ($dear:literal, $esr:literal) => {
                concat!(
                    "mfspr %r4, ", $dear, "\nstw %r4, HX_CRITICAL_SIZE(%r1)\n",
                    "mfspr %r4, ", $esr, "\nstw %r4, HX_CRITICAL_SIZE+4(%r1)",
                )
            };
        }

        macro_rules! unpark {
            ($dear:literal, $esr:literal) => {
                concat!(
                    "lwz %r4, HX_CRITICAL_SIZE(%r1)\nmtspr ", $dear, ", %r4\n",
                    "lwz %r4, HX_CRITICAL_SIZE+4(%r1)\nmtspr ", $esr, ", %r4",
                )
            };
        }

        // 403 and 405: DEAR 981, ESR 980, SRR2/3 990/991, DBSR 1008.
        synchronous_wrapper!(name: "hal_exc_ppc405_synchronous", pair: (26, 27), ret: "rfi", fault: 981, syndrome: 980,
            enter: "", leave: leave!(), recoverable: "");
        interrupt_wrapper!(name: "hal_exc_ppc405_interrupt", pair: (26, 27), ret: "rfi",
            enter: "", leave: leave!(), recoverable: "");
        critical_wrapper!(name: "hal_exc_ppc405_critical", pair: (990, 991), ret: "rfci",
            enter: "", leave: leave!(), recoverable: "", park: park!(981, 980), unpark: unpark!(981, 980));
        isolated_wrapper!(name: "hal_exc_ppc405_machine_check", slot: "MACHINE_CHECK", pair: (990, 991), ret: "rfci",
            fault: 981, syndrome: 980, enter: "", leave: __leave_machine_check!(),
            recoverable: __pair_is_free!("hal_exc_ppc405_critical", "hal_exc_ppc405_debug"),
            keep: __keep_standard_pair!(), give_back: __give_standard_pair_back!(), done: "");
        isolated_wrapper!(name: "hal_exc_ppc405_debug", slot: "DEBUG", pair: (990, 991), ret: "rfci",
            fault: 981, syndrome: 1008, enter: "", leave: leave!(), recoverable: "",
            keep: __keep_standard_pair!(), give_back: __give_standard_pair_back!(),
            done: "li %r10, 0\nstw %r10, HX_DEBUG_SAVE(%r13)");

        // 440: DEAR 61, ESR 62, CSRR0/1 58/59, MCSRR0/1 570/571, MCSR 572, DBSR 304, MMUCR 946.
        synchronous_wrapper!(name: "hal_exc_ppc440_synchronous", pair: (26, 27), ret: "rfi", fault: 61, syndrome: 62,
            enter: "", leave: leave!(), recoverable: "");
        guarded_wrapper!(name: "hal_exc_ppc440_guarded", synchronous: "hal_exc_ppc440_synchronous",
            interrupt: "hal_exc_ppc440_interrupt", pair: (26, 27), fault: 61, syndrome: 62);
        interrupt_wrapper!(name: "hal_exc_ppc440_interrupt", pair: (26, 27), ret: "rfi",
            enter: "", leave: leave!(), recoverable: "");
        critical_wrapper!(name: "hal_exc_ppc440_critical", pair: (58, 59), ret: "rfci",
            enter: "", leave: leave!(), recoverable: "",
            // A TLB-miss handler may have set MMUCR[STID].
            park: concat!(park!(61, 62), "\n", __park_guarded!(), "\nmfspr %r4, 946\nstw %r4, HX_CRITICAL_SIZE+8(%r1)"),
            unpark: concat!(unpark!(61, 62), "\n", __unpark_guarded!(), "\nlwz %r4, HX_CRITICAL_SIZE+8(%r1)\nmtspr 946, %r4"));
        isolated_wrapper!(name: "hal_exc_ppc440_machine_check", slot: "MACHINE_CHECK", pair: (570, 571), ret: "rfmci",
            fault: 61, syndrome: 572, enter: "", leave: __leave_machine_check!(), recoverable: "",
            keep: __keep_standard_pair!(), give_back: __give_standard_pair_back!(), done: "");
        // 440GP, 440EP, 440GR, 440SP: the critical pair, and the reason is in ESR.
        isolated_wrapper!(name: "hal_exc_ppc440gp_machine_check", slot: "MACHINE_CHECK", pair: (58, 59), ret: "rfci",
            fault: 61, syndrome: 62, enter: "", leave: __leave_machine_check!(),
            recoverable: __pair_is_free!("hal_exc_ppc440_critical", "hal_exc_ppc440_debug"),
            keep: __keep_standard_pair!(), give_back: __give_standard_pair_back!(), done: "");
        isolated_wrapper!(name: "hal_exc_ppc440_debug", slot: "DEBUG", pair: (58, 59), ret: "rfci",
            fault: 61, syndrome: 304, enter: "", leave: leave!(), recoverable: "",
            keep: __keep_standard_pair!(), give_back: __give_standard_pair_back!(),
            done: "li %r10, 0\nstw %r10, HX_DEBUG_SAVE(%r13)");
    }
}

/// A row for the wrapper `hal_exc_<name>`.
macro_rules! row {
    ($flavor:ident, $class:ident, $asynchronous:literal, $name:ident) => {
        paste! { wrapper_row!($flavor, $class, $asynchronous, [<hal_exc_ $name>], [<hal_exc_ $name _far>]) }
    };
}

/// 403 and 405.
pub(crate) const PPC405: &[Wrapper] = &[
    row!(Classic, Standard, false, ppc405_synchronous),
    row!(Classic, Standard, true, ppc405_interrupt),
    row!(Critical405, Critical, true, ppc405_critical),
    row!(Critical405, MachineCheck, true, ppc405_machine_check),
    row!(Critical405, Debug, false, ppc405_debug),
];

/// 440 and 460, machine check in either pair.
pub(crate) const PPC440: &[Wrapper] = &[
    row!(Classic, Standard, false, ppc440_synchronous),
    row!(Classic, Standard, true, ppc440_interrupt),
    row!(Critical, Critical, true, ppc440_critical),
    row!(MachineCheck, MachineCheck, true, ppc440_machine_check),
    row!(Critical, MachineCheck, true, ppc440gp_machine_check),
    row!(Critical, Debug, false, ppc440_debug),
];

/// Data TLB miss and data storage.
pub(crate) const GUARDED: Wrapper = row!(Classic, Standard, false, ppc440_guarded);
