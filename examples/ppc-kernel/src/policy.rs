// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who runs: states, priorities, time, semaphores. Pure logic; the lock around it is `kernel`'s.

/// Number of a thread.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ThreadId(pub u8);

impl ThreadId {
    /// Place in an array of threads.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a thread waits for. The number names a semaphore; its address on a target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Not in use.
    Free,
    /// Runs, or would like to.
    Ready,
    /// Waits for the semaphore of this number.
    Waiting(usize),
    /// Sleeps until this tick.
    Sleeping(u64),
    /// Has ended.
    Ended,
}

#[derive(Clone, Copy, Debug)]
struct Thread {
    state: State,
    /// More is more urgent.
    priority: u8,
    /// Place in the queue of its equals: lower is earlier.
    turn: u64,
    /// The CPU whose registers it is in, even if it does not want to run any more.
    on: Option<u8>,
}

/// Which CPU has to look at its threads again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum Kick {
    /// None.
    Nobody,
    /// This one.
    Cpu(u8),
}

/// Why there is no new thread.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum SpawnError {
    /// So many threads are all there can be.
    Full(usize),
    /// A stack of so many bytes is too small.
    Stack(usize),
}

impl core::fmt::Display for SpawnError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Full(threads) => write!(f, "all {threads} threads are in use"),
            Self::Stack(bytes) => write!(f, "a stack of {bytes} bytes is too small"),
        }
    }
}

impl core::error::Error for SpawnError {}

/// The state of all threads and CPUs.
#[derive(Debug)]
pub struct Policy<const THREADS: usize, const CPUS: usize> {
    threads: [Thread; THREADS],
    running: [Option<ThreadId>; CPUS],
    ticks: u64,
    next_turn: u64,
}

impl<const THREADS: usize, const CPUS: usize> Policy<THREADS, CPUS> {
    /// No threads, no CPUs.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "initial value of a static")]
    pub const fn new() -> Self {
        assert!(THREADS <= 256 && CPUS <= 256, "numbers have 8 bits");
        Self {
            threads: [Thread { state: State::Free, priority: 0, turn: 0, on: None }; THREADS],
            running: [None; CPUS],
            ticks: 0,
            next_turn: 0,
        }
    }

    fn ids() -> impl Iterator<Item = ThreadId> {
        (0..THREADS).map(|index| ThreadId(index as u8))
    }

    fn at(&mut self, id: ThreadId) -> &mut Thread {
        &mut self.threads[id.index()]
    }

    fn take_turn(&mut self) -> u64 {
        self.next_turn += 1;
        self.next_turn
    }

    /// The state of a thread.
    #[must_use]
    pub fn state(&self, id: ThreadId) -> State {
        self.threads[id.index()].state
    }

    /// The thread that `cpu` runs; none before [`adopt`](Self::adopt).
    #[must_use]
    pub fn running(&self, cpu: u8) -> Option<ThreadId> {
        self.running[usize::from(cpu)]
    }

    /// Ticks so far.
    #[must_use]
    pub fn ticks(&self) -> u64 {
        self.ticks
    }

    fn create(&mut self, priority: u8) -> Result<ThreadId, SpawnError> {
        let id =
            Self::ids().find(|id| self.threads[id.index()].state == State::Free).ok_or(SpawnError::Full(THREADS))?;
        let turn = self.take_turn();
        *self.at(id) = Thread { state: State::Ready, priority, turn, on: None };
        Ok(id)
    }

    /// A new thread, ready.
    ///
    /// # Errors
    /// [`SpawnError::Full`].
    pub fn spawn(&mut self, priority: u8) -> Result<(ThreadId, Kick), SpawnError> {
        let id = self.create(priority)?;
        Ok((id, self.place(id, None)))
    }

    /// Makes what `cpu` executes now a thread.
    ///
    /// # Errors
    /// [`SpawnError::Full`].
    pub fn adopt(&mut self, cpu: u8, priority: u8) -> Result<ThreadId, SpawnError> {
        let id = self.create(priority)?;
        self.at(id).on = Some(cpu);
        self.running[usize::from(cpu)] = Some(id);
        Ok(id)
    }

    /// Which CPU should take `id`: the one that runs the least urgent thread, `near` first, if `id` is more urgent.
    fn place(&self, id: ThreadId, near: Option<u8>) -> Kick {
        let thread = &self.threads[id.index()];
        if thread.on.is_some() || thread.state != State::Ready {
            return Kick::Nobody;
        }
        let mut best: Option<(u8, u8)> = None;
        for (cpu, running) in self.running.iter().enumerate() {
            let Some(running) = running else { continue };
            let running = &self.threads[running.index()];
            // One that is about to give way counts as the least urgent.
            let urgency = if running.state == State::Ready { running.priority } else { 0 };
            let cpu = cpu as u8;
            let better = best.is_none_or(|(least, _)| urgency < least || (urgency == least && near == Some(cpu)));
            if better {
                best = Some((urgency, cpu));
            }
        }
        match best {
            Some((urgency, cpu)) if urgency < thread.priority => Kick::Cpu(cpu),
            _ => Kick::Nobody,
        }
    }

