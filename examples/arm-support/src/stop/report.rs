// SPDX-License-Identifier: MIT OR Apache-2.0
//! Records for the tool: one line per core and round.

use crate::{MAX_CPUS, println};
use hal_smp_api::cpus::CpuSet;
use hal_smp_api::evidence::{Confirmed, PenKind};
use hal_smp_api::ladder::Signal;
use hal_smp_api::stop::CoreReport;

/// What became of each core.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reports(pub(super) [Option<CoreReport>; MAX_CPUS]);

impl Reports {
    pub(super) fn of(reports: impl Iterator<Item = CoreReport>) -> Self {
        let mut all = [None; MAX_CPUS];
        for report in reports {
            all[report.cpu.index()] = Some(report);
        }
        Self(all)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = CoreReport> + '_ {
        self.0.iter().flatten().copied()
    }

    /// Cores in our pen.
    pub(super) fn parked(&self) -> CpuSet {
        let ours = |report: &CoreReport| matches!(report.outcome, Ok(Confirmed::Parked(p)) if p.pen() == PenKind::Ours);
        self.iter().filter(ours).map(|report| report.cpu).collect()
    }

    /// Cores that are off.
    pub(super) fn off(&self) -> CpuSet {
        let off = |report: &CoreReport| matches!(report.outcome, Ok(Confirmed::Off(_)));
        self.iter().filter(off).map(|report| report.cpu).collect()
    }

    /// Prints the records.
    pub(super) fn print(&self, round: u32, released: CpuSet, frequency: u32, fault: Option<&str>) {
        for report in self.iter() {
            let evidence = match report.outcome {
                Ok(Confirmed::Parked(_)) => "parked",
                Ok(Confirmed::Off(_)) => "off",
                Err(_) => "none",
            };
            let micros = u128::from(report.latency) * 1_000_000 / u128::from(frequency);
            crate::print!("@ stop round={round} cpu={} ", report.cpu.index());
            crate::print!("rung={} evidence={evidence} ", report.signal.map_or("null", Signal::name));
            crate::print!("latency_us={micros} released={}", released.contains(report.cpu));
            if let Err(failure) = report.outcome {
                crate::print!(" failure=\"{failure}\"");
            }
            println!(" fault={}", fault.unwrap_or("null"));
        }
    }
}
