// SPDX-License-Identifier: MIT OR Apache-2.0
//! Starts an image the way a real board does: from the distribution's unmodified U-Boot.
//!
//! QEMU puts the `-kernel` file into memory and tells the firmware about it in the device tree; U-Boot's own boot
//! command then does `bootm` on it, with the device tree, after its time-out for a key. So nothing is typed. The file is
//! a U-Boot "legacy" image: a header of 64 bytes (`include/image.h` describes it) before the flat bytes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::boards::Config;
use crate::build;
use crate::elf::Elf;
use crate::outcome::unusable;
use crate::programs::Program;
use crate::qemu::session::{self, Transcript};
use crate::qemu::{Boot, Launch};

/// Firmware of each board for which a distribution has one.
const FIRMWARE: [(&str, &str); 1] = [("ppce500", "/usr/lib/u-boot/qemu-ppce500/uboot.elf")];

/// Time that U-Boot needs beyond the program's own.
const EXTRA: Duration = Duration::from_secs(60);

/// The last line that U-Boot prints before it jumps.
const LAST_LINE: &str = "Working FDT set to";

/// The firmware for a board, whether it is installed or not.
pub(crate) fn firmware(board: &str) -> Option<&'static Path> {
    FIRMWARE.iter().find(|(name, _)| *name == board).map(|(_, path)| Path::new(*path))
}

/// Builds a program, boots it through U-Boot and sees it to its end; the transcript begins after U-Boot.
pub(crate) fn run(config: &Config, program: &Program) -> Result<Transcript> {
    let firmware = firmware(config.machine_name()).filter(|path| path.exists());
    let firmware = firmware.ok_or_else(|| unusable("no U-Boot for this board; cargo xtask setup brings it"))?;
    let image = build::image(program.package, config.target, &program.name)?;
    let folder = tempfile::tempdir().context("a folder for the image")?;
    let file = folder.path().join("image.uimage");
    std::fs::write(&file, legacy_image(&Elf::read(&image)?)?)?;
    let launch = Launch::new(*config, Boot::Options)
        .smp(program.wishes.smp)
        .options(
            [PathBuf::from("-bios"), firmware.into(), "-kernel".into(), file.clone()]
                .map(|word| word.display().to_string()),
        )
        .options(program.wishes.args.iter().cloned());
    let limit = Duration::from_secs(program.wishes.timeout.into()) + EXTRA;
    let mut transcript = session::run(&launch, limit, program.wishes.qtest, &mut |_| {})?;
    if let Some(last) = transcript.lines.iter().rposition(|line| line.starts_with(LAST_LINE)) {
        transcript.lines.drain(..=last);
    }
    Ok(transcript)
}

/// The header and the flat bytes.
fn legacy_image(elf: &Elf) -> Result<Vec<u8>> {
    let (load, bytes) = elf.flat()?;
    let mut header = Vec::with_capacity(64);
    let words = [
        0x2705_1956, // magic
        0,           // checksum of the header, with this word 0
        0,           // time of creation
        u32::try_from(bytes.len())?,
        u32::try_from(load)?,
        u32::try_from(elf.entry())?,
        crc32(&bytes),
    ];
    words.iter().for_each(|word: &u32| header.extend(word.to_be_bytes()));
    // Operating system Linux, whose register state we use; PowerPC; kernel; not compressed.
    header.extend([5, 7, 2, 0]);
    header.resize(64, 0);
    header[32..35].copy_from_slice(b"hal");
    let sum = crc32(&header);
    header[4..8].copy_from_slice(&sum.to_be_bytes());
    header.extend(bytes);
    Ok(header)
}

/// CRC-32 of IEEE 802.3, least significant bit first.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| {
        if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 }
    };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_usual_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn an_image_has_the_header_that_u_boot_checks() {
        let elf = Elf::read(&std::env::current_exe().unwrap()).unwrap();
        // A position-independent host program lies at address 0, which fits the header.
        let image = legacy_image(&elf).unwrap();
        assert_eq!(image[..4], 0x2705_1956_u32.to_be_bytes());
        let mut header = image[..64].to_vec();
        header[4..8].fill(0);
        assert_eq!(image[4..8], crc32(&header).to_be_bytes());
        assert_eq!(image[24..28], crc32(&image[64..]).to_be_bytes());
    }
}
