// SPDX-License-Identifier: MIT OR Apache-2.0
//! Puts `arm-link.x` where the boards' linker finds it.

use std::{env, fs, path::PathBuf};

fn main() {
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::copy("arm-link.x", out.join("arm-link.x")).expect("OUT_DIR is writable");
    println!("cargo:rustc-link-search={}", out.display());
    println!("cargo:rerun-if-changed=arm-link.x");
}
