// SPDX-License-Identifier: MIT OR Apache-2.0
//! One run of a machine: its console line by line, up to the end, the verdict or the time limit.

use std::io::{BufRead, BufReader, Read};
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::Launch;
use super::child::Owned;
use crate::qtest::Qtest;

/// Time for an answer over the qtest socket: long, for a loaded host.
const PATIENCE: Duration = Duration::from_secs(30);

/// Time to power off after the verdict.
const POWER_OFF: Duration = Duration::from_secs(60);

/// Time for the verdict when what the run was for has been seen already.
const SEEN: Duration = Duration::from_secs(5);

/// How often is looked whether it has.
const LOOK: Duration = Duration::from_millis(200);

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The machine powered itself off; the emulator's exit status.
    Off(Option<i32>),
    /// The time was over; the limit that was passed.
    TimedOut(Duration),
}

/// What a run showed.
#[derive(Clone, Debug)]
pub(crate) struct Transcript {
    /// Console lines, without line ends.
    pub(crate) lines: Vec<String>,
    /// How it ended.
    pub(crate) end: End,
    /// What the emulator itself said.
    pub(crate) emulator: String,
}

/// The judgement over a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// `result: pass`, and then the machine powered off.
    Pass,
    /// Anything else, with the reason.
    Fail(String),
}

impl Transcript {
    /// Judges by the last line that is no record: `result: pass` and nothing else will do.
    pub(crate) fn verdict(&self) -> Verdict {
        let last = self.lines.iter().rev().find(|line| !is_volatile(line) && !line.is_empty());
        let result = last.and_then(|line| line.strip_prefix("result: "));
        let fail = |text: String| {
            let said = self.emulator.trim();
            Verdict::Fail(if said.is_empty() { text } else { format!("{text}; the emulator said: {said}") })
        };
        match (result, &self.end) {
            (Some("pass"), End::Off(Some(0))) => Verdict::Pass,
            (Some("pass"), End::Off(code)) => fail(format!("passed, but the emulator ended with {code:?}")),
            (Some("pass"), End::TimedOut(_)) => fail("passed, but did not power off".into()),
            (Some(text), _) => Verdict::Fail(text.strip_prefix("fail: ").unwrap_or(text).to_owned()),
            (None, End::TimedOut(limit)) => fail(format!(
                "no result after {} s; last line: {}",
                limit.as_secs(),
                last.map_or("none", String::as_str)
            )),
            (None, End::Off(code)) => {
                fail(format!("ended ({code:?}) without a result; last line: {}", last.map_or("none", String::as_str)))
            }
        }
    }
}

/// Lines that golden files do not hold: notes (`#`) and records (`@`).
pub(crate) fn is_volatile(line: &str) -> bool {
    line.starts_with('#') || line.starts_with('@')
}

/// A running machine whose console is its standard output.
#[derive(Debug)]
pub(crate) struct Session {
    child: Owned,
    lines: Receiver<String>,
    emulator: Option<JoinHandle<String>>,
    limit: Duration,
    deadline: Instant,
    seen: Option<Arc<AtomicBool>>,
}

