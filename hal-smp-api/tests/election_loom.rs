// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every interleaving of two cores that want to be requester: exactly one is.

use hal_smp_api::cpus::Cpu;
use hal_smp_api::election::{Election, ElectionCell};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU32, Ordering};

struct Cell(AtomicU32);

impl ElectionCell for Cell {
    fn compare_exchange(&self, current: u32, new: u32) -> Result<u32, u32> {
        self.0.compare_exchange(current, new, Ordering::SeqCst, Ordering::SeqCst)
    }
}

#[test]
fn exactly_one_requester() {
    loom::model(|| {
        let election = Arc::new(Election::over(Cell(AtomicU32::new(0))));
        let other = election.clone();
        let second = loom::thread::spawn(move || other.claim(Cpu::new(1).unwrap()).is_ok());
        let first = election.claim(Cpu::new(0).unwrap()).is_ok();
        assert!(first ^ second.join().unwrap());
    });
}
