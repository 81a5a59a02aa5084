// SPDX-License-Identifier: MIT OR Apache-2.0
//! Client of QEMU's gdb socket: registers by name, memory, breakpoints, steps.
//!
//! Start the machine with [`crate::qemu::Launch::gdb`]; it waits before its first instruction. The emulator masks
//! interrupts and timers while it steps; [`Gdb::step_with_interrupts`] lets them in.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::qtest::connect_socket;

mod packet;
mod registers;

use registers::Registers;

/// Why the machine stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A breakpoint, a step or a request of ours; the signal's number, usually 5.
    Signal(u8),
    /// The machine is off.
    Off,
}

/// A connection to a machine.
#[derive(Debug)]
pub(crate) struct Gdb {
    stream: UnixStream,
    patience: Duration,
    registers: Registers,
    /// The machine is little-endian: its registers and words come lowest byte first.
    little: bool,
}

impl Gdb {
    /// Connects and reads the target description; no answer may take longer than `patience`.
    pub(crate) fn connect(socket: &Path, patience: Duration) -> Result<Self> {
        let stream = connect_socket(socket, patience)?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        let mut gdb = Self { stream, patience, registers: Registers::default(), little: false };
        gdb.request("?")?;
        // Until the description was read, the emulator answers `p` and `P` with an empty packet.
        let target = gdb.description("target.xml")?;
        gdb.little = ["arm", "aarch64"].iter().any(|name| target.contains(&format!("<architecture>{name}<")));
        gdb.registers.add("target.xml", &target);
        for file in registers::includes(&target) {
            let text = gdb.description(&file)?;
            gdb.registers.add(&file, &text);
        }
        Ok(gdb)
    }

    /// No answer may take longer than `patience` from now on.
    pub(crate) fn set_patience(&mut self, patience: Duration) -> Result<()> {
        self.patience = patience;
        Ok(self.stream.set_read_timeout(Some(patience))?)
    }

    fn send(&mut self, payload: &str) -> Result<()> {
        self.stream.write_all(&packet::encode(payload.as_bytes())).with_context(|| format!("gdb {payload}"))
    }

