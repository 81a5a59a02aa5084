// SPDX-License-Identifier: MIT OR Apache-2.0
//! Saving and restoring registers, the same in all wrappers.

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
