// SPDX-License-Identifier: MIT OR Apache-2.0
//! Handler, global handler, fatal report, in that order.
#![no_std]
#![no_main]

use hal_exc_api::fatal::Fatal;
use ppc_exceptions::report;
use ppc_support::{BootInfo, Failure, program};

program!(main, ppc_universal::power_off);

fn main(boot: &'static BootInfo) -> Result<(), Failure> {
    let (_board, _cpu, setup) = ppc_programs::setup(boot)?;
    report::run(&setup.fatal(fatal).install()?)
}

fn fatal(fatal: &Fatal<'_>) -> ! {
    report::print(fatal);
    ppc_universal::power_off()
}
