// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel: the lock, the operations, the scheduler that `hal-exc-api` calls.

use core::arch::asm;
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};

use hal_exc_api::install::Exceptions;
use hal_exc_api::percpu::PerCpu;
use hal_exc_api::sched::{Masked, MayBlock, MayReady, RegisterError, Scheduler, dispatch_if_needed};

pub use crate::policy::{SpawnError, State, ThreadId};

use crate::policy::{Kick, Policy};
use crate::switch::{prepare, switch};

/// The most threads there can be, the idle thread of each CPU included.
pub const THREADS: usize = 32;
/// The most CPUs.
pub const CPUS: usize = 2;

/// MSR\[EE\].
const EE: u32 = 0x8000;

/// A thread's function.
pub type Entry = extern "C" fn(argument: usize);

/// The stack of a thread, to be made `static`.
#[repr(C, align(16))]
pub struct Stack<const LEN: usize = 4096>(UnsafeCell<[u8; LEN]>);

// SAFETY: only the thread that got it uses it, through its stack pointer.
unsafe impl<const LEN: usize> Sync for Stack<LEN> {}

impl<const LEN: usize> Stack<LEN> {
    /// A stack that no thread uses yet.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "initial value of a static")]
    pub const fn new() -> Self {
        Self(UnsafeCell::new([0; LEN]))
    }
}

struct Inner {
    policy: Policy<THREADS, CPUS>,
    /// Stack pointers of the threads that do not run.
    contexts: [u32; THREADS],
}

/// The one kernel.
struct Kernel {
    held: AtomicBool,
    inner: UnsafeCell<Inner>,
    /// MSR with which threads begin.
    thread_msr: AtomicU32,
    /// Interrupts another CPU so that it calls [`on_kick`].
    kick: AtomicPtr<()>,
    switches: AtomicU32,
}

// SAFETY: `inner` is reached by the holder of `held` only, who has interrupts masked.
unsafe impl Sync for Kernel {}

static KERNEL: Kernel = Kernel {
    held: AtomicBool::new(false),
    inner: UnsafeCell::new(Inner { policy: Policy::new(), contexts: [0; THREADS] }),
    thread_msr: AtomicU32::new(0),
    kick: AtomicPtr::new(core::ptr::null_mut()),
    switches: AtomicU32::new(0),
};

fn acquire() {
    // Bounded by the other CPU's critical section, which holds it with interrupts masked and waits for nothing.
    while KERNEL.held.compare_exchange_weak(false, true, Ordering::Acquire, Ordering::Relaxed).is_err() {
        core::hint::spin_loop();
    }
}

fn release() {
    KERNEL.held.store(false, Ordering::Release);
}

/// Runs `f` with the kernel locked: it gets the state and the index of this CPU.
fn locked<R>(f: impl FnOnce(&mut Inner, u8) -> R) -> R {
    // SAFETY: the kernel is used after `start`, which needs installed exceptions.
    let masked = unsafe { Masked::new() };
    acquire();
    // SAFETY: masked, so this CPU stays ours.
    let cpu = unsafe { PerCpu::current() }.index() as u8;
    // SAFETY: the lock is held.
    let result = f(unsafe { &mut *KERNEL.inner.get() }, cpu);
    release();
    drop(masked);
    result
}

/// Has the CPU that was named look at its threads again. Called without the lock; a thread that has been moved
/// meanwhile interrupts its new CPU, which does no harm.
fn tell(kick: Kick, token: &MayReady<'_>) {
    let Kick::Cpu(cpu) = kick else { return };
    // SAFETY: the kernel is used after `start`, which needs installed exceptions.
    let masked = unsafe { Masked::new() };
    // SAFETY: masked, so this CPU stays ours.
    let here = unsafe { PerCpu::current() };
    if here.index() as u8 == cpu {
        token.request_dispatch();
    } else {
        interrupt(cpu);
    }
    drop(masked);
}

fn interrupt(cpu: u8) {
    let kick = KERNEL.kick.load(Ordering::Relaxed);
    if !kick.is_null() {
        // SAFETY: `start` alone stores here, a `fn(u8)`.
        let kick = unsafe { core::mem::transmute::<*mut (), fn(u8)>(kick) };
        kick(cpu);
    }
}

struct Switcher;

