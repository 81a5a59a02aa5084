// SPDX-License-Identifier: MIT OR Apache-2.0
//! The entry list of the interrupt manager under loom: the very file that the manager uses, over loom's atomics,
//! in every interleaving of a dispatching CPU and one that installs, removes or replaces.

#![allow(dead_code)]

mod sync {
    pub(crate) use loom::sync::atomic::{AtomicPtr, AtomicU32, Ordering, fence};

    pub(crate) fn compiler_barrier() {}

    pub(crate) fn load_dependent<T>(cell: &AtomicPtr<T>) -> *mut T {
        cell.load(Ordering::Acquire)
    }
}

#[path = "../src/irq/list.rs"]
mod list;

use list::{Link, Node};
use loom::cell::UnsafeCell;
use sync::{AtomicPtr, AtomicU32, Ordering};

/// An entry whose data loom watches: reading it in a handler while the owner tears it down is an error.
struct Entry {
    link: Link<Entry>,
    data: UnsafeCell<u32>,
}

// SAFETY: loom checks every access to `data`.
unsafe impl Sync for Entry {}
// SAFETY: as for `Sync`.
unsafe impl Send for Entry {}

impl Node for Entry {
    fn link(&self) -> &Link<Self> {
        &self.link
    }
}

fn entry(data: u32) -> &'static Entry {
    Box::leak(Box::new(Entry {
        link: Link { next: AtomicPtr::new(core::ptr::null_mut()), state: AtomicU32::new(list::FREE) },
        data: UnsafeCell::new(data),
    }))
}

/// One line of a manager, and one dispatching CPU's slot and counters.
struct Line {
    slot: AtomicPtr<Entry>,
    head: AtomicPtr<Entry>,
    begun: AtomicU32,
    ended: AtomicU32,
    nobody: &'static Entry,
    several: &'static Entry,
}

const LINE: u16 = 5;
const TORN_DOWN: u32 = 0xDEAD;

impl Line {
    fn new(entries: &[&'static Entry]) -> &'static Self {
        let line: &'static Self = Box::leak(Box::new(Self {
            slot: AtomicPtr::new(core::ptr::null_mut()),
            head: AtomicPtr::new(core::ptr::null_mut()),
            begun: AtomicU32::new(0),
            ended: AtomicU32::new(0),
            nobody: entry(0),
            several: entry(0),
        }));
        line.publish();
        for entry in entries {
            line.install(entry);
        }
        line
    }

    fn publish(&'static self) {
        list::publish(core::iter::once(&self.slot), &self.head, self.nobody, self.several);
    }

    fn install(&'static self, entry: &'static Entry) {
        list::occupy(entry, LINE).unwrap();
        list::append(&self.head, entry);
        self.publish();
    }

    /// As the manager removes: out of the list, out of sight, then wait for whoever is inside.
    fn wait(&'static self, entry: &'static Entry) {
        let inside = list::while_inside(&self.begun);
        while !list::is_over(&self.ended, inside) {
            loom::thread::yield_now();
        }
        list::release(entry);
        // SAFETY: loom checks that nobody reads it any more.
        entry.data.with_mut(|data| unsafe { *data = TORN_DOWN });
    }

    fn remove(&'static self, entry: &'static Entry) {
        assert!(list::unlink(&self.head, entry));
        self.publish();
        self.wait(entry);
    }

    fn replace(&'static self, old: &'static Entry, new: &'static Entry) {
        list::occupy(new, LINE).unwrap();
        assert!(list::replace(&self.head, old, new));
        self.publish();
        self.wait(old);
    }

    /// What the handlers saw, in call order.
    fn handlers(&'static self) -> Vec<u32> {
        // SAFETY: published in `new`.
        let shown = unsafe { list::slot(&self.slot) };
        let mut seen = Vec::new();
        // SAFETY: loom checks that nobody writes meanwhile.
        let mut call = |entry: &Entry| seen.push(entry.data.with(|data| unsafe { *data }));
        if core::ptr::eq(shown, self.several) {
            let mut node = list::first(&self.head);
            while let Some(entry) = node {
                call(entry);
                node = list::next(entry);
            }
        } else if !core::ptr::eq(shown, self.nobody) {
            call(shown);
        }
        seen
    }

    /// As the manager dispatches.
    fn dispatch(&'static self) -> Vec<u32> {
        list::enter(&self.begun, true);
        let seen = self.handlers();
        list::leave(&self.begun, &self.ended, true);
        assert!(!seen.contains(&TORN_DOWN));
        seen
    }

    /// Dispatch with the mark in a plain store, without the fence behind it.
    fn dispatch_without_fence(&'static self) -> Vec<u32> {
        self.begun.store(self.begun.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        let seen = self.handlers();
        list::leave(&self.begun, &self.ended, true);
        seen
    }

    /// Dispatch that does not mark at all.
    fn dispatch_without_mark(&'static self) -> Vec<u32> {
        self.handlers()
    }

    /// Dispatch whose end is a store without the barrier before it.
    fn dispatch_without_release(&'static self) -> Vec<u32> {
        list::enter(&self.begun, true);
        let seen = self.handlers();
        self.ended.store(self.begun.load(Ordering::Relaxed), Ordering::Relaxed);
        seen
    }
}

