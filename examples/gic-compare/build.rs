// SPDX-License-Identifier: MIT OR Apache-2.0
//! Links the program by the shared layout; the memory map is that of `virt`, whose build script hands it over.

fn main() {
    println!("cargo:rustc-link-arg-bins=-Tarm-link.x");
    println!("cargo:rerun-if-changed=../arm-support/arm-link.x");
}
