// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tells the build scripts of the boards where the linker script is (`DEP_PPC_SUPPORT_SCRIPT`).

use std::env;

fn main() {
    let folder = env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    println!("cargo::rerun-if-changed=image.ld");
    println!("cargo::metadata=script={folder}/image.ld");
}
