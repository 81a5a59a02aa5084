// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the programs of all boards begin with.

use hal_exc_api::install::Exceptions;

use crate::Machine;

/// What a body gets.
#[derive(Clone, Copy, Debug)]
pub struct Setup<'a> {
    /// The installed exceptions.
    pub exceptions: &'a Exceptions,
    /// The board.
    pub machine: &'a Machine,
}

/// Makes an image that installs exceptions on a board and runs `$run(&Setup)`. `$board` is the board's crate,
/// `$family` its family, `$vectors` a vector area.
#[macro_export]
macro_rules! irq_program {
    ($board:ident, $family:expr, $vectors:expr, $run:expr) => {
        ::ppc_support::board_program!($board, $family, $vectors, |exceptions, board| {
            $run(&$crate::Setup { exceptions, machine: &board.openpic() })
        });
    };
}

/// As [`irq_program`], on two CPUs: the second one is started by `$run`'s second argument and runs
/// [`two_cpus::second`](crate::two_cpus::second). e500 boards only.
#[macro_export]
macro_rules! irq_program_two_cpus {
    ($board:ident, $run:expr) => {
        static MEMORY: [::hal_exc_api::install::CpuMemory; 2] = [const { ::hal_exc_api::install::CpuMemory::new() }; 2];
        static VECTORS: ::hal_exc_api::install::VectorPage = ::hal_exc_api::install::VectorPage::new();
        static BOOT: ::core::sync::atomic::AtomicPtr<::ppc_support::BootInfo> =
            ::core::sync::atomic::AtomicPtr::new(::core::ptr::null_mut());

        ::ppc_support::program!(main, $board::power_off);

        fn setup(
            boot: &::ppc_support::BootInfo,
            index: usize,
        ) -> ::core::result::Result<::hal_exc_api::install::Setup, ::ppc_support::Failure> {
            let cpu = ::hal_exc_api::cpu::identify(::hal_exc_api::cpu::Pvr(boot.pvr))?;
            Ok(::hal_exc_api::install::Exceptions::new(&cpu, &[&hal_exc_e500::FAMILY])?
                .memory(&MEMORY[index])
                .vectors(&VECTORS)
                .fatal(fatal))
        }

        fn main(boot: &'static ::ppc_support::BootInfo) -> ::core::result::Result<(), ::ppc_support::Failure> {
            let board = $board::Board::take(boot)?;
            BOOT.store(::core::ptr::from_ref(boot).cast_mut(), ::core::sync::atomic::Ordering::Release);
            let exceptions = setup(boot, 0)?.install()?;
            let soc = board.soc;
            $run(&$crate::Setup { exceptions: &exceptions, machine: &board.openpic() }, || {
                // SAFETY: called once; CPU 1 exists, the program asks for two.
                Ok(unsafe { $board::smp::start_second(boot, &soc, second) }?)
            })
        }

        fn second() -> ! {
            // SAFETY: `main` stored it before this CPU was let go.
            let boot = unsafe { &*BOOT.load(::core::sync::atomic::Ordering::Acquire) };
            let ended = setup(boot, 1)
                .and_then(|setup| Ok(setup.install_secondary(1)?))
                .and_then(|exceptions| $crate::two_cpus::second(&exceptions));
            if let Err(error) = ended {
                ::ppc_support::println!("result: fail: CPU 1: {error}");
                $board::power_off();
            }
            loop {
                ::core::hint::spin_loop();
            }
        }

        fn fatal(fatal: &::hal_exc_api::fatal::Fatal<'_>) -> ! {
            ::ppc_support::program::fatal(fatal);
            $board::power_off()
        }
    };
}
