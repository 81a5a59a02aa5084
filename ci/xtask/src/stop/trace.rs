// SPDX-License-Identifier: MIT OR Apache-2.0
//! The witness outside the guest: the emulator's own execution trace.
//!
//! `-d exec,nochain -dfilter RANGE` makes the emulator write `Trace <cpu>: …` for every block that a core begins to
//! execute in a range, before it executes it. From the moment the requester enters the mover until a core's release no
//! such line may name that core in the image. The program tells where the image, the mover and the marks are
//! (`@ restart-map`); the marks are calls of empty functions, one for each core.
//!
//! The trace grows by tens of megabytes a second, so it goes through a pipe and is judged as it comes.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::records::Record;

/// Most violations that are told in full.
const TOLD: usize = 8;

/// Where things are in the guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Map {
    /// The image that is overwritten.
    image: Range<u64>,
    /// First instruction of the mover: from here on the image is gone.
    overwrite: u64,
    /// The mark that is called just before core 0 is released; those of the others follow.
    release: u64,
    /// Bytes from one core's mark to the next.
    step: u64,
    /// The pen's code.
    pen: Range<u64>,
}

impl Map {
    /// A map for an image into which nobody is released any more.
    pub(crate) fn for_good(image: Range<u64>, overwrite: u64) -> Self {
        let nowhere = image.end;
        Self { image, overwrite, release: nowhere, step: 1, pen: nowhere..nowhere }
    }

    /// From `@ restart-map image=0x… end=0x… overwrite=0x… release=0x… step=0x… pen=0x… pen-end=0x…`.
    pub(crate) fn of(record: &Record) -> Option<Self> {
        let number = |key| u64::from_str_radix(record.get(key).trim_start_matches("0x"), 16).ok();
        Some(Self {
            image: number("image")?..number("end")?,
            overwrite: number("overwrite")?,
            release: number("release")?,
            step: number("step").filter(|step| *step > 0)?,
            pen: number("pen")?..number("pen-end")?,
        })
    }

    /// The mark of core 0, which encloses the stop too.
    pub(super) const fn first_mark(&self) -> u64 {
        self.release
    }

    /// Whether that is the pen's code.
    pub(super) fn in_pen(&self, pc: u64) -> bool {
        self.pen.contains(&pc)
    }

    /// The core whose mark is at that address.
    fn released(&self, pc: u64) -> Option<usize> {
        let place = pc.checked_sub(self.release)?;
        place.is_multiple_of(self.step).then_some((place / self.step) as usize)
    }

    /// The emulator's options for a trace into `pipe`; of the pen too, if asked.
    pub(crate) fn options(&self, pipe: &Path, pen: bool) -> Vec<String> {
        let whole = |range: &Range<u64>| format!("{:#x}+{:#x}", range.start, range.end - range.start);
        let mut ranges = format!("{},{:#x}+0x4", whole(&self.image), self.overwrite);
        if pen {
            ranges.push_str(&format!(",{}", whole(&self.pen)));
        }
        ["-d", "exec,nochain", "-dfilter", &ranges, "-D", &pipe.display().to_string()].map(String::from).into()
    }
}

/// Who looks at a trace.
pub(crate) trait Watch: Send + 'static {
    /// A core begins a block at that address.
    fn see(&mut self, cpu: usize, pc: u64);

    /// Whether more would not change the judgement.
    fn is_settled(&self) -> bool {
        false
    }
}

/// The core and the address of a trace line.
fn parse(line: &str) -> Option<(usize, u64)> {
    let (cpu, rest) = line.strip_prefix("Trace ")?.split_once(':')?;
    // [cs_base/pc/flags/cflags]
    let pc = rest.split_once('[')?.1.split('/').nth(1)?;
    Some((cpu.trim().parse().ok()?, u64::from_str_radix(pc, 16).ok()?))
}

/// What the oracle knows of a core.
#[derive(Clone, Copy, Debug, Default)]
struct Core {
    /// Confirmed and not released: it must not be seen in the image.
    banned: bool,
    /// Seen in the image since it was last free to be there.
    seen: bool,
}