// SAFETY:
// * the request is taken back first; the next thread is chosen afterwards, with the lock held;
// * `switch` keeps r1, r14 to r31, CR and LR on the thread's own stack and leaves r2 and r13 alone;
// * nothing is unmasked here; a thread that begins unmasks in `begin`;
// * after `switch` the block is not used.
unsafe impl Scheduler for Switcher {
    unsafe extern "C" fn dispatch(cpu: &'static PerCpu, _interrupted_msr: u32) {
        // SAFETY: this is the scheduler of this CPU.
        unsafe { cpu.clear_dispatch_request() };
        acquire();
        // SAFETY: the lock is held.
        let inner = unsafe { &mut *KERNEL.inner.get() };
        let index = cpu.index() as u8;
        let before = inner.policy.running(index);
        if let (Some(before), Some((next, kick))) = (before, inner.policy.pick(index)) {
            if let Kick::Cpu(other) = kick {
                if other == index {
                    // SAFETY: as above.
                    unsafe { cpu.request_dispatch() };
                } else {
                    interrupt(other);
                }
            }
            if before != next {
                KERNEL.switches.fetch_add(1, Ordering::Relaxed);
                let load = inner.contexts[next.index()];
                let save = &raw mut inner.contexts[before.index()];
                // SAFETY: masked; a thread that does not run has a context; the lock is held until the other
                // side has left this stack.
                unsafe { switch(save, load) };
            }
        }
        release();
    }
}

/// The beginning of every thread, entered from `switch` with everything masked and the lock held.
pub(crate) extern "C" fn begin(entry: Entry, argument: usize) -> ! {
    release();
    let msr = KERNEL.thread_msr.load(Ordering::Relaxed);
    // SAFETY: a thread of our own on a stack of its own: interrupts may come.
    unsafe { asm!("mtmsr {0}", "isync", in(reg) msr, options(nostack)) };
    entry(argument);
    locked(|inner, cpu| inner.policy.end(cpu));
    leave();
    unreachable!("an ended thread was picked");
}

/// Asks for a dispatch and lets it happen; the running thread has been marked.
fn leave() {
    // SAFETY: the kernel is used after `start`, which needs installed exceptions.
    let token = unsafe { MayBlock::here() };
    let mut token = token.expect("threads run with interrupts enabled");
    wait_here(&mut token);
}

fn wait_here(token: &mut MayBlock<'_>) {
    token.ready().request_dispatch();
    dispatch_if_needed(token);
}

/// Makes the kernel the scheduler of this CPU and its present context a thread of `priority`, whose number is
/// returned. Every CPU needs such a thread that never blocks: its idle thread, or what becomes it. `kick` interrupts another
/// CPU, whose handler calls [`on_kick`].
///
/// # Errors
/// [`RegisterError::Taken`].
///
/// # Panics
/// When all threads are in use.
pub fn start(exceptions: &Exceptions, priority: u8, kick: Option<fn(u8)>) -> Result<ThreadId, RegisterError> {
    if let Some(kick) = kick {
        KERNEL.kick.store(kick as *mut (), Ordering::Relaxed);
    }
    let now: u32;
    // SAFETY: reads a register.
    unsafe { asm!("mfmsr {0}", out(reg) now, options(nomem, nostack, preserves_flags)) };
    KERNEL.thread_msr.store(now | EE | exceptions.cpu().core().critical_enable, Ordering::Relaxed);
    let adopted = locked(|inner, cpu| inner.policy.adopt(cpu, priority));
    exceptions.set_scheduler::<Switcher>()?;
    Ok(adopted.expect("a free thread"))
}

/// A new thread.
///
/// # Errors
/// [`SpawnError`].
pub fn spawn<const LEN: usize>(
    token: &MayReady<'_>,
    entry: Entry,
    argument: usize,
    priority: u8,
    stack: &'static Stack<LEN>,
) -> Result<ThreadId, SpawnError> {
    if LEN < 512 || !LEN.is_multiple_of(16) {
        return Err(SpawnError::Stack(LEN));
    }
    let (id, kick) = locked(|inner, _| {
        let (id, kick) = inner.policy.spawn(priority)?;
        // SAFETY: checked above; the static belongs to this thread, says the caller's choice of it.
        let context =
            unsafe { prepare(stack.0.get() as usize as u32, LEN as u32, entry as usize as u32, argument as u32) };
        inner.contexts[id.index()] = context;
        Ok((id, kick))
    })?;
    tell(kick, token);
    Ok(id)
}

