// SPDX-License-Identifier: MIT OR Apache-2.0
//! Child processes that end with us: when dropped, when their time is over, and when we are interrupted.
//!
//! An emulator left behind holds our pipe open and a processor busy, so every one that this tool starts is in a list
//! that the signal handler works off.

use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

type Shared = Arc<Mutex<Child>>;

static RUNNING: Mutex<Vec<Weak<Mutex<Child>>>> = Mutex::new(Vec::new());

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A process of ours that ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Owned(Shared);

impl Owned {
    /// Starts it.
    pub(crate) fn spawn(command: &mut Command) -> Result<Self> {
        // The list is held over the start, so that a signal in between does not miss the new process.
        let mut running = lock(&RUNNING);
        let child = command.spawn().with_context(|| format!("starting {}", command.get_program().display()))?;
        let shared = Arc::new(Mutex::new(child));
        running.retain(|entry| entry.strong_count() > 0);
        running.push(Arc::downgrade(&shared));
        Ok(Self(shared))
    }

    /// Works on the process, for instance to take its pipes.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut Child) -> R) -> R {
        work(&mut lock(&self.0))
    }

    /// Its exit status if it ends by `deadline`.
    pub(crate) fn wait_until(&self, deadline: Instant) -> Result<Option<ExitStatus>> {
        loop {
            if let Some(status) = self.with(Child::try_wait)? {
                return Ok(Some(status));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends it now.
    pub(crate) fn end(&self) {
        self.with(|child| {
            // Errors mean that it has ended already.
            let _ = child.kill();
            let _ = child.wait();
        });
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.end();
    }
}

/// The exit status after a signal, as shells have it for Ctrl-C.
pub(crate) const INTERRUPTED: u8 = 130;

static ENDING: AtomicBool = AtomicBool::new(false);

/// Whether a signal has asked this process to end. A command sees its emulator end then and draws wrong conclusions.
pub(crate) fn is_ending() -> bool {
    ENDING.load(Ordering::SeqCst)
}

/// On Ctrl-C, termination or hang-up: ends the processes of the list, and then this one.
pub(crate) fn end_children_on_signal() {
    let handler = || {
        ENDING.store(true, Ordering::SeqCst);
        // Held to the end, so that no other process is started any more.
        let running = lock(&RUNNING);
        for child in running.iter().filter_map(Weak::upgrade) {
            let mut child = lock(&child);
            let _ = child.kill();
            let _ = child.wait();
        }
        std::process::exit(INTERRUPTED.into());
    };
    // Only a second call fails, and there is one.
    let _ = ctrlc::set_handler(handler);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_child_is_gone() {
        let child = Owned::spawn(Command::new("sleep").arg("60")).unwrap();
        let pid = child.with(|child| child.id());
        assert!(std::path::Path::new(&format!("/proc/{pid}")).exists() || !cfg!(target_os = "linux"));
        drop(child);
        assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
    }

    #[test]
    fn a_child_that_does_not_end_is_reported() {
        let child = Owned::spawn(Command::new("sleep").arg("60")).unwrap();
        assert!(child.wait_until(Instant::now() + Duration::from_millis(20)).unwrap().is_none());
    }

    #[test]
    fn a_child_that_ends_gives_its_status() {
        let child = Owned::spawn(&mut Command::new("false")).unwrap();
        let status = child.wait_until(Instant::now() + Duration::from_secs(10)).unwrap();
        assert_eq!(status.and_then(|status| status.code()), Some(1));
    }
}
