// SPDX-License-Identifier: MIT OR Apache-2.0
//! One handler that overruns the interrupt stack. It must be reported.
#![no_std]
#![no_main]

use hal_exc_api::install::VectorPage;
use ppc_kernel::mpic::Messages;

static VECTORS: VectorPage = VectorPage::new();

ppc_kernel::fault_program!(
    ppce500,
    &hal_exc_e500::FAMILY,
    &VECTORS,
    // SAFETY: the device tree says where the controller is, and the window to it stays.
    |board| unsafe { Messages::arm(board.soc.pic) },
    ppc_kernel::fault::deep_overflow::<Messages>
);
