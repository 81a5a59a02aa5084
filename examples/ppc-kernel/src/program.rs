// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the kernel programs of all boards begin with.

/// Makes an image that installs exceptions on a board and runs `$run(&Exceptions, time base in hertz)`. `$board` is the
/// board's crate, `$family` its family, `$vectors` a vector area, `$arm` is called with the board before anything else;
/// `$report` as for [`board_program!`](ppc_support::board_program).
#[macro_export]
macro_rules! kernel_program {
    ($board:ident, $family:expr, $vectors:expr, |$armed:ident| $arm:expr, $run:expr) => {
        $crate::kernel_program!($board, $family, $vectors, |$armed| $arm, $run, report = ::ppc_support::program::fatal);
    };
    ($board:ident, $family:expr, $vectors:expr, |$armed:ident| $arm:expr, $run:expr, report = $report:path) => {
        ::ppc_support::board_program!(
            $board,
            $family,
            $vectors,
            |exceptions, board| {
                let $armed = board;
                $arm;
                $run(exceptions, board.time_base)
            },
            report = $report
        );
    };
}