fn against(dispatch: fn(&'static Line) -> Vec<u32>) {
    loom::model(move || {
        let only = entry(1);
        let line = Line::new(&[only]);
        let cpu = loom::thread::spawn(move || dispatch(line));
        line.remove(only);
        cpu.join().unwrap();
    });
}

#[test]
fn the_only_entry_is_removed() {
    loom::model(|| {
        let only = entry(1);
        let line = Line::new(&[only]);
        let cpu = loom::thread::spawn(move || (line.dispatch(), line.dispatch()));
        line.remove(only);
        let (first, second) = cpu.join().unwrap();
        assert!(first == [1] || first.is_empty());
        assert!(second == [1] || second.is_empty());
        assert!(first == [1] || second.is_empty(), "came back");
        assert!(line.dispatch().is_empty());
    });
}

#[test]
fn one_of_two_is_removed_and_the_other_always_called() {
    for which in [0, 1] {
        loom::model(move || {
            let entries = [entry(1), entry(2)];
            let line = Line::new(&entries);
            let cpu = loom::thread::spawn(move || line.dispatch());
            line.remove(entries[which]);
            let seen = cpu.join().unwrap();
            let other = 2 - which as u32;
            assert!(seen == [1, 2] || seen == [other], "{seen:?}");
            assert_eq!(line.dispatch(), [other]);
        });
    }
}

#[test]
fn the_middle_of_three_is_removed() {
    loom::model(|| {
        let entries = [entry(1), entry(2), entry(3)];
        let line = Line::new(&entries);
        let cpu = loom::thread::spawn(move || line.dispatch());
        line.remove(entries[1]);
        let seen = cpu.join().unwrap();
        assert!(seen == [1, 2, 3] || seen == [1, 3], "{seen:?}");
    });
}

#[test]
fn replace_shows_one_of_the_two() {
    for others in [false, true] {
        loom::model(move || {
            let (old, new, other) = (entry(1), entry(2), entry(3));
            let line = if others { Line::new(&[old, other]) } else { Line::new(&[old]) };
            let cpu = loom::thread::spawn(move || line.dispatch());
            line.replace(old, new);
            let seen = cpu.join().unwrap();
            assert!(matches!(seen.first(), Some(1 | 2)), "{seen:?}");
            assert_eq!(&seen[1..], if others { &[3][..] } else { &[] });
        });
    }
}

#[test]
fn install_shows_the_contents() {
    loom::model(|| {
        let line = Line::new(&[]);
        let cpu = loom::thread::spawn(move || (line.dispatch(), line.dispatch()));
        for number in [1, 2] {
            let new = entry(0);
            // SAFETY: loom checks; not yet installed.
            new.data.with_mut(|data| unsafe { *data = number });
            line.install(new);
        }
        let (first, second) = cpu.join().unwrap();
        for seen in [&first, &second] {
            assert!([&[][..], &[1], &[1, 2]].contains(&&seen[..]), "{seen:?}");
        }
        assert!(first.len() <= second.len());
    });
}

#[test]
fn removed_and_installed_again() {
    loom::model(|| {
        let entries = [entry(1), entry(2)];
        let line = Line::new(&entries);
        let cpu = loom::thread::spawn(move || {
            list::enter(&line.begun, true);
            let seen = line.handlers();
            list::leave(&line.begun, &line.ended, true);
            seen
        });
        line.remove(entries[0]);
        // SAFETY: loom checks; out of the list and nobody in it.
        entries[0].data.with_mut(|data| unsafe { *data = 4 });
        line.install(entries[0]);
        let seen = cpu.join().unwrap();
        assert!([&[1, 2][..], &[2], &[2, 4]].contains(&&seen[..]), "{seen:?}");
    });
}

// Each protective step, removed: the model must see it.

#[test]
#[should_panic]
fn without_the_fence_it_fails() {
    against(Line::dispatch_without_fence);
}

#[test]
#[should_panic]
fn without_the_mark_it_fails() {
    against(Line::dispatch_without_mark);
}

#[test]
#[should_panic]
fn without_the_release_it_fails() {
    against(Line::dispatch_without_release);
}

#[test]
#[should_panic]
fn looking_at_the_marks_too_early_it_fails() {
    loom::model(|| {
        let only = entry(1);
        let line = Line::new(&[only]);
        let cpu = loom::thread::spawn(move || line.dispatch());
        // Before it is out of sight: a walk that begins in between is not waited for.
        let inside = list::while_inside(&line.begun);
        assert!(list::unlink(&line.head, only));
        line.publish();
        while !list::is_over(&line.ended, inside) {
            loom::thread::yield_now();
        }
        // SAFETY: not kept here: that is what the model must find.
        only.data.with_mut(|data| unsafe { *data = TORN_DOWN });
        cpu.join().unwrap();
    });
}

#[test]
#[should_panic]
fn without_the_wait_it_fails() {
    loom::model(|| {
        let only = entry(1);
        let line = Line::new(&[only]);
        let cpu = loom::thread::spawn(move || line.dispatch());
        assert!(list::unlink(&line.head, only));
        line.publish();
        // SAFETY: not kept here: that is what the model must find.
        only.data.with_mut(|data| unsafe { *data = TORN_DOWN });
        cpu.join().unwrap();
    });
}
