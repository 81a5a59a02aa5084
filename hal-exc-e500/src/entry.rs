// SPDX-License-Identifier: MIT OR Apache-2.0
//! The wrappers of this family: expansions of the macros in [`hal_exc_api::wrapper`] for its flavors.
//!
//! What differs from core to core is which registers exist: the MMU assist registers that a critical interrupt
//! must keep when it dispatches in the middle of a TLB miss, the pair of machine check and debug, and MSR\[RI\].

use cfg_if::cfg_if;
use hal_exc_api::family::Wrapper;
use hal_exc_api::wrapper_row;
use paste::paste;

cfg_if! {
    if #[cfg(target_arch = "powerpc")] {
        use hal_exc_api::{critical_wrapper, guarded_wrapper, interrupt_wrapper, isolated_wrapper, synchronous_wrapper, __give_standard_pair_back, __keep_standard_pair, __leave_machine_check, __pair_is_free, __park_guarded, __unpark_guarded};

        /// Masks EE and CE: nothing that could dispatch comes from here to the return.
        macro_rules! leave {
            () => { "lwz %r4, HX_MSR_EXIT(%r13)\nmtmsr %r4" };
        }

        /// DEAR and ESR of a standard exception that a critical one interrupted at its first instructions.
        macro_rules! park_syndrome {
            () => {
                "mfspr %r4, 61\nstw %r4, HX_CRITICAL_SIZE(%r1)
                mfspr %r4, 62\nstw %r4, HX_CRITICAL_SIZE+4(%r1)"
            };
        }

        macro_rules! unpark_syndrome {
            () => {
                "lwz %r4, HX_CRITICAL_SIZE(%r1)\nmtspr 61, %r4
                lwz %r4, HX_CRITICAL_SIZE+4(%r1)\nmtspr 62, %r4"
            };
        }

        /// MAS0 to MAS3 and MAS6: a TLB-miss handler may have them half set up.
        macro_rules! park_mas {
            () => {
                "mfspr %r4, 624\nstw %r4, HX_CRITICAL_SIZE+8(%r1)
                mfspr %r4, 625\nstw %r4, HX_CRITICAL_SIZE+12(%r1)
                mfspr %r4, 626\nstw %r4, HX_CRITICAL_SIZE+16(%r1)
                mfspr %r4, 627\nstw %r4, HX_CRITICAL_SIZE+20(%r1)
                mfspr %r4, 630\nstw %r4, HX_CRITICAL_SIZE+24(%r1)"
            };
        }

        macro_rules! unpark_mas {
            () => {
                "lwz %r4, HX_CRITICAL_SIZE+8(%r1)\nmtspr 624, %r4
                lwz %r4, HX_CRITICAL_SIZE+12(%r1)\nmtspr 625, %r4
                lwz %r4, HX_CRITICAL_SIZE+16(%r1)\nmtspr 626, %r4
                lwz %r4, HX_CRITICAL_SIZE+20(%r1)\nmtspr 627, %r4
                lwz %r4, HX_CRITICAL_SIZE+24(%r1)\nmtspr 630, %r4"
            };
        }

        synchronous_wrapper!(name: "hal_exc_e500_synchronous", pair: (26, 27), ret: "rfi", fault: 61, syndrome: 62,
            enter: "", leave: leave!(), recoverable: "");
        guarded_wrapper!(name: "hal_exc_e500_guarded", synchronous: "hal_exc_e500_synchronous",
            interrupt: "hal_exc_e500_interrupt", pair: (26, 27), fault: 61, syndrome: 62);
        interrupt_wrapper!(name: "hal_exc_e500_interrupt", pair: (26, 27), ret: "rfi",
            enter: "", leave: leave!(), recoverable: "");

        // e500v2 and later have MAS7 too.
        critical_wrapper!(name: "hal_exc_e500_critical", pair: (58, 59), ret: "rfci",
            enter: "", leave: leave!(), recoverable: "",
            park: concat!(park_syndrome!(), "\n", __park_guarded!(), "\n", park_mas!(), "\nmfspr %r4, 944\nstw %r4, HX_CRITICAL_SIZE+28(%r1)"),
            unpark: concat!(unpark_syndrome!(), "\n", __unpark_guarded!(), "\n", unpark_mas!(), "\nlwz %r4, HX_CRITICAL_SIZE+28(%r1)\nmtspr 944, %r4"));
        critical_wrapper!(name: "hal_exc_e500v1_critical", pair: (58, 59), ret: "rfci",
            enter: "", leave: leave!(), recoverable: "",
            park: concat!(park_syndrome!(), "\n", __park_guarded!(), "\n", park_mas!()),
            unpark: concat!(unpark_syndrome!(), "\n", __unpark_guarded!(), "\n", unpark_mas!()));
        // e200z0 has no MMU at all; the MMU assist registers of the others are the board's to keep.
        critical_wrapper!(name: "hal_exc_e200_critical", pair: (58, 59), ret: "rfci",
            enter: "", leave: leave!(), recoverable: "",
            park: concat!(park_syndrome!(), "\n", __park_guarded!()),
            unpark: concat!(unpark_syndrome!(), "\n", __unpark_guarded!()));

        // MCAR (573) and MCSR (572).
        isolated_wrapper!(name: "hal_exc_e500_machine_check", slot: "MACHINE_CHECK", pair: (570, 571), ret: "rfmci",
            fault: 573, syndrome: 572, enter: "", leave: __leave_machine_check!(), recoverable: "",
            keep: __keep_standard_pair!(), give_back: __give_standard_pair_back!(), done: "");
        // The same with MSR[RI], which a machine check clears and a second one would find cleared.
        isolated_wrapper!(name: "hal_exc_e500mc_machine_check", slot: "MACHINE_CHECK", pair: (570, 571), ret: "rfmci",
            fault: 573, syndrome: 572, enter: "", leave: __leave_machine_check!(), recoverable: "andi. %r6, %r5, 2\nbeq- 7f",
            keep: __keep_standard_pair!(), give_back: __give_standard_pair_back!(), done: "");
        // e200z0 to z6: machine check takes the critical pair, which critical and debug exceptions may have in use.
        isolated_wrapper!(name: "hal_exc_e200_machine_check", slot: "MACHINE_CHECK", pair: (58, 59), ret: "rfci",
            fault: 61, syndrome: 572, enter: "", leave: __leave_machine_check!(),
            recoverable: __pair_is_free!("hal_exc_e200_critical", "hal_exc_e500_debug"),
            keep: __keep_standard_pair!(), give_back: __give_standard_pair_back!(), done: "");

        // DBSR (304); debug has no fault address, DEAR stands there for a data breakpoint.
        isolated_wrapper!(name: "hal_exc_e500_debug", slot: "DEBUG", pair: (58, 59), ret: "rfci",
            fault: 61, syndrome: 304, enter: "", leave: leave!(), recoverable: "",
            keep: __keep_standard_pair!(), give_back: __give_standard_pair_back!(), done: "li %r10, 0\nstw %r10, HX_DEBUG_SAVE(%r13)");
        isolated_wrapper!(name: "hal_exc_e500mc_debug", slot: "DEBUG", pair: (574, 575), ret: "rfdi",
            fault: 61, syndrome: 304, enter: "", leave: leave!(), recoverable: "",
            keep: __keep_standard_pair!(), give_back: __give_standard_pair_back!(), done: "li %r10, 0\nstw %r10, HX_DEBUG_SAVE(%r13)");
    }
}

