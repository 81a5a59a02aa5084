// SPDX-License-Identifier: MIT OR Apache-2.0
//! The list algorithm: entries of one line, walked without a lock while another CPU changes them.
//!
//! Only this file knows the memory ordering; `tests/irq_list_model.rs` compiles it over loom's atomics
//! and explores every interleaving.
//!
//! * **Writers** (append, unlink, replace, [`publish`]) are serialised by the manager's lock.
//! * The **slot** of a line is what dispatch looks at: the entry itself while there is one, a stand-in that
//!   walks the list while there are several, a stand-in that declines while there is none. So the usual
//!   case has neither a test for null nor one for a next entry.
//! * **Walkers** are dispatching CPUs. Each brackets its walk by two increments of a counter of
//!   its own for that line: odd means "inside". A line is not delivered again to a CPU that has
//!   it in service, so the two increments of one walk never interleave with another's.
//! * **Removal** takes the node out, then looks at every CPU's counter of the line. Whoever is
//!   even cannot see the node any more; whoever is odd is waited for until it is even. The
//!   two SeqCst fences (between counter store and slot load on the walker's side, between publishing
//!   and counter load on the remover's) make one of them see the other.
//! * An unlinked node keeps its `next`, so that a walker that stands on it finds the rest.

use super::sync::{AtomicPtr, AtomicU32, Ordering, compiler_barrier, fence, load_dependent};

/// The node is in no list.
pub(super) const FREE: u32 = 0;
/// The node is in the list of the line in the upper half.
pub(super) const INSTALLED: u32 = 1;
/// The node was taken out and a CPU may still be in it.
pub(super) const RETIRING: u32 = 2;

/// The state word of a node that belongs to `line`.
pub(super) const fn state_word(tag: u32, line: u16) -> u32 {
    (line as u32) << 16 | tag
}

/// What a node carries for the list.
pub(super) struct Link<N> {
    pub(super) next: AtomicPtr<N>,
    /// `FREE`, or a [`state_word`].
    pub(super) state: AtomicU32,
}

/// Something that can be linked.
pub(super) trait Node: Sized + 'static {
    fn link(&self) -> &Link<Self>;
}

/// Reads a link as a walker does.
#[inline(always)]
fn follow<N>(cell: &AtomicPtr<N>) -> Option<&'static N> {
    // SAFETY: links are only ever written by `append`, `unlink` and `replace`, from `&'static`
    // references or null; `load_dependent` pairs with their Release.
    unsafe { load_dependent(cell).as_ref() }
}

/// Marks the beginning of a walk; to be followed by [`leave`]. With one CPU (`smp` false, a constant at
/// every call) a remover is the interrupted thread and never runs during a walk: it only counts.
#[inline(always)]
pub(super) fn enter(counter: &AtomicU32, smp: bool) {
    // Only this CPU writes its counter, so load and store need no atomic addition.
    let step = if smp { 1 } else { 2 };
    counter.store(counter.load(Ordering::Relaxed).wrapping_add(step), Ordering::Relaxed);
    if smp {
        // The mark must be visible before the list is looked at.
        fence(Ordering::SeqCst);
    } else {
        compiler_barrier();
    }
}

/// Marks the end of the walk that `enter` began.
#[inline(always)]
pub(super) fn leave(counter: &AtomicU32, smp: bool) {
    if smp {
        // Release: what the handlers did is performed before a remover sees the mark.
        counter.store(counter.load(Ordering::Relaxed).wrapping_add(1), Ordering::Release);
    } else {
        compiler_barrier();
    }
}

/// What dispatch calls for a line, between [`enter`] and [`leave`].
///
/// # Safety
///
/// * The slot was published.
#[inline(always)]
pub(super) unsafe fn slot<N: Node>(slot: &AtomicPtr<N>) -> &'static N {
    // SAFETY: `publish` writes only `&'static` references; `load_dependent` pairs with its Release.
    unsafe { &*load_dependent(slot) }
}