    fn wake(&mut self, id: ThreadId, cpu: u8) -> Kick {
        let turn = self.take_turn();
        let thread = self.at(id);
        thread.state = State::Ready;
        thread.turn = turn;
        self.place(id, Some(cpu))
    }

    /// Marks the running thread of `cpu` as waiting for semaphore `number`. It runs on until the next
    /// [`pick`](Self::pick).
    pub fn wait(&mut self, cpu: u8, number: usize) {
        if let Some(id) = self.running(cpu) {
            self.at(id).state = State::Waiting(number);
        }
    }

    /// Wakes the most urgent thread that waits for semaphore `number`, the longest waiting of equals.
    pub fn release(&mut self, cpu: u8, number: usize) -> Option<Kick> {
        let waits = |id: &ThreadId| self.threads[id.index()].state == State::Waiting(number);
        let first = Self::ids().filter(waits).min_by_key(|id| {
            let thread = &self.threads[id.index()];
            (u8::MAX - thread.priority, thread.turn)
        })?;
        Some(self.wake(first, cpu))
    }

    /// Marks the running thread of `cpu` as asleep for `ticks`: until that many more ticks have come.
    pub fn sleep(&mut self, cpu: u8, ticks: u64) {
        let until = self.ticks + ticks;
        if let Some(id) = self.running(cpu) {
            self.at(id).state = State::Sleeping(until);
        }
    }

    /// Marks the running thread of `cpu` as ended.
    pub fn end(&mut self, cpu: u8) {
        if let Some(id) = self.running(cpu) {
            self.at(id).state = State::Ended;
        }
    }

    /// Puts the running thread of `cpu` behind its equals.
    pub fn give_way(&mut self, cpu: u8) {
        let turn = self.take_turn();
        if let Some(id) = self.running(cpu) {
            self.at(id).turn = turn;
        }
    }

    /// `due` more ticks have come: wakes sleepers, each of which `kick` hears about.
    pub fn tick(&mut self, cpu: u8, due: u32, mut kick: impl FnMut(Kick)) {
        self.ticks += u64::from(due);
        for id in Self::ids() {
            if matches!(self.state(id), State::Sleeping(until) if until <= self.ticks) {
                kick(self.wake(id, cpu));
            }
        }
    }

    /// The thread that `cpu` runs from now on: the most urgent that is ready and on no other CPU, the first in
    /// turn of equals. The second value says who should look at the most urgent of those that are left.
    ///
    /// `None` when nothing is ready, which a kernel with an idle thread per CPU never sees.
    pub fn pick(&mut self, cpu: u8) -> Option<(ThreadId, Kick)> {
        let next = self.most_urgent(|thread| thread.on.is_none_or(|on| on == cpu))?;
        let before = self.running(cpu);
        if let Some(before) = before {
            self.at(before).on = None;
        }
        self.at(next).on = Some(cpu);
        self.running[usize::from(cpu)] = Some(next);
        // Not only the one that gave way: another may have been sent here and found this CPU taken.
        let left = self.most_urgent(|thread| thread.on.is_none());
        Some((next, left.map_or(Kick::Nobody, |left| self.place(left, None))))
    }

