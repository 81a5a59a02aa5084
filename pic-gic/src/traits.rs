// SPDX-License-Identifier: MIT OR Apache-2.0
//! The line traits, which v2 and v3 implement with the same words.

use core::sync::atomic::{AtomicU32, Ordering};

/// Sets bit `n` of a record that callers serialise. By a plain store and only if it changes: a core
/// whose caches are off, or that left coherency, has no exclusive accesses.
pub(crate) fn set_bit(record: &AtomicU32, n: u32, on: bool) {
    let old = record.load(Ordering::Relaxed);
    let new = if on { old | 1 << n } else { old & !(1 << n) };
    if new != old {
        record.store(new, Ordering::Relaxed);
    }
}

/// Implements the line traits for a controller that has `id(line)`, `levels` and `lines()`, the
/// latter with inherent methods of the same names taking an [`IntId`](crate::IntId).
macro_rules! impl_line_traits {
    ([$($generics:tt)*] $controller:ty) => {
        impl<$($generics)*> $controller {
            fn on<T>(
                &self,
                line: Line,
                capability: Capability,
                f: impl FnOnce(crate::IntId) -> Result<T, crate::Error>,
            ) -> Result<T, PicError> {
                f(self.id(line)?).map_err(|e| e.of_line(line, self.line_count(), capability))
            }
        }

        impl<$($generics)*> LineMask for $controller {
            fn enable(&self, line: Line) -> Result<(), PicError> {
                self.on(line, Capability::Mask, |id| self.lines().enable(id))
            }
            fn disable(&self, line: Line) -> Result<(), PicError> {
                self.on(line, Capability::Mask, |id| self.lines().disable(id))?;
                crate::barrier::complete();
                Ok(())
            }
            fn is_enabled(&self, line: Line) -> Result<bool, PicError> {
                self.on(line, Capability::Mask, |id| self.lines().is_enabled(id))
            }
        }

        impl<$($generics)*> LinePending for $controller {
            fn is_pending(&self, line: Line) -> Result<bool, PicError> {
                self.on(line, Capability::IsPending, |id| self.lines().is_pending(id))
            }
            fn raise(&self, from: CpuId, line: Line) -> Result<(), PicError> {
                if line.number() < 16 {
                    return self.send(from, line.number() as u8, IpiTarget::Myself);
                }
                self.on(line, Capability::Raise, |id| self.lines().set_pending(id))
            }
            fn clear(&self, line: Line) -> Result<(), PicError> {
                self.on(line, Capability::Clear, |id| self.forget(id))
            }
        }

        impl<$($generics)*> LinePriority for $controller {
            fn priority_range(&self) -> PriorityRange {
                self.levels.range()
            }
            fn set_priority(&self, line: Line, priority: Priority) -> Result<(), PicError> {
                self.check_line(line)?;
                let range = self.levels.range();
                let gic = self.levels.to_gic(priority).ok_or(PicError::BadPriority { priority, range })?;
                self.on(line, Capability::Priority, |id| self.lines().set_priority(id, gic))
            }
            fn priority(&self, line: Line) -> Result<Priority, PicError> {
                let gic = self.on(line, Capability::Priority, |id| self.lines().priority(id))?;
                Ok(self.levels.of_gic(gic))
            }
        }

        impl<$($generics)*> LineTrigger for $controller {
            /// The GIC has no polarity: `LevelHigh` and `EdgeRising` are what an SPI's input
            /// means by definition; the other two are refused.
            fn set_trigger(&self, line: Line, mode: TriggerMode) -> Result<(), PicError> {
                let id = self.id(line)?;
                let trigger = match mode {
                    TriggerMode::LevelHigh => crate::Trigger::Level,
                    TriggerMode::EdgeRising => crate::Trigger::Edge,
                    _ => return Err(PicError::BadTrigger { line, mode }),
                };
                self.lines().set_trigger(id, trigger).map_err(|e| e.of_trigger(line, self.line_count(), mode))
            }
            fn trigger(&self, line: Line) -> Result<TriggerMode, PicError> {
                Ok(match self.on(line, Capability::Trigger, |id| self.lines().trigger(id))? {
                    crate::Trigger::Level => TriggerMode::LevelHigh,
                    crate::Trigger::Edge => TriggerMode::EdgeRising,
                })
            }
        }

        impl<$($generics)*> TaskPriority for $controller {
            fn set_threshold(&self, cpu: CpuId, threshold: Option<Priority>) -> Result<(), PicError> {
                self.check_cpu(cpu)?;
                let mask = match threshold {
                    None => 0xff,
                    Some(priority) => self
                        .levels
                        .to_gic(priority)
                        .ok_or(PicError::BadPriority { priority, range: self.levels.range() })?,
                };
                self.interface().set_priority_mask(mask);
                Ok(())
            }
            fn threshold(&self, cpu: CpuId) -> Result<Option<Priority>, PicError> {
                self.check_cpu(cpu)?;
                let priority = self.levels.of_gic(self.interface().priority_mask());
                Ok(self.levels.range().contains(priority).then_some(priority))
            }
        }
    };
}
pub(crate) use impl_line_traits;
