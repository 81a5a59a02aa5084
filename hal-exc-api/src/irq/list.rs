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
//! * **Walkers** are dispatching CPUs. Each has, per line, a slot and two counters of its own: walks begun and
//!   walks ended. A line is not delivered again to a CPU that has it in service, so a CPU has at most one walk of a
//!   line open, and then `ended` is one less than `begun`.
//! * **Removal** takes the node out, shows every CPU's slot without it, then reads every CPU's `begun`. Walks that begin
//!   later cannot see the node any more; the one that is open is waited for until it has ended, and only that one.
//!   The two SeqCst fences (between `begun` and slot load on the walker's side, between publishing and reading `begun` on
//!   the remover's) make one of them see the other.
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
pub(super) fn enter(begun: &AtomicU32, smp: bool) {
    // Only this CPU writes its counters, so load and store need no atomic addition.
    begun.store(begun.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    if smp {
        // The mark must be visible before the slot is looked at. Also what `Acknowledge::acknowledge_before_barrier`
        // counts on.
        fence(Ordering::SeqCst);
    } else {
        compiler_barrier();
    }
}

/// Marks the end of the walk that `enter` began.
#[inline(always)]
pub(super) fn leave(begun: &AtomicU32, ended: &AtomicU32, smp: bool) {
    if smp {
        // What the handlers did is performed before a remover sees the mark: Release would do. A full barrier, so
        // that `Acknowledge::end_after_barrier` needs none of its own.
        fence(Ordering::SeqCst);
        ended.store(begun.load(Ordering::Relaxed), Ordering::Relaxed);
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

/// Sets the slots, one per CPU, to what the list now holds: `nobody`, the only entry, or `several`. Serialised by the
/// caller.
pub(super) fn publish<'a, N: Node>(
    slots: impl Iterator<Item = &'a AtomicPtr<N>>,
    head: &AtomicPtr<N>,
    nobody: &'static N,
    several: &'static N,
) {
    let shown = match first(head) {
        None => nobody,
        Some(only) if next(only).is_none() => only,
        Some(_) => several,
    };
    for slot in slots {
        // Release: whoever finds the entry finds its contents.
        slot.store(as_ptr(shown), Ordering::Release);
    }
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

/// After `unlink` or `replace`, and `publish`: the value of a CPU's `ended` as long as it may be in the old node. Once
/// `ended` has another value ([`is_over`]), the CPU is not in the node and never will be.
pub(super) fn while_inside(begun: &AtomicU32) -> u32 {
    begun.load(Ordering::Relaxed).wrapping_sub(1)
}

/// Whether the walk that may have been open at [`while_inside`], whose answer is `inside`, has ended or never was.
pub(super) fn is_over(ended: &AtomicU32, inside: u32) -> bool {
    // Acquire: what the handlers of that walk did is seen.
    ended.load(Ordering::Acquire) != inside
}