/// Judges the trace line by line.
#[derive(Debug)]
pub(crate) struct Oracle {
    map: Map,
    cores: Vec<Core>,
    /// Overwrites seen.
    pub(crate) overwrites: usize,
    /// Blocks that a core began in the image although it was gone.
    pub(crate) strays: usize,
    /// The first of them, and what makes the trace itself doubtful.
    pub(crate) wrong: Vec<String>,
}

impl Oracle {
    pub(crate) fn new(map: Map, cores: u32) -> Self {
        Self { map, cores: vec![Core::default(); cores as usize], overwrites: 0, strays: 0, wrong: Vec::new() }
    }

    /// The overwrite begins: only `requester` may still be there. A core that was free and never seen would mean that the
    /// trace does not see it.
    fn begin(&mut self, requester: usize) {
        self.overwrites += 1;
        for (cpu, core) in self.cores.iter_mut().enumerate() {
            if !core.seen && !core.banned {
                self.wrong.push(format!("overwrite {}: cpu{cpu} was never seen in the image before", self.overwrites));
            }
            *core = Core { banned: cpu != requester, seen: false };
        }
    }
}

impl Watch for Oracle {
    fn see(&mut self, cpu: usize, pc: u64) {
        if cpu >= self.cores.len() {
            return;
        }
        if pc == self.map.overwrite {
            self.begin(cpu);
        } else if self.map.image.contains(&pc) {
            self.cores[cpu].seen = true;
            if self.cores[cpu].banned {
                self.strays += 1;
                if self.strays <= TOLD {
                    self.wrong.push(format!("overwrite {}: cpu{cpu} executes {pc:#x}", self.overwrites));
                }
            } else if let Some(released) = self.map.released(pc)
                && let Some(core) = self.cores.get_mut(released)
            {
                core.banned = false;
            }
        }
    }

    /// One stray is one too many.
    fn is_settled(&self) -> bool {
        self.strays > 0
    }
}

/// A trace that is being read.
#[derive(Debug)]
pub(crate) struct Reading<W> {
    pipe: PathBuf,
    thread: JoinHandle<Result<W>>,
    settled: Arc<AtomicBool>,
    _folder: tempfile::TempDir,
}

impl<W: Watch> Reading<W> {
    /// Makes the pipe and reads from it in the background; lines that are no trace are skipped.
    pub(crate) fn start(mut watch: W) -> Result<Self> {
        let folder = tempfile::tempdir().context("a folder for the trace")?;
        let pipe = folder.path().join("trace");
        let made = Command::new("mkfifo").arg(&pipe).status().context("mkfifo")?;
        ensure!(made.success(), "mkfifo {} failed", pipe.display());
        let path = pipe.clone();
        let settled = Arc::new(AtomicBool::new(false));
        let tell = Arc::clone(&settled);
        let thread = std::thread::spawn(move || {
            // Waits for the writer.
            let mut reader = BufReader::with_capacity(1 << 20, File::open(&path).context("the trace")?);
            let mut bytes = Vec::new();
            while reader.read_until(b'\n', &mut bytes)? > 0 {
                if let Some((cpu, pc)) = parse(&String::from_utf8_lossy(&bytes)) {
                    watch.see(cpu, pc);
                    if watch.is_settled() {
                        tell.store(true, Ordering::Relaxed);
                    }
                }
                bytes.clear();
            }
            Ok(watch)
        });
        Ok(Self { pipe, thread, settled, _folder: folder })
    }

    /// Where the emulator is to write.
    pub(crate) fn pipe(&self) -> &Path {
        &self.pipe
    }

