//! The instances of one cell: they grow in number, are measured from outside, and end together.

use std::collections::BTreeMap;

use super::points::{Point, UserMemory, at_each_count, bytes_of_daemons, one_size, slopes};
use crate::bench::charged_cgroup::ChargedCgroup;
use crate::bench::{HeldInstance, Start, Workers, Workload};
use crate::environments::Arm;
use crate::error::{Error, Result};
use crate::experiments::CellPlan;
use crate::lang::Said;
use crate::model::{Kind, Part};
use crate::results::schema::Sample;
use crate::said;
use crate::units::parse_bytes;

const MOST_INSTANCES: u64 = 512;

/// One cell while it is being measured.
pub(super) struct InstanceSet {
    arm: Arm,
    work: Workload,
    start: Start,
    counts: Vec<u64>,
    held: Vec<HeldInstance>,
    measured: Option<ChargedCgroup>,
    points: Vec<Point>,
    /// As they were measured last.
    daemons: Vec<Part>,
    failed: Option<Error>,
    one_of_a_size: bool,
}

impl InstanceSet {
    pub(super) fn new(cell: &CellPlan, work: Workload, workers: &mut Workers) -> Result<InstanceSet> {
        let arm = cell.case.get("configured").map_or_else(|| Ok(cell.arm.clone()), |ram| sized(cell, ram))?;
        let counts = cell.case.get("n").map_or(Ok(vec![1]), |n| counts(n))?;
        let name = format!("memory-{}", workers.nonces.rand_u64() % 1_000_000);
        let measured = ChargedCgroup::create(&workers.run, &name)?;
        let start = Start {
            join: measured.iter().map(ChargedCgroup::join_file).collect(),
            cgroup_root: measured.as_ref().map(|m| m.folder().to_owned()),
            footprint: false,
        };
        let one_of_a_size = cell.case.contains_key("configured");
        Ok(InstanceSet {
            arm,
            work,
            start,
            counts,
            held: Vec::new(),
            measured,
            points: Vec::new(),
            daemons: Vec::new(),
            failed: None,
            one_of_a_size,
        })
    }

    /// How often it grows.
    pub(super) fn steps(&self) -> usize {
        self.counts.len()
    }

    /// Starts instances until there are as many as this step wants. Only a signal ends the block; a failure, the cell.
    pub(super) fn grow(&mut self, step: usize, workers: &mut Workers) -> Result<()> {
        let Some(wanted) = self.counts.get(step) else { return Ok(()) };
        while self.failed.is_none() && (self.held.len() as u64) < *wanted {
            let held = if self.by_worker() {
                workers.hold(&self.arm, &self.work, &self.start)
            } else {
                workers.detach(&self.arm, &self.work, &self.start)
            };
            match held {
                Ok(held) => self.held.push(held),
                Err(error) if error.is_signal() => return Err(error),
                Err(error) => self.failed = Some(error),
            }
        }
        Ok(())
    }

    /// A virtual machine's monitor has to stay, and a script has nothing that it could leave; a container's payload does
    /// without us.
    fn by_worker(&self) -> bool {
        let about = self.arm.env.about();
        about.kind == Kind::Machine || about.is_scripted()
    }

    pub(super) fn measure(&mut self, step: usize) {
        if self.failed.is_some() || step >= self.counts.len() {
            return;
        }
        let mut sum = UserMemory::default();
        for held in &self.held {
            match self.arm.env.memory(&self.arm.knobs, held.handle()) {
                Ok(parts) => sum.add(&parts),
                Err(error) => self.failed = Some(error),
            }
        }
        match self.arm.env.daemons(&self.arm.knobs) {
            Ok(parts) => self.daemons = parts,
            Err(error) => self.failed = Some(error),
        }
        let kernel = self.measured.as_ref().and_then(ChargedCgroup::kernel_bytes);
        let charged = self.measured.as_ref().and_then(ChargedCgroup::charged_bytes);
        let daemon = bytes_of_daemons(&self.daemons);
        self.points.push(Point { n: self.held.len() as f64, user: sum, kernel, charged, daemon });
    }

    pub(super) fn finish(mut self, workers: &Workers) -> Result<Sample> {
        for held in std::mem::take(&mut self.held) {
            let ended = held.end(workers.interrupt, &self.work);
            self.failed = self.failed.or(ended.err());
        }
        if let Some(error) = self.failed {
            return Err(error);
        }
        let guest = self.arm.env.about().kind == Kind::Machine;
        let (values, inner) = if self.one_of_a_size {
            (one_size(&self.points, guest), BTreeMap::new())
        } else {
            (slopes(&self.points, guest), at_each_count(&self.points))
        };
        let source = self.measured.as_ref().map_or("not measured: no writable memory cgroup", ChargedCgroup::source);
        let kernel = values.get("kernel").copied().unwrap_or(0.0) as u64;
        let parts = [vec![Part::bytes("kernel", kernel, source)], self.daemons].concat();
        Ok(Sample { values, inner, parts, ..Sample::default() })
    }
}

/// The cell's arm with so much RAM; the size that it has anyway is no knob.
pub(super) fn sized(cell: &CellPlan, ram: &str) -> Result<Arm> {
    let arm = Arm { copy: 1, ..cell.arm.clone() };
    let usual = arm.env.reach(&arm.knobs).guest_ram;
    let has_it = usual.is_some_and(|usual| parse_bytes(&usual).ok() == parse_bytes(ram).ok());
    let size = if has_it { String::new() } else { format!(":ram={ram}") };
    let populate = if cell.case.contains_key("prealloc") { ":populate" } else { "" };
    Arm::parse(&format!("{arm}{size}{populate}"))
}

pub(super) fn counts(list: &str) -> Result<Vec<u64>> {
    let numbers: Vec<u64> = list.split(',').filter_map(|n| n.parse().ok()).collect();
    let fine = numbers.len() == list.split(',').count()
        && numbers.is_sorted_by(|a, b| a < b)
        && numbers.iter().all(|n| (1..=MOST_INSTANCES).contains(n));
    if fine {
        return Ok(numbers);
    }
    Err(Error::usage(
        said!("measure n={list} instances", "인스턴스 n={list}개를 잴 수 없습니다"),
        said!(
            "these are no rising numbers from 1 to {MOST_INSTANCES}",
            "1부터 {MOST_INSTANCES}까지의 커지는 수가 아님"
        ),
    )
    .try_this(Said::english("--n 1,4,16,32")))
}