impl Session {
    /// Starts the machine; it gets `limit` to come to its end.
    pub(crate) fn start(launch: &Launch, limit: Duration) -> Result<Self> {
        launch.prepare()?;
        let child = Owned::spawn(&mut launch.command())?;
        let (stdout, stderr) = child.with(|child| (child.stdout.take(), child.stderr.take()));
        let mut stderr = stderr.context("the emulator has no standard error")?;
        let emulator = std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.read_to_end(&mut text);
            let text = String::from_utf8_lossy(&text);
            // Sound modules that are not packaged say so, whatever the machine.
            let kept = text.lines().filter(|line| !line.starts_with("qemu: module audio"));
            kept.collect::<Vec<_>>().join("\n")
        });
        let lines = read_lines(stdout.context("the emulator has no output")?);
        Ok(Self {
            child,
            lines,
            emulator: Some(emulator),
            limit,
            deadline: Instant::now() + limit,
            seen: launch.seen.clone(),
        })
    }

    /// The next console line; none when the machine is off or the time is over.
    pub(crate) fn next_line(&mut self) -> Option<String> {
        loop {
            if self.seen.take_if(|seen| seen.load(Ordering::Relaxed)).is_some() {
                self.deadline = self.deadline.min(Instant::now() + SEEN);
            }
            let left = self.deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left.min(LOOK)) {
                Ok(line) => {
                    if line.starts_with("result: ") {
                        self.deadline = self.deadline.min(Instant::now() + POWER_OFF);
                    }
                    return Some(line);
                }
                Err(RecvTimeoutError::Timeout) if !left.is_zero() => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    /// Ends the machine now and returns what the emulator said.
    pub(crate) fn abandon(mut self) -> String {
        self.child.end();
        self.emulator.take().and_then(|thread| thread.join().ok()).unwrap_or_default()
    }

    /// Waits for the end, or brings it about when the time is over.
    pub(crate) fn finish(mut self, lines: Vec<String>) -> Result<Transcript> {
        let status = self.child.wait_until(self.deadline)?;
        self.child.end();
        let emulator = self.emulator.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        let end = status.map_or(End::TimedOut(self.limit), |status: ExitStatus| End::Off(status.code()));
        Ok(Transcript { lines, end, emulator })
    }
}

/// Reads lines in the background, so that a silent machine cannot hold us past the limit.
pub(crate) fn read_lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        let mut bytes = Vec::new();
        while reader.read_until(b'\n', &mut bytes).is_ok_and(|count| count > 0) {
            let text = String::from_utf8_lossy(&bytes);
            let line = text.trim_end_matches(['\r', '\n']).to_owned();
            bytes.clear();
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Runs a machine to its end. Every line goes to `each` as it comes; with `qtest`, a line `@ qtest COMMAND` also goes
/// to the emulator, so that a program can ask for a pin to change at the moment it is ready. An emulator that ends
/// meanwhile has ended the run, and the transcript says how.
pub(crate) fn run(launch: &Launch, limit: Duration, qtest: bool, each: &mut dyn FnMut(&str)) -> Result<Transcript> {
    let folder = tempfile::tempdir().context("a folder for sockets")?;
    let socket = folder.path().join("qtest");
    let launch = if qtest { launch.clone().qtest(&socket) } else { launch.clone() };
    let mut session = Session::start(&launch, limit)?;
    let mut pins = if qtest { Some(Qtest::connect(&socket, PATIENCE)?) } else { None };
    let mut lines = Vec::new();
    while let Some(line) = session.next_line() {
        each(&line);
        if let (Some(pins), Some(command)) = (&mut pins, line.strip_prefix("@ qtest ")) {
            let _ = pins.request(command)?;
        }
        lines.push(line);
    }
    session.finish(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transcript(lines: &[&str], end: End) -> Transcript {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        Transcript { lines, end, emulator: String::new() }
    }

    #[test]
    fn only_pass_and_power_off_is_a_pass() {
        let off = End::Off(Some(0));
        assert_eq!(transcript(&["a", "result: pass"], off.clone()).verdict(), Verdict::Pass);
        assert_eq!(transcript(&["result: pass", "@ irq source=uart", ""], off.clone()).verdict(), Verdict::Pass);
        assert_eq!(transcript(&["result: fail: r3"], off.clone()).verdict(), Verdict::Fail("r3".into()));
        for bad in [
            transcript(&["result: pass", "more"], off.clone()),
            transcript(&["result: passed"], off.clone()),
            transcript(&[], off),
            transcript(&["result: pass"], End::Off(Some(1))),
            transcript(&["result: pass"], End::TimedOut(Duration::from_secs(1))),
            transcript(&["hello"], End::TimedOut(Duration::from_secs(1))),
        ] {
            assert!(matches!(bad.verdict(), Verdict::Fail(_)), "{bad:?}");
        }
    }

    #[test]
    fn lines_come_without_their_ends() {
        let lines: Vec<_> = read_lines(&b"one\r\ntwo\nthree"[..]).iter().collect();
        assert_eq!(lines, ["one", "two", "three"]);
    }
}
