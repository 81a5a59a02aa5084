// SPDX-License-Identifier: MIT OR Apache-2.0
//! The conduits for AArch32 callers.
//!
//! `smccc` 0.2.3 has them too, but in A32 code its assembly may be given r7 to keep r6 in, overwrites r7 with an argument,
//! and hands the caller a wrong r6 back. PSCI calls need r0 to r3 only, and firmware preserves everything above
//! (SMC Calling Convention, DEN0028, 2.6), so there is nothing to save here.

use core::arch::asm;

use smccc::Call;
use smccc::psci::error::NOT_SUPPORTED;

macro_rules! conduit {
    ($(#[$doc:meta])* $name:ident, $instruction:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub struct $name;

        impl Call for $name {
            /// The fourth argument and those after it are not passed: no PSCI function of this crate has one.
            fn call32(function: u32, args: [u32; 7]) -> [u32; 8] {
                let mut result = [0; 8];
                // SAFETY: a call into firmware by the calling convention: r0 to r3 in and out, the rest preserved. Not
                // `nomem`: another core may start on what was written before.
                unsafe {
                    asm!(
                        $instruction,
                        inout("r0") function => result[0],
                        inout("r1") args[0] => result[1],
                        inout("r2") args[1] => result[2],
                        inout("r3") args[2] => result[3],
                        options(nostack)
                    );
                }
                result
            }

            /// There is no such call from AArch32.
            fn call64(_function: u32, _args: [u64; 17]) -> [u64; 18] {
                [i64::from(NOT_SUPPORTED) as u64; 18]
            }
        }
    };
}

conduit!(
    /// Hypervisor call, as the device tree's `method = "hvc"` asks for.
    Hvc, ".arch_extension virt
     hvc     #0                      @ to EL2, or to the emulator in its place");
conduit!(
    /// Secure monitor call, as the device tree's `method = "smc"` asks for.
    Smc, ".arch_extension sec
     smc     #0                      @ to EL3");
