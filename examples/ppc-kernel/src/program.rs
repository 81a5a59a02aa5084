// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the kernel programs of all boards begin with.

/// Makes an image that installs exceptions on a board and runs `$run(&Exceptions, &Board)`; a fatal report is a failed
/// result. `$board` is the board's crate, `$family` its family, `$vectors` a vector area, `$arm` is called with the board
/// before anything else.
#[macro_export]
macro_rules! kernel_program {
    ($board:ident, $family:expr, $vectors:expr, |$armed:ident| $arm:expr, $run:expr) => {
        $crate::kernel_program!(@ $board, $family, $vectors, |$armed| $arm, $run, fatal);

        fn fatal(fatal: &::hal_exc_api::fatal::Fatal<'_>) -> ! {
            ::ppc_support::println!("{fatal}");
            ::ppc_support::println!("result: fail: a fatal exception");
            $board::power_off()
        }
    };
    (@ $board:ident, $family:expr, $vectors:expr, |$armed:ident| $arm:expr, $run:expr, $fatal:ident) => {
        static MEMORY: ::hal_exc_api::install::CpuMemory = ::hal_exc_api::install::CpuMemory::new();

        ::ppc_support::program!(main, $board::power_off);

        fn main(boot: &'static ::ppc_support::BootInfo) -> ::core::result::Result<(), ::ppc_support::Failure> {
            let board = $board::Board::take(boot)?;
            let cpu = ::hal_exc_api::cpu::identify(::hal_exc_api::cpu::Pvr(boot.pvr))?;
            let exceptions = ::hal_exc_api::install::Exceptions::new(&cpu, &[$family])?
                .memory(&MEMORY)
                .vectors($vectors)
                .fatal($fatal)
                .install()?;
            let $armed = &board;
            $arm;
            $run(&exceptions, board.time_base)
        }
    };
}
