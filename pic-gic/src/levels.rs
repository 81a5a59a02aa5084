// SPDX-License-Identifier: MIT OR Apache-2.0
//! Priorities of the controller traits (greater is more urgent, contiguous) and of the GIC
//! (smaller is more urgent, only the top bits implemented).
//!
//! With *b* implemented bits there are 2^b levels. The least urgent of them, the GIC's own lowest
//! value, can never be signalled (the mask lets through what is *below* it), so the range is
//! 1 to 2^b − 1.

use hal_exc_api::pic::{Priority, PriorityRange};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Levels {
    highest: u8,
    shift: u8,
}

impl Levels {
    /// For `bits` implemented bits, 1 to 8.
    pub(crate) const fn new(bits: u8) -> Self {
        let bits = if bits == 0 {
            1
        } else if bits > 8 {
            8
        } else {
            bits
        };
        Self { highest: (0xffu16 >> (8 - bits)) as u8, shift: 8 - bits }
    }

    pub(crate) fn range(self) -> PriorityRange {
        // 1 bit at least: never empty.
        PriorityRange::new(1.min(self.highest), self.highest).unwrap_or_else(|| unreachable!("1 <= highest"))
    }

    /// The GIC's value, if the priority is in range.
    pub(crate) fn to_gic(self, priority: Priority) -> Option<u8> {
        self.range().contains(priority).then(|| (self.highest - priority.level()) << self.shift)
    }

    /// The level of a GIC priority.
    pub(crate) const fn of_gic(self, priority: u8) -> Priority {
        Priority::new(self.highest - (priority >> self.shift))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_converts_there_and_back_and_order_turns_round() {
        for bits in 1..=8 {
            let levels = Levels::new(bits);
            let range = levels.range();
            assert_eq!(u16::from(range.highest().level()), (1 << bits) - 1);
            let mut last = None;
            for level in range.lowest().level()..=range.highest().level() {
                let gic = levels.to_gic(Priority::new(level)).unwrap();
                assert_eq!(levels.of_gic(gic), Priority::new(level));
                assert_eq!(gic & !(0xff00u16 >> bits) as u8, 0, "unimplemented bits stay clear");
                assert!(last.is_none_or(|last| gic < last));
                last = Some(gic);
            }
            assert_eq!(levels.to_gic(Priority::new(0)), None);
        }
    }
}
