// SPDX-License-Identifier: MIT OR Apache-2.0
//! What every ARM board of this folder shares.
//!
//! * Start-up for AArch32 and AArch64, for **all cores at one entry** ([`start`]): whether the
//!   machine starts every core at once or firmware releases them one by one, each arrives at
//!   `_start`, takes the stack of its index and waits until core 0 has cleared the bss.
//! * Vectors whose IRQ and FIQ handlers are set at run time ([`vectors`]); faults are printed and
//!   end the program.
//! * A PL011 console ([`println!`]), exit with a status ([`exit()`]), the generic timer
//!   ([`timer`]), a few CPU helpers ([`cpu`]), bounded waits ([`wait`]) and parameters of a program
//!   ([`options`]).
//!
//! The programs that exercise the interrupt controller are here too ([`gic`]), written once for
//! every board and every GIC version; so are those that stop the other cores (`stop`).
//!
//! Crates weighed: `aarch32-rt` and `aarch64-rt` start one core with one linker script of their
//! own and cannot be entered by all cores at once or a second time without a reload, which the
//! restart programs need, so start-up and vectors are here; `arm-pl011-uart` is used as it is;
//! `semihosting` is used for the exit and the parameters alone.
//!
//! A program is
//!
//! ```ignore
//! #![no_std]
//! #![no_main]
//! arm_support::entry!(primary, secondary);
//! fn primary() -> ! { … }            // core 0
//! fn secondary(cpu: usize) -> ! { … } // every other core
//! ```
#![no_std]
#![cfg_attr(not(any(target_arch = "arm", target_arch = "aarch64")), allow(unused))]

pub mod console;
pub mod cpu;
pub mod gic;
#[cfg(target_arch = "arm")]
mod mmu32;
#[cfg(target_arch = "aarch64")]
mod mmu64;
pub mod once;
pub mod options;
pub mod smp;
#[cfg(any(target_arch = "arm", target_arch = "aarch64"))]
pub mod start;
#[cfg(target_arch = "arm")]
mod start32;
#[cfg(target_arch = "aarch64")]
mod start64;
#[cfg(any(target_arch = "arm", target_arch = "aarch64"))]
pub mod stop;
pub mod timer;
pub mod vectors;
pub mod wait;

/// Most cores an image of this folder serves: the number of stacks in the linker script.
pub const MAX_CPUS: usize = 8;

/// Ends the program: prints the verdict line and leaves the emulator with status 0 or 1.
pub fn finish(result: Result<(), &str>) -> ! {
    match result {
        Ok(()) => {
            println!("result: pass");
            exit(0)
        }
        Err(reason) => {
            println!("result: fail: {reason}");
            exit(1)
        }
    }
}

/// Leaves the emulator with this status, by semihosting.
pub fn exit(status: i32) -> ! {
    #[cfg(any(target_arch = "arm", target_arch = "aarch64"))]
    semihosting::process::exit(status);
    #[cfg(not(any(target_arch = "arm", target_arch = "aarch64")))]
    unreachable!("no semihosting for status {status} here")
}

/// Names the functions that core 0 (`fn() -> !`) and the others (`fn(usize) -> !`) run, and gives
/// the image its panic handler. The symbols are known to [`start`] only.
#[macro_export]
macro_rules! entry {
    ($primary:path, $secondary:path) => {
        #[unsafe(no_mangle)]
        extern "C" fn arm_support_primary() -> ! {
            let f: fn() -> ! = $primary;
            f()
        }

        #[unsafe(no_mangle)]
        extern "C" fn arm_support_secondary(cpu: usize) -> ! {
            let f: fn(usize) -> ! = $secondary;
            f(cpu)
        }

        #[panic_handler]
        fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
            $crate::println!("# {info}");
            $crate::finish(Err("panic"))
        }
    };
}