/// A row for the wrapper `hal_exc_<name>`.
macro_rules! row {
    ($flavor:ident, $class:ident, $asynchronous:literal, $name:ident) => {
        paste! { wrapper_row!($flavor, $class, $asynchronous, [<hal_exc_ $name>], [<hal_exc_ $name _far>]) }
    };
}

/// e200: MMU assist registers are not kept, machine check in either pair.
pub(crate) const E200: &[Wrapper] = &[
    row!(Classic, Standard, false, e500_synchronous),
    row!(Classic, Standard, true, e500_interrupt),
    row!(Critical, Critical, true, e200_critical),
    row!(Critical, MachineCheck, true, e200_machine_check),
    row!(MachineCheck, MachineCheck, true, e500_machine_check),
    row!(Critical, Debug, false, e500_debug),
];

/// e500v1: no MAS7.
pub(crate) const E500V1: &[Wrapper] = &[
    row!(Classic, Standard, false, e500_synchronous),
    row!(Classic, Standard, true, e500_interrupt),
    row!(Critical, Critical, true, e500v1_critical),
    row!(MachineCheck, MachineCheck, true, e500_machine_check),
    row!(Critical, Debug, false, e500_debug),
];

/// e500v2.
pub(crate) const E500V2: &[Wrapper] = &[
    row!(Classic, Standard, false, e500_synchronous),
    row!(Classic, Standard, true, e500_interrupt),
    row!(Critical, Critical, true, e500_critical),
    row!(MachineCheck, MachineCheck, true, e500_machine_check),
    row!(Critical, Debug, false, e500_debug),
];

/// e500mc, e5500, e6500: MSR\[RI\], debug pair.
pub(crate) const E500MC: &[Wrapper] = &[
    row!(Classic, Standard, false, e500_synchronous),
    row!(Classic, Standard, true, e500_interrupt),
    row!(Critical, Critical, true, e500_critical),
    row!(MachineCheck, MachineCheck, true, e500mc_machine_check),
    row!(Debug, Debug, false, e500mc_debug),
];

/// Data TLB miss and data storage.
pub(crate) const GUARDED: Wrapper = row!(Classic, Standard, false, e500_guarded);
