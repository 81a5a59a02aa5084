// SPDX-License-Identifier: MIT OR Apache-2.0
//! Set-up, demo, tests, race sweeps and counts of this workspace.
//!
//! Everything that people and CI do with the workspace goes through this tool, so that both do the same.
//! A command is one module with a `main`-like function that returns a [`outcome::Outcome`]; `cli.rs` names it,
//! and what it wants checked by `test` it registers in `test::SOURCES`.

mod boards;
mod boot_matrix;
mod build;
mod checks;
mod cli;
mod count;
mod cpu;
mod crates;
mod debian;
mod demo;
mod dependencies;
mod diff;
mod disasm;
mod docs;
mod elf;
mod emulated;
mod gdb;
mod golden;
mod kexec;
mod mirror;
mod outcome;
mod programs;
mod progress;
mod qemu;
mod qtest;
mod records;
mod run;
mod setup;
mod sockets;
mod stamp;
mod stop;
mod sweep;
mod table;
mod test;
mod toolchain;
mod uboot;
mod workspace;

use std::process::ExitCode;

fn main() -> ExitCode {
    qemu::child::end_children_on_signal();
    let result = cli::dispatch();
    if qemu::child::is_ending() {
        return ExitCode::from(qemu::child::INTERRUPTED);
    }
    outcome::exit_code(result)
}