    /// The most urgent ready thread with this property, the first in turn of equals.
    fn most_urgent(&self, can: impl Fn(&Thread) -> bool) -> Option<ThreadId> {
        let ready = |thread: &Thread| thread.state == State::Ready && can(thread);
        Self::ids().filter(|id| ready(&self.threads[id.index()])).min_by_key(|id| {
            let thread = &self.threads[id.index()];
            (u8::MAX - thread.priority, thread.turn)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    type Two = Policy<8, 2>;

    fn one_cpu() -> (Policy<8, 1>, ThreadId) {
        let mut policy = Policy::new();
        let idle = policy.adopt(0, 0).unwrap();
        (policy, idle)
    }

    #[test]
    fn the_most_urgent_runs_and_equals_take_turns() {
        let (mut policy, idle) = one_cpu();
        let (a, kick) = policy.spawn(5).unwrap();
        assert_eq!(kick, Kick::Cpu(0));
        let (b, _) = policy.spawn(5).unwrap();
        assert_eq!(policy.pick(0).unwrap().0, a);
        assert_eq!(policy.spawn(3).unwrap().1, Kick::Nobody);
        policy.give_way(0);
        assert_eq!(policy.pick(0).unwrap().0, b);
        policy.end(0);
        assert_eq!(policy.pick(0).unwrap().0, a);
        policy.end(0);
        let (c, _) = policy.pick(0).unwrap();
        policy.end(0);
        assert_ne!(c, idle);
        assert_eq!(policy.pick(0).unwrap().0, idle);
    }

    #[test]
    fn a_thread_that_is_woken_before_it_left_goes_on() {
        let (mut policy, _) = one_cpu();
        let (a, _) = policy.spawn(5).unwrap();
        let _ = policy.pick(0);
        policy.wait(0, 77);
        assert_eq!(policy.release(0, 77), Some(Kick::Nobody));
        assert_eq!(policy.pick(0).unwrap().0, a);
    }

    #[test]
    fn a_thread_in_another_cpus_registers_is_not_picked() {
        let mut policy = Two::new();
        policy.adopt(0, 0).unwrap();
        policy.adopt(1, 0).unwrap();
        let (a, _) = policy.spawn(5).unwrap();
        assert_eq!(policy.pick(0).unwrap().0, a);
        policy.wait(0, 77);
        let _ = policy.release(1, 77);
        // CPU 0 has not switched yet: `a` is still in its registers.
        assert_ne!(policy.pick(1).unwrap().0, a);
        assert_eq!(policy.pick(0).unwrap().0, a);
    }

    #[test]
    fn who_gives_way_is_offered_to_another_cpu() {
        let mut policy = Two::new();
        policy.adopt(0, 0).unwrap();
        policy.adopt(1, 0).unwrap();
        let (a, _) = policy.spawn(5).unwrap();
        assert_eq!(policy.pick(0).unwrap().0, a);
        let (b, kick) = policy.spawn(9).unwrap();
        assert_eq!(kick, Kick::Cpu(1));
        // CPU 0 looks first.
        assert_eq!(policy.pick(0), Some((b, Kick::Cpu(1))));
    }

    #[test]
    fn sleepers_wake_in_their_tick() {
        let (mut policy, idle) = one_cpu();
        let (a, _) = policy.spawn(5).unwrap();
        let _ = policy.pick(0);
        policy.sleep(0, 3);
        assert_eq!(policy.pick(0).unwrap().0, idle);
        let mut kicks = Vec::new();
        policy.tick(0, 2, |kick| kicks.push(kick));
        assert!(kicks.is_empty());
        policy.tick(0, 1, |kick| kicks.push(kick));
        assert_eq!(kicks, [Kick::Cpu(0)]);
        assert_eq!(policy.pick(0).unwrap().0, a);
    }

    #[test]
    fn the_longest_waiting_of_the_most_urgent_is_released_first() {
        let (mut policy, _) = one_cpu();
        let ids: Vec<_> = [2, 7, 7].map(|priority| policy.spawn(priority).unwrap().0).into();
        for _ in 0..3 {
            let _ = policy.pick(0);
            policy.wait(0, 1);
        }
        let mut woken = Vec::new();
        while policy.release(0, 1).is_some() {
            let new = ids.iter().copied().find(|id| policy.state(*id) == State::Ready && !woken.contains(id));
            woken.extend(new);
        }
        assert_eq!(woken, [ids[1], ids[2], ids[0]]);
    }

    proptest! {
        /// Whatever happens in whatever order: no thread is on two CPUs, each CPU runs what it thinks it runs, and
        /// when all kicks are answered, no ready thread is more urgent than one that runs.
        #[test]
        fn invariants(steps in proptest::collection::vec((0u8..6, 0u8..2, 0u8..4), 1..200)) {
            let mut policy = Two::new();
            policy.adopt(0, 0).unwrap();
            policy.adopt(1, 0).unwrap();
            for priority in [1, 2, 2, 3, 4] {
                let _ = policy.spawn(priority).unwrap();
            }
            let mut kicked = [true, true];
            for (what, cpu, number) in steps {
                let idle = policy.running(cpu).is_some_and(|id| id.index() < 2);
                let mut hear = |kick| if let Kick::Cpu(cpu) = kick { kicked[usize::from(cpu)] = true };
                match what {
                    0 if !idle => { policy.wait(cpu, number.into()); hear(Kick::Cpu(cpu)); }
                    1 => if let Some(kick) = policy.release(cpu, number.into()) { hear(kick) },
                    2 if !idle => { policy.sleep(cpu, number.into()); hear(Kick::Cpu(cpu)); }
                    3 => policy.tick(cpu, number.into(), hear),
                    4 => { policy.give_way(cpu); hear(Kick::Cpu(cpu)); }
                    _ => if kicked[usize::from(cpu)] {
                        kicked[usize::from(cpu)] = false;
                        let (_, kick) = policy.pick(cpu).expect("idle threads are always ready");
                        if let Kick::Cpu(cpu) = kick { kicked[usize::from(cpu)] = true }
                    }
                }
                for cpu in 0..2u8 {
                    let running = policy.running(cpu).unwrap();
                    prop_assert_eq!(policy.threads[running.index()].on, Some(cpu));
                }
                let on = policy.threads.iter().filter(|thread| thread.on.is_some()).count();
                prop_assert_eq!(on, 2);
            }
            for _ in 0..20 {
                for cpu in 0..2u8 {
                    if core::mem::take(&mut kicked[usize::from(cpu)]) {
                        let (_, kick) = policy.pick(cpu).expect("idle threads are always ready");
                        if let Kick::Cpu(cpu) = kick { kicked[usize::from(cpu)] = true }
                    }
                }
            }
            prop_assert_eq!(kicked, [false, false], "kicks go on for ever");
            let least = (0..2u8).map(|cpu| policy.threads[policy.running(cpu).unwrap().index()].priority).min();
            for thread in &policy.threads {
                if thread.state == State::Ready && thread.on.is_none() {
                    prop_assert!(Some(thread.priority) <= least, "a ready thread waits for nothing");
                }
            }
        }
    }
}
