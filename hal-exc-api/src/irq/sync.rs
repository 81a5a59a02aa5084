// SPDX-License-Identifier: MIT OR Apache-2.0
//! The atomics that [`super::list`] is written with. The model test compiles the same file over
//! loom's.

pub(super) use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering, compiler_fence, fence};