    /// Set when the judgement is settled.
    pub(crate) fn settled(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.settled)
    }

    /// Who looked, when the emulator has ended.
    pub(crate) fn finish(self) -> Result<W> {
        // If the emulator never opened the pipe, a writer that comes and goes ends the wait for one.
        while !self.thread.is_finished() {
            drop(OpenOptions::new().read(true).write(true).open(&self.pipe));
            std::thread::sleep(Duration::from_millis(2));
        }
        self.thread.join().map_err(|_| anyhow::anyhow!("the reader of the trace ended early"))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn map() -> Map {
        let line = "@ restart-map image=0x60010000 end=0x60020000 overwrite=0x48004000 release=0x60011000 step=0x4 \
            pen=0x48010000 pen-end=0x48010400";
        Map::of(&Record::parse(line).unwrap()).unwrap()
    }

    fn at(cpu: usize, pc: u64) -> String {
        format!("Trace {cpu}: 0x7f8a4c000100 [00000000/{pc:08x}/00000110/ff000000] arm_support_irq\n")
    }

    fn judge(lines: &[(usize, u64)]) -> Oracle {
        let mut oracle = Oracle::new(map(), 2);
        lines.iter().for_each(|(cpu, pc)| oracle.see(*cpu, *pc));
        oracle
    }

    const IN: u64 = 0x6001_0040;
    const OVERWRITE: (usize, u64) = (0, 0x4800_4000);
    const RELEASE_1: (usize, u64) = (0, 0x6001_1004);

    #[test]
    fn lines_of_both_word_sizes() {
        assert_eq!(parse(&at(1, IN)), Some((1, IN)));
        let wide = "Trace 3: 0x7f1e28000a40 [00000000/0000000040010004/00004b00/ff000001] _start";
        assert_eq!(parse(wide), Some((3, 0x4001_0004)));
        assert_eq!(parse("Stopped execution of TB chain before 0x7f [00000000/60010000]"), None);
        assert_eq!(parse("Trace x"), None);
    }

    #[test]
    fn a_core_that_stays_away_until_its_release_is_well() {
        let good = judge(&[(0, IN), (1, IN), OVERWRITE, (0, IN), RELEASE_1, (1, IN), OVERWRITE]);
        assert_eq!((good.overwrites, good.strays, good.wrong.len()), (2, 0, 0), "{:?}", good.wrong);
    }

    #[test]
    fn a_core_in_the_image_after_the_overwrite_began_is_caught() {
        let stray = judge(&[(0, IN), (1, IN), OVERWRITE, (1, IN + 4), RELEASE_1]);
        assert_eq!((stray.strays, stray.wrong.len()), (1, 1));
        assert!(stray.wrong[0].contains("cpu1") && stray.wrong[0].contains("0x60010044"), "{:?}", stray.wrong);
        // The release of another core is not its own.
        let other = judge(&[(0, IN), (1, IN), OVERWRITE, (0, 0x6001_1000), (1, IN)]);
        assert_eq!(other.strays, 1);
    }

    #[test]
    fn a_trace_that_does_not_see_a_core_is_no_proof() {
        let blind = judge(&[(0, IN), OVERWRITE]);
        assert!(blind.wrong[0].contains("cpu1 was never seen"), "{:?}", blind.wrong);
    }

    #[test]
    fn the_ranges_cover_image_mover_and_pen() {
        let options = map().options(Path::new("/p"), true);
        assert_eq!(options[3], "0x60010000+0x10000,0x48004000+0x4,0x48010000+0x400");
    }

    #[test]
    fn the_pipe_is_read_to_its_end_and_an_unused_one_ends() {
        let reading = Reading::start(Oracle::new(map(), 2)).unwrap();
        let mut writer = OpenOptions::new().write(true).open(reading.pipe()).unwrap();
        for (cpu, pc) in [(0, IN), (1, IN), OVERWRITE, (1, IN)] {
            writer.write_all(at(cpu, pc).as_bytes()).unwrap();
        }
        drop(writer);
        let settled = reading.settled();
        assert_eq!(reading.finish().unwrap().strays, 1);
        assert!(settled.load(Ordering::Relaxed));
        assert_eq!(Reading::start(Oracle::new(map(), 2)).unwrap().finish().unwrap().overwrites, 0);
    }
}
