// SPDX-License-Identifier: MIT OR Apache-2.0
//! The wrappers of this family: expansions of the macros in [`hal_exc_api::wrapper`] for its flavors.
//!
//! A classic core enters with translation off and MSR\[RI\] clear. The wrapper saves the frame untranslated, refuses to go
//! on when the interrupted state had RI clear, then loads the MSR in which handlers run (those of machine check and system
//! reset without RI, because their frame has a fixed place); on the way out it loads one with
//! translation, RI and all enables off before it touches SRR0/1. Frames, per-CPU block and code must therefore be
//! mapped one to one, with the attributes that untranslated accesses have (write-back), which the install tests.

use cfg_if::cfg_if;
use hal_exc_api::family::Wrapper;
use hal_exc_api::wrapper_row;
use paste::paste;

cfg_if! {
    if #[cfg(target_arch = "powerpc")] {
        use hal_exc_api::{critical_wrapper, interrupt_wrapper, isolated_wrapper, synchronous_wrapper};

        /// Translation and RI on, as they were at install. `isync`: a change of IR and DR takes effect with it.
        macro_rules! enter {
            () => { "lwz %r10, HX_MSR_HANDLER(%r13)\nmtmsr %r10\nisync" };
        }

        /// The same without RI, for handlers whose frame has a fixed place: a second machine check or system reset before their
        /// return finds RI off and is reported. ME is on, so that it is a report and no checkstop.
        macro_rules! enter_isolated {
            () => { "lwz %r10, HX_MSR_HANDLER(%r13)\nrlwinm %r10, %r10, 0, 31, 29\nmtmsr %r10\nisync" };
        }

        /// The same as [`enter!`] with the critical enable as it was, which r5 tells: a standard exception leaves it alone.
        macro_rules! enter_e300 {
            () => { "lwz %r10, HX_MSR_HANDLER(%r13)\nrlwimi %r10, %r5, 0, 24, 24\nmtmsr %r10\nisync" };
        }

        /// EE, the critical enable, translation and RI off.
        macro_rules! leave {
            () => { "lwz %r4, HX_MSR_EXIT(%r13)\nmtmsr %r4\nisync" };
        }

        /// MSR[RI] of the interrupted state.
        macro_rules! recoverable {
            () => { "andi. %r6, %r5, 2\nbeq- 7f" };
        }

        // DAR 19, DSISR 18.
        synchronous_wrapper!(name: "hal_exc_classic_synchronous", pair: (26, 27), ret: "rfi", fault: 19, syndrome: 18,
            enter: enter!(), leave: leave!(), recoverable: recoverable!());
        interrupt_wrapper!(name: "hal_exc_classic_interrupt", pair: (26, 27), ret: "rfi",
            enter: enter!(), leave: leave!(), recoverable: recoverable!());
        // Machine check and system reset share the standard pair: RI tells whether it was in use.
        isolated_wrapper!(name: "hal_exc_classic_machine_check", slot: "MACHINE_CHECK", pair: (26, 27), ret: "rfi",
            fault: 19, syndrome: 18, enter: enter_isolated!(), leave: leave!(), recoverable: recoverable!(),
            keep: "", give_back: "", done: "");

        // TLB misses of the 603 type and of 745/755: DMISS 976, IMISS 980. 744x/745x: TLBMISS, 980 too.
        synchronous_wrapper!(name: "hal_exc_classic_dmiss", pair: (26, 27), ret: "rfi", fault: 976, syndrome: 18,
            enter: enter!(), leave: leave!(), recoverable: recoverable!());
        synchronous_wrapper!(name: "hal_exc_classic_imiss", pair: (26, 27), ret: "rfi", fault: 980, syndrome: 18,
            enter: enter!(), leave: leave!(), recoverable: recoverable!());

        // The 601 has no RI: a second machine check or system reset in a handler of one is not noticed.
        synchronous_wrapper!(name: "hal_exc_ppc601_synchronous", pair: (26, 27), ret: "rfi", fault: 19, syndrome: 18,
            enter: enter!(), leave: leave!(), recoverable: "");
        interrupt_wrapper!(name: "hal_exc_ppc601_interrupt", pair: (26, 27), ret: "rfi",
            enter: enter!(), leave: leave!(), recoverable: "");
        isolated_wrapper!(name: "hal_exc_ppc601_machine_check", slot: "MACHINE_CHECK", pair: (26, 27), ret: "rfi",
            fault: 19, syndrome: 18, enter: enter!(), leave: leave!(), recoverable: "",
            keep: "", give_back: "", done: "");

        synchronous_wrapper!(name: "hal_exc_e300_synchronous", pair: (26, 27), ret: "rfi", fault: 19, syndrome: 18,
            enter: enter_e300!(), leave: leave!(), recoverable: recoverable!());
        synchronous_wrapper!(name: "hal_exc_e300_dmiss", pair: (26, 27), ret: "rfi", fault: 976, syndrome: 18,
            enter: enter_e300!(), leave: leave!(), recoverable: recoverable!());
        synchronous_wrapper!(name: "hal_exc_e300_imiss", pair: (26, 27), ret: "rfi", fault: 980, syndrome: 18,
            enter: enter_e300!(), leave: leave!(), recoverable: recoverable!());
        interrupt_wrapper!(name: "hal_exc_e300_interrupt", pair: (26, 27), ret: "rfi",
            enter: enter_e300!(), leave: leave!(), recoverable: recoverable!());
        // G2_LE and e300: CSRR0/1 58/59. RI stays as it was, so it says nothing about this pair. DMISS, IMISS and the hashes
        // of a TLB miss cannot be parked: no instruction writes them.
        critical_wrapper!(name: "hal_exc_e300_critical", pair: (58, 59), ret: "rfci",
            enter: enter!(), leave: leave!(), recoverable: "",
            park: "mfspr %r4, 19\nstw %r4, HX_CRITICAL_SIZE(%r1)\nmfspr %r4, 18\nstw %r4, HX_CRITICAL_SIZE+4(%r1)",
            unpark: "lwz %r4, HX_CRITICAL_SIZE(%r1)\nmtspr 19, %r4\nlwz %r4, HX_CRITICAL_SIZE+4(%r1)\nmtspr 18, %r4");
    }
}