/// Sets the slot to what the list now holds: `nobody`, the only entry, or `several`. Serialised by the
/// caller.
pub(super) fn publish<N: Node>(slot: &AtomicPtr<N>, head: &AtomicPtr<N>, nobody: &'static N, several: &'static N) {
    let shown = match first(head) {
        None => nobody,
        Some(only) if next(only).is_none() => only,
        Some(_) => several,
    };
    // Release: whoever finds the entry finds its contents.
    slot.store(as_ptr(shown), Ordering::Release);
    // It is out of sight before the counters are looked at.
    fence(Ordering::SeqCst);
}

/// The first node, for a walker between [`enter`] and [`leave`] or for a writer.
#[inline(always)]
pub(super) fn first<N: Node>(head: &AtomicPtr<N>) -> Option<&'static N> {
    follow(head)
}

/// The node after `node`.
#[inline(always)]
pub(super) fn next<N: Node>(node: &N) -> Option<&'static N> {
    follow(&node.link().next)
}

/// Takes a free node into possession of `line`; the other state word if it is not free.
pub(super) fn occupy<N: Node>(node: &'static N, line: u16) -> Result<(), u32> {
    let link = node.link();
    // Acquire: what the last owner did with the node is over.
    link.state.compare_exchange(FREE, state_word(INSTALLED, line), Ordering::Acquire, Ordering::Relaxed).map(|_| ())
}

/// Gives a node back that is in no list and that no walker can be in.
pub(super) fn release<N: Node>(node: &'static N) {
    node.link().state.store(FREE, Ordering::Release);
}

/// The cell that points to `node`, or (for `None`) the last, null one.
fn cell_of<'a, N: Node>(head: &'a AtomicPtr<N>, node: Option<&'static N>) -> Option<&'a AtomicPtr<N>> {
    let wanted = node.map_or(core::ptr::null_mut(), as_ptr);
    let mut cell = head;
    loop {
        let ptr = cell.load(Ordering::Acquire);
        if ptr == wanted {
            return Some(cell);
        }
        // SAFETY: as in `follow`; a null that is not wanted ends the search.
        match unsafe { ptr.as_ref() } {
            Some(node) => cell = &node.link().next,
            None => return None,
        }
    }
}

fn as_ptr<N>(node: &'static N) -> *mut N {
    core::ptr::from_ref(node).cast_mut()
}

/// Appends an occupied node. Serialised by the caller.
pub(super) fn append<N: Node>(head: &AtomicPtr<N>, node: &'static N) {
    node.link().next.store(core::ptr::null_mut(), Ordering::Relaxed);
    if let Some(cell) = cell_of(head, None) {
        // Release: a walker that finds the node finds its contents.
        cell.store(as_ptr(node), Ordering::Release);
    }
}

/// Takes `node` out; `false` if it is not in the list. Serialised by the caller. The node is to be
/// retired: [`walkers`] tells who may still be in it.
pub(super) fn unlink<N: Node>(head: &AtomicPtr<N>, node: &'static N) -> bool {
    let Some(cell) = cell_of(head, Some(node)) else { return false };
    let after = node.link().next.load(Ordering::Acquire);
    cell.store(after, Ordering::Release);
    true
}

/// Puts the occupied node `new` where `old` is; `false` if `old` is not in the list. Serialised by
/// the caller. Every walk finds one of the two, never none; `old` is to be retired.
pub(super) fn replace<N: Node>(head: &AtomicPtr<N>, old: &'static N, new: &'static N) -> bool {
    let Some(cell) = cell_of(head, Some(old)) else { return false };
    new.link().next.store(old.link().next.load(Ordering::Acquire), Ordering::Relaxed);
    cell.store(as_ptr(new), Ordering::Release);
    true
}

/// After `unlink` or `replace`, and `publish`: whether the counter's CPU may be in the old node. Once it is
/// not, it never will be.
///
/// A CPU that left and came back without being seen outside counts as inside: the mark at the end of a walk
/// is a Release store, the one at the beginning is not, and only reading the former makes what the
/// handlers did visible here.
pub(super) fn is_inside(counter: &AtomicU32) -> bool {
    counter.load(Ordering::Acquire) & 1 != 0
}
