// SPDX-License-Identifier: MIT OR Apache-2.0
//! Packets of the remote protocol: `$payload#xx`, where `xx` is the sum of the payload's bytes modulo 256.

use std::io::{Read, Write};

use anyhow::{Context, Result, bail};

/// A packet as it is sent.
pub(super) fn encode(payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![b'$'];
    for &byte in payload {
        // These four have a meaning of their own; they travel as `}` and the byte with bit 5 turned.
        if matches!(byte, b'$' | b'#' | b'}' | b'*') {
            packet.extend([b'}', byte ^ 0x20]);
        } else {
            packet.push(byte);
        }
    }
    let sum = sum(&packet[1..]);
    packet.extend(format!("#{sum:02x}").bytes());
    packet
}

fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

/// The payload of a packet's body: escapes and run lengths undone.
fn decode(body: &[u8]) -> Result<Vec<u8>> {
    let mut payload = Vec::with_capacity(body.len());
    let mut bytes = body.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'}' => payload.push(bytes.next().context("a packet ends in an escape")? ^ 0x20),
            b'*' => {
                let count = bytes.next().context("a packet ends in a run length")?.wrapping_sub(29);
                let last = *payload.last().context("a run length repeats nothing")?;
                payload.extend(std::iter::repeat_n(last, count.into()));
            }
            _ => payload.push(byte),
        }
    }
    Ok(payload)
}

/// Reads the next packet and acknowledges it; acknowledgements that arrive are passed over. None at the end.
pub(super) fn receive(stream: &mut (impl Read + Write)) -> Result<Option<Vec<u8>>> {
    loop {
        let Some(byte) = next(stream)? else {
            return Ok(None);
        };
        match byte {
            b'$' => break,
            b'+' => {}
            b'-' => bail!("the emulator did not understand the last packet"),
            other => bail!("the emulator sent {other:#04x} between packets"),
        }
    }
    let mut body = Vec::new();
    loop {
        match next(stream)? {
            Some(b'#') => break,
            Some(byte) => body.push(byte),
            None => return Ok(None),
        }
    }
    let digits = [next(stream)?.unwrap_or(0), next(stream)?.unwrap_or(0)];
    let expected = sum(&body);
    if unhex(&digits)? != [expected] {
        bail!("a packet's sum is {}, not {expected:02x}", String::from_utf8_lossy(&digits));
    }
    stream.write_all(b"+")?;
    decode(&body).map(Some)
}

fn next(stream: &mut impl Read) -> Result<Option<u8>> {
    let mut byte = [0];
    Ok((stream.read(&mut byte).context("the emulator's debug socket")? == 1).then_some(byte[0]))
}

/// Two hexadecimal digits per byte.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of hexadecimal digits.
pub(super) fn unhex(digits: &[u8]) -> Result<Vec<u8>> {
    if !digits.len().is_multiple_of(2) {
        bail!("an odd number of digits: {}", String::from_utf8_lossy(digits));
    }
    let byte = |pair: &[u8]| {
        let text = std::str::from_utf8(pair)?;
        u8::from_str_radix(text, 16).with_context(|| format!("no hexadecimal digits: {text}"))
    };
    digits.chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    /// What arrives, and a place for what is sent.
    struct Line(Cursor<Vec<u8>>, Vec<u8>);

    impl Read for Line {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.0.read(buffer)
        }
    }

    impl Write for Line {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.1.extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn line(text: &[u8]) -> Line {
        Line(Cursor::new(text.to_vec()), Vec::new())
    }

    #[test]
    fn a_known_packet() {
        assert_eq!(encode(b"OK"), b"$OK#9a");
        assert_eq!(encode(b"p40"), b"$p40#d4");
    }

    #[test]
    fn every_payload_comes_back() {
        let payload: Vec<u8> = (0..=255).collect();
        let mut line = line(&encode(&payload));
        assert_eq!(receive(&mut line).unwrap().unwrap(), payload);
        assert_eq!(line.1, b"+");
    }

    #[test]
    fn run_lengths_are_undone() {
        assert_eq!(decode(b"0* x").unwrap(), b"0000x");
        assert!(decode(b"*!").is_err());
        assert!(decode(b"a}").is_err());
    }

    #[test]
    fn acknowledgements_are_passed_over_and_faults_told() {
        assert_eq!(receive(&mut line(b"++$OK#9a")).unwrap().unwrap(), b"OK");
        assert!(receive(&mut line(b"$OK#9b")).unwrap_err().to_string().contains("9a"));
        assert!(receive(&mut line(b"-")).is_err());
        assert_eq!(receive(&mut line(b"")).unwrap(), None);
        assert_eq!(receive(&mut line(b"$OK")).unwrap(), None);
    }

    #[test]
    fn digits() {
        assert_eq!(unhex(b"0aff").unwrap(), [10, 255]);
        assert_eq!(hex(&[10, 255]), "0aff");
        assert!(unhex(b"0").is_err() && unhex(b"0g").is_err());
    }
}