    fn receive(&mut self) -> Result<Option<String>> {
        Ok(packet::receive(&mut self.stream)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Sends a packet and returns the answer; an `E` answer and silence are errors.
    pub(crate) fn request(&mut self, payload: &str) -> Result<String> {
        self.send(payload)?;
        let answer = self.receive().with_context(|| format!("gdb {payload}: no answer"))?;
        let answer = answer.with_context(|| format!("gdb {payload}: the emulator has ended"))?;
        if answer.starts_with('E') && answer.len() == 3 {
            bail!("gdb {payload}: {answer}");
        }
        Ok(answer)
    }

    fn expect_ok(&mut self, payload: &str) -> Result<()> {
        match self.request(payload)?.as_str() {
            "OK" => Ok(()),
            other => bail!("gdb {payload}: answered `{other}`"),
        }
    }

    fn description(&mut self, file: &str) -> Result<String> {
        let mut text = String::new();
        loop {
            let answer = self.request(&format!("qXfer:features:read:{file}:{:x},ffb", text.len()))?;
            let Some((kind, part)) = answer.split_at_checked(1) else {
                bail!("gdb: the emulator does not describe its registers ({file})");
            };
            text.push_str(part);
            match kind {
                "l" => return Ok(text),
                "m" => {}
                _ => bail!("gdb: {file}: answered `{answer}`"),
            }
        }
    }

    /// Whether this CPU has a register of that name.
    pub(crate) fn has(&self, register: &str) -> bool {
        self.registers.get(register).is_some()
    }

    fn number(&self, register: &str) -> Result<registers::Register> {
        self.registers.get(register).with_context(|| format!("gdb: this CPU has no register {register}"))
    }

    /// Reads a register of up to 64 bits.
    pub(crate) fn read(&mut self, register: &str) -> Result<u64> {
        let number = self.number(register)?.number;
        let answer = self.request(&format!("p{number:x}"))?;
        let bytes = packet::unhex(answer.as_bytes()).with_context(|| format!("gdb: register {register}"))?;
        if bytes.is_empty() || bytes.len() > 8 {
            bail!("gdb: register {register} has {} bytes", bytes.len());
        }
        Ok(self.value(bytes))
    }

    /// The number that bytes in the machine's order stand for.
    fn value(&self, mut bytes: Vec<u8>) -> u64 {
        if self.little {
            bytes.reverse();
        }
        bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
    }

    /// Writes a register of up to 64 bits.
    pub(crate) fn write(&mut self, register: &str, value: u64) -> Result<()> {
        let found = self.number(register)?;
        let all = value.to_be_bytes();
        let mut bytes = all.get(8usize.saturating_sub(found.bytes)..).unwrap_or(&all).to_vec();
        if self.little {
            bytes.reverse();
        }
        self.expect_ok(&format!("P{:x}={}", found.number, packet::hex(&bytes)))
    }

    /// Reads memory through the MMU, or physical memory after [`Gdb::physical`].
    pub(crate) fn read_memory(&mut self, address: u64, length: usize) -> Result<Vec<u8>> {
        let answer = self.request(&format!("m{address:x},{length:x}"))?;
        let bytes = packet::unhex(answer.as_bytes())?;
        if bytes.len() != length {
            bail!("gdb: {} of {length} bytes at {address:#x}", bytes.len());
        }
        Ok(bytes)
    }

    /// Reads a word in the machine's byte order.
    pub(crate) fn read_word(&mut self, address: u64) -> Result<u32> {
        let bytes = self.read_memory(address, 4)?;
        Ok(self.value(bytes) as u32)
    }

    /// Writes memory.
    pub(crate) fn write_memory(&mut self, address: u64, bytes: &[u8]) -> Result<()> {
        self.expect_ok(&format!("M{address:x},{:x}:{}", bytes.len(), packet::hex(bytes)))
    }

    /// Whether memory addresses are physical from now on.
    pub(crate) fn physical(&mut self, physical: bool) -> Result<()> {
        self.expect_ok(&format!("Qqemu.PhyMemMode:{}", u8::from(physical)))
    }

    /// Sets a breakpoint on the instruction at `address`.
    pub(crate) fn set_breakpoint(&mut self, address: u64) -> Result<()> {
        self.expect_ok(&format!("Z1,{address:x},4"))
    }

    /// Removes it.
    pub(crate) fn clear_breakpoint(&mut self, address: u64) -> Result<()> {
        self.expect_ok(&format!("z1,{address:x},4"))
    }

    /// Chooses the core whose registers are read and written, counted from 0.
    pub(crate) fn select_core(&mut self, core: u32) -> Result<()> {
        self.expect_ok(&format!("Hg{:x}", core + 1))
    }

    /// Executes one instruction, with interrupts and timers masked.
    pub(crate) fn step(&mut self) -> Result<Stop> {
        self.expect_ok("Qqemu.sstep=7")?;
        self.resume("s")
    }

    /// Executes one instruction; a pending interrupt is taken.
    pub(crate) fn step_with_interrupts(&mut self) -> Result<Stop> {
        self.expect_ok("Qqemu.sstep=1")?;
        self.resume("s")
    }

    /// Goes on to the next breakpoint; an error if there is none within the patience given to [`Gdb::connect`].
    pub(crate) fn go(&mut self) -> Result<Stop> {
        self.resume("c")
    }

    fn resume(&mut self, payload: &str) -> Result<Stop> {
        self.send(payload)?;
        let answer = self.receive().with_context(|| format!("gdb: no stop within {:?}", self.patience))?;
        stop(answer.as_deref())
    }

    /// Stops a running machine.
    pub(crate) fn interrupt(&mut self) -> Result<Stop> {
        self.stream.write_all(&[3])?;
        let answer = self.receive().context("gdb: the machine does not stop")?;
        stop(answer.as_deref())
    }

    /// Sets the machine going without waiting for it.
    pub(crate) fn go_on(&mut self) -> Result<()> {
        self.send("c")
    }
}

/// `T05thread:01;`, `S05`, `W00`, or the end of the connection.
fn stop(answer: Option<&str>) -> Result<Stop> {
    let Some(answer) = answer else {
        return Ok(Stop::Off);
    };
    match answer.as_bytes() {
        [b'T' | b'S', high, low, ..] => {
            let signal = packet::unhex(&[*high, *low])?;
            Ok(Stop::Signal(signal.first().copied().unwrap_or(0)))
        }
        [b'W' | b'X', ..] => Ok(Stop::Off),
        _ => bail!("gdb: stopped with `{answer}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops_are_told_apart() {
        assert_eq!(stop(Some("T05thread:01;")).unwrap(), Stop::Signal(5));
        assert_eq!(stop(Some("S02")).unwrap(), Stop::Signal(2));
        assert_eq!(stop(Some("W00")).unwrap(), Stop::Off);
        assert_eq!(stop(None).unwrap(), Stop::Off);
        assert!(stop(Some("OK")).is_err());
    }
}