/// A counting semaphore.
pub struct Semaphore(UnsafeCell<u32>);

// SAFETY: the count is reached with the kernel locked only.
unsafe impl Sync for Semaphore {}

impl Semaphore {
    /// A semaphore with this count.
    #[must_use]
    pub const fn new(count: u32) -> Self {
        Self(UnsafeCell::new(count))
    }

    fn number(&self) -> usize {
        core::ptr::from_ref(self) as usize
    }

    /// Adds one, or wakes the most urgent thread that waits. From threads and interrupt handlers of both classes.
    pub fn post(&self, token: &MayReady<'_>) {
        let kick = locked(|inner, cpu| {
            inner.policy.release(cpu, self.number()).unwrap_or_else(|| {
                // SAFETY: locked.
                unsafe { *self.0.get() += 1 };
                Kick::Nobody
            })
        });
        tell(kick, token);
    }

    /// Takes one, or waits until somebody posts.
    pub fn wait(&self, token: &mut MayBlock<'_>) {
        let waits = locked(|inner, cpu| {
            // SAFETY: locked.
            let count = unsafe { &mut *self.0.get() };
            if *count > 0 {
                *count -= 1;
                return false;
            }
            inner.policy.wait(cpu, self.number());
            true
        });
        if waits {
            wait_here(token);
        }
    }

    /// Takes one if there is one.
    pub fn try_wait(&self) -> bool {
        locked(|_, _| {
            // SAFETY: locked.
            let count = unsafe { &mut *self.0.get() };
            let some = *count > 0;
            *count -= u32::from(some);
            some
        })
    }

    /// The count.
    #[must_use]
    pub fn count(&self) -> u32 {
        // SAFETY: locked.
        locked(|_, _| unsafe { *self.0.get() })
    }
}

/// Sleeps until `ticks` more ticks have come; with 0 it only lets equals run.
pub fn sleep(ticks: u32, token: &mut MayBlock<'_>) {
    locked(|inner, cpu| match ticks {
        0 => inner.policy.give_way(cpu),
        _ => inner.policy.sleep(cpu, ticks.into()),
    });
    wait_here(token);
}

/// Looks at least once a tick whether it is `done`, so many times; what the last look said. Looks and not ticks, because a host
/// that stands still makes many ticks due at once.
pub fn sleep_until(looks: u32, token: &mut MayBlock<'_>, mut done: impl FnMut() -> bool) -> bool {
    for _ in 0..looks {
        if done() {
            return true;
        }
        sleep(1, token);
    }
    done()
}

/// To be called by the tick's handler of every CPU: `due` ticks have come. The boot CPU's count as time; all end the
/// time slice of their CPU.
pub fn on_tick(due: u32, token: &MayReady<'_>) {
    let mut kicks = [Kick::Nobody; THREADS];
    let mut count = 0;
    locked(|inner, cpu| {
        if cpu == 0 {
            inner.policy.tick(cpu, due, |kick| {
                kicks[count] = kick;
                count += 1;
            });
        }
        if due > 0 {
            inner.policy.give_way(cpu);
        }
    });
    for &kick in &kicks[..count] {
        tell(kick, token);
    }
    if due > 0 {
        token.request_dispatch();
    }
}

/// To be called by the handler of the interrupt with which another CPU kicks this one.
pub fn on_kick(token: &MayReady<'_>) {
    token.request_dispatch();
}

/// The thread that runs here.
#[must_use]
pub fn current() -> Option<ThreadId> {
    locked(|inner, cpu| inner.policy.running(cpu))
}

/// The state of a thread.
#[must_use]
pub fn state(id: ThreadId) -> State {
    locked(|inner, _| inner.policy.state(id))
}

/// Ticks since the start.
#[must_use]
pub fn ticks() -> u64 {
    locked(|inner, _| inner.policy.ticks())
}

/// How often one thread gave way to another, on all CPUs.
#[must_use]
pub fn switches() -> u32 {
    KERNEL.switches.load(Ordering::Relaxed)
}

/// A token of the calling thread.
///
/// # Panics
/// In a handler, or with interrupts masked.
#[must_use]
pub fn token() -> MayBlock<'static> {
    // SAFETY: the kernel is used after `start`, which needs installed exceptions.
    let token = unsafe { MayBlock::here() };
    token.expect("called by a thread with interrupts enabled")
}