/// A row for the wrapper `hal_exc_<name>`.
macro_rules! row {
    ($flavor:ident, $class:ident, $asynchronous:literal, $name:ident $(, $only:ident)*) => {
        paste! { wrapper_row!($flavor, $class, $asynchronous, [<hal_exc_ $name>], [<hal_exc_ $name _far>] $(, $only)*) }
    };
}

const SYNCHRONOUS: Wrapper = row!(Classic, Standard, false, classic_synchronous);
const INTERRUPT: Wrapper = row!(Classic, Standard, true, classic_interrupt);
const MACHINE_CHECK: Wrapper = row!(Classic, MachineCheck, true, classic_machine_check);

/// Cores with MSR\[RI\], no critical class, and no TLB-miss exceptions (PSIM has some; where it keeps their addresses is not known).
pub(crate) const CLASSIC: &[Wrapper] = &[SYNCHRONOUS, INTERRUPT, MACHINE_CHECK];

/// 602, 603, G2, 745/755: addresses of TLB misses in DMISS and IMISS.
pub(crate) const SOFT_TLB: &[Wrapper] = &[
    row!(Classic, Standard, false, classic_dmiss, DataLoadTlbMiss, DataStoreTlbMiss),
    row!(Classic, Standard, false, classic_imiss, InstructionTlbMiss),
    SYNCHRONOUS,
    INTERRUPT,
    MACHINE_CHECK,
];

/// 744x/745x: all of them in TLBMISS.
pub(crate) const PPC7450: &[Wrapper] = &[
    row!(Classic, Standard, false, classic_imiss, InstructionTlbMiss, DataLoadTlbMiss, DataStoreTlbMiss),
    SYNCHRONOUS,
    INTERRUPT,
    MACHINE_CHECK,
];

/// G2_LE and e300: critical input, DMISS and IMISS.
pub(crate) const E300: &[Wrapper] = &[
    row!(Classic, Standard, false, e300_dmiss, DataLoadTlbMiss, DataStoreTlbMiss),
    row!(Classic, Standard, false, e300_imiss, InstructionTlbMiss),
    row!(Classic, Standard, false, e300_synchronous),
    row!(Classic, Standard, true, e300_interrupt),
    MACHINE_CHECK,
    row!(Critical, Critical, true, e300_critical),
];

/// 601.
pub(crate) const PPC601: &[Wrapper] = &[
    row!(Classic, Standard, false, ppc601_synchronous),
    row!(Classic, Standard, true, ppc601_interrupt),
    row!(Classic, MachineCheck, true, ppc601_machine_check),
];
