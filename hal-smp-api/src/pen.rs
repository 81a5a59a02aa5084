// SPDX-License-Identifier: MIT OR Apache-2.0
//! The pen: what a parked core does until its release, as a state machine.
//!
//! The pen of a real core is a few dozen instructions of position-independent assembly, since it may use neither a
//! stack nor anything of the image. This is the same loop in Rust, for tests on a host and as the text that such an
//! assembly must match: those of `hal-smp-arm` are compared with it on the boards, word by word.

use crate::cpus::{Cpu, HwId};
use crate::slots::{Order, SlotWord, Slots};
use crate::victim::report;
use crate::word::{Code, Generation, Word};

/// A core in the pen.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Pen {
    cpu: Cpu,
    id: HwId,
    highest: u64,
    acknowledged: Option<Generation>,
    echoed: Option<u32>,
}

impl Pen {
    /// The state in which a core arrives: nothing acknowledged yet.
    #[must_use]
    pub const fn new(cpu: Cpu, id: HwId) -> Self {
        Self { cpu, id, highest: u64::MAX, acknowledged: None, echoed: None }
    }

    /// The same for a core that cannot fetch above this address: an order beyond it does not open the pen.
    #[must_use]
    pub const fn reaching(self, highest: u64) -> Self {
        Self { highest, ..self }
    }

    /// One turn of the loop. Returns the order once the core has reported `Released` and must go.
    ///
    /// A core that is already parked acknowledges every new stop from where it is: the requester asks all possible
    /// cores, and needs no memory of who was parked before.
    pub fn turn<S: Slots>(&mut self, slots: &S) -> Option<Order> {
        let request = Word::decode(slots.read(self.cpu, SlotWord::Request));
        if let Some(Word { generation, code: Code::Stop }) = request
            && self.acknowledged != Some(generation)
        {
            report(slots, self.cpu, Word::new(generation, Code::Parked));
            self.acknowledged = Some(generation);
        }
        // Answering the challenge is what shows that the pen executes now.
        let nonce = slots.read(self.cpu, SlotWord::Nonce);
        if self.echoed != Some(nonce) {
            slots.write(self.cpu, SlotWord::Echo, nonce);
            self.echoed = Some(nonce);
        }
        // The release must belong to the stop that the request names: a leftover one does not open the pen.
        let release = Word::new(request?.generation, Code::Release);
        if slots.read(self.cpu, SlotWord::Release) != release.raw()
            || slots.read(self.cpu, SlotWord::ReleaseId) != self.id.0
        {
            return None;
        }
        let wide = |low, high| u64::from(slots.read(self.cpu, low)) | u64::from(slots.read(self.cpu, high)) << 32;
        let order = Order {
            id: self.id,
            entry: wide(SlotWord::EntryLow, SlotWord::EntryHigh),
            arg: wide(SlotWord::ArgLow, SlotWord::ArgHigh),
        };
        if order.entry > self.highest {
            return None;
        }
        report(slots, self.cpu, Word::new(release.generation, Code::Released));
        Some(order)
    }
}
