// SPDX-License-Identifier: MIT OR Apache-2.0
//! Client of QEMU's qtest socket: pins and device registers of a running machine.
//!
//! The protocol is one line of text per request and an answer `OK …` or `FAIL …`. Lines `IRQ …` that the emulator sends
//! on its own account are skipped.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// A connection to the emulator.
#[derive(Debug)]
pub(crate) struct Qtest {
    stream: UnixStream,
    answers: BufReader<UnixStream>,
}

/// Connects to a socket that the emulator is about to offer; waits up to `patience` for it.
pub(crate) fn connect_socket(socket: &Path, patience: Duration) -> Result<UnixStream> {
    let deadline = Instant::now() + patience;
    loop {
        match UnixStream::connect(socket) {
            Ok(stream) => return Ok(stream),
            Err(error) if Instant::now() >= deadline => {
                return Err(error).with_context(|| format!("the emulator offers no socket {}", socket.display()));
            }
            Err(_) => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

impl Qtest {
    /// Connects; no answer may take longer than `patience`.
    pub(crate) fn connect(socket: &Path, patience: Duration) -> Result<Self> {
        Self::over(connect_socket(socket, patience)?, patience)
    }

    fn over(stream: UnixStream, patience: Duration) -> Result<Self> {
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        let answers = BufReader::new(stream.try_clone()?);
        Ok(Self { stream, answers })
    }

    /// Sends one request and returns the words after `OK`.
    pub(crate) fn command(&mut self, request: &str) -> Result<String> {
        self.request(request)?.with_context(|| format!("qtest {request}: the emulator has ended"))
    }

    /// The same; none if the emulator has ended, before the request or because of it.
    pub(crate) fn request(&mut self, request: &str) -> Result<Option<String>> {
        let sent = self.stream.write_all(format!("{request}\n").as_bytes()).map(Some).or_else(ended);
        if sent.with_context(|| format!("qtest {request}"))?.is_none() {
            return Ok(None);
        }
        loop {
            let mut line = String::new();
            let read = self.answers.read_line(&mut line).map(Some).or_else(ended);
            if read.with_context(|| format!("qtest {request}: no answer"))?.unwrap_or(0) == 0 {
                return Ok(None);
            }
            match line.trim_end().split_once(' ').unwrap_or((line.trim_end(), "")) {
                ("OK", rest) => return Ok(Some(rest.to_owned())),
                ("IRQ", _) => {}
                _ => bail!("qtest {request}: {}", line.trim_end()),
            }
        }
    }
}

/// None if the error says that the other side is gone.
fn ended<T>(error: std::io::Error) -> std::io::Result<Option<T>> {
    match error.kind() {
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => Ok(None),
        _ => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answering(answers: &'static str) -> Qtest {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        theirs.write_all(answers.as_bytes()).unwrap();
        // Kept open: the end of the stream is not what is tested here.
        std::mem::forget(theirs);
        Qtest::over(ours, Duration::from_millis(200)).unwrap()
    }

    #[test]
    fn answers_are_told_apart() {
        assert_eq!(answering("OK 0x12\n").command("readl 0x0").unwrap(), "0x12");
        assert_eq!(answering("IRQ raise 3\nOK\n").command("x").unwrap(), "");
        assert!(answering("FAIL Unknown command\n").command("x").unwrap_err().to_string().contains("Unknown"));
        assert!(answering("").command("x").unwrap_err().to_string().contains("no answer"));
    }

    #[test]
    fn an_emulator_that_ends_is_no_error_of_the_request() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let mut pins = Qtest::over(ours, Duration::from_secs(10)).unwrap();
        drop(theirs);
        assert_eq!(pins.request("x").unwrap(), None);
        assert!(pins.command("x").unwrap_err().to_string().contains("has ended"));

        // It takes the request and ends without an answer: with data unread, the stream is reset.
        let (ours, theirs) = UnixStream::pair().unwrap();
        let mut pins = Qtest::over(ours, Duration::from_secs(10)).unwrap();
        let waiting = std::thread::spawn(move || pins.request("x"));
        let mut first = [0];
        std::io::Read::read_exact(&mut &theirs, &mut first).unwrap();
        drop(theirs);
        assert_eq!(waiting.join().unwrap().unwrap(), None);
    }
}
