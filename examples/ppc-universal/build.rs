// SPDX-License-Identifier: MIT OR Apache-2.0
//! Gives the programs of this board, and only them, the linker script of the PowerPC boards.

use std::env;

fn main() {
    if env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("powerpc") {
        let script = env::var("DEP_PPC_SUPPORT_SCRIPT").expect("ppc-support names its linker script");
        println!("cargo::rerun-if-changed={script}");
        println!("cargo::rustc-link-arg-bins=-T{script}");
    }
}
