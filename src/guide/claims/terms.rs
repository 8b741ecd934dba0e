//! The values of a claim's terms in results files: paired ratios, medians, counts of objects, slopes over sizes, each with
//! its interval and with the cells that it came from.

use super::rule::{Kind, Term};
use super::value::Value;
use crate::id::CellId;
use crate::model::Kind as ArmKind;
use crate::model::Unit;
use crate::results::derive::lines::per_byte;
use crate::results::derive::spread::Extent;
use crate::results::derive::{Twins, compared, is_whole, twins};
use crate::results::query::floor_of;
use crate::results::schema::{ArmInfo, Cell, Run, Status};

/// A results file with its name.
pub type Named<'a> = (String, &'a Run);

/// All values of a term: from the first file that has any.
pub(in crate::guide) fn values(name: &str, term: &Term, runs: &[Named]) -> Vec<Value> {
    let other = term.or.as_ref().map(|or| Term { metric: or.clone(), ..term.clone() });
    for term in [Some(term), other.as_ref()].into_iter().flatten() {
        for (i, (_, run)) in runs.iter().enumerate() {
            let mut found = in_run(term, run);
            found.iter_mut().for_each(|v| (v.term, v.metric, v.run) = (name.to_owned(), term.metric.clone(), i));
            if !found.is_empty() {
                return found;
            }
        }
    }
    Vec::new()
}

fn in_run(term: &Term, run: &Run) -> Vec<Value> {
    if run.header.plan.order == "sequential" {
        return Vec::new(); // what drifted is charged to one arm: nothing may be said of arms
    }
    match term.kind {
        Kind::Ratio => ratios(term, run),
        Kind::Value => medians(term, run),
        Kind::Objects => objects(term, run),
        Kind::Slope => slopes(term, run),
    }
}

/// Is this arm one of a group? Only arms as they are by default, never the A/A twin.
pub(super) fn is_of(group: &str, arm: &ArmInfo) -> bool {
    let plain = arm.id == arm.environment;
    let kind = arm.kind();
    match group {
        "container" => plain && kind == ArmKind::Container,
        "vm" => plain && kind == ArmKind::Machine,
        "engine" => plain && kind == ArmKind::Engine,
        _ => arm.id == group,
    }
}

/// Measured cells of a group, with a column of this metric; those that measure one size of a machine only where asked for.
fn cells<'a>(run: &'a Run, term: &'a Term, group: &'a str) -> impl Iterator<Item = &'a Cell> {
    let arms = run.header.arms.iter().filter(move |arm| is_of(group, arm));
    arms.flat_map(move |arm| run.cells.iter().filter(move |c| c.arm == arm.id))
        .filter(move |c| c.experiment == term.experiment && c.status == Status::Measured)
        .filter(move |c| term.kind == Kind::Objects || c.columns.values.contains_key(&term.metric))
}

fn unit_of(run: &Run, term: &Term) -> Option<Unit> {
    run.header.metrics.iter().find(|m| m.experiment == term.experiment && m.id == term.metric).map(|m| m.unit)
}

fn ratios(term: &Term, run: &Run) -> Vec<Value> {
    let mut found = Vec::new();
    for arm in cells(run, term, &term.arm) {
        for base in cells(run, term, &term.base).filter(|base| base.case == arm.case) {
            if !is_whole(arm, &term.metric) || !is_whole(base, &term.metric) {
                continue; // without the kernel's part nothing may be said of the two
            }
            let Some(ratio) = compared(base, arm, &term.metric).and_then(|c| c.ratio) else { continue };
            found.push(Value {
                arm: arm.arm.clone(),
                base: base.arm.clone(),
                cells: vec![arm.id.clone(), base.id.clone()],
                found: ratio,
                floor: floor_of(&run.noise, &term.experiment, &term.metric),
                ..Value::default()
            });
        }
    }
    found
}

fn medians(term: &Term, run: &Run) -> Vec<Value> {
    let unit = unit_of(run, term);
    let of_cell = |cell| Some(of_extent(cell, Extent::of_metric(cell, &term.metric)?, unit));
    cells(run, term, &term.arm).filter_map(of_cell).collect()
}

/// How many objects of a kind each instance has.
fn objects(term: &Term, run: &Run) -> Vec<Value> {
    let of_cell = |cell| Some(of_extent(cell, Extent::of_objects(cell, &term.metric)?, Some(Unit::Count)));
    cells(run, term, &term.arm).filter_map(of_cell).collect()
}

fn of_extent(cell: &Cell, extent: Extent, unit: Option<Unit>) -> Value {
    Value {
        arm: cell.arm.clone(),
        cells: vec![cell.id.clone()],
        found: extent.found.interval,
        unit,
        lowest: extent.lowest,
        highest: extent.highest,
        ..Value::default()
    }
}

/// Points that differ only in `along` lie on one line, and all lines share their slope.
fn slopes(term: &Term, run: &Run) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::new();
    for arm in run.header.arms.iter().filter(|arm| is_of(&term.arm, arm)) {
        let sized: Vec<&Cell> = cells(run, term, &arm.id)
            .filter(|c| c.case.contains_key(&term.along) && c.case.contains_key("prealloc") == term.prealloc)
            .collect();
        let Some(middle) = per_byte(&sized, &term.along, &term.metric) else { continue };
        found.push(Value {
            arm: arm.id.clone(),
            cells: sized.iter().map(|c| c.id.clone()).collect(),
            found: middle.interval,
            unit: Some(Unit::BytesPerByte),
            ..Value::default()
        });
    }
    found
}

/// What two equal arms differ by, in one cell and metric; computed from the samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Floor {
    pub cell: CellId,
    pub sha256: String,
    pub metric: String,
    pub relative: f64,
}

/// Of the metrics that the closing table shows; none of a run in which one arm came after the other.
pub fn floors(run: &Run, experiment: &str) -> Vec<Floor> {
    let headline = run.header.metrics.iter().filter(|m| m.experiment == experiment && m.headline);
    let in_blocks = run.header.plan.order != "sequential";
    let twins = twins(&run.cells).filter(|twins| twins.first.experiment == experiment && in_blocks);
    let floor = |(twins, metric): (Twins<'_>, &String)| {
        Some(Floor {
            cell: twins.first.id.clone(),
            sha256: twins.first.hash.clone(),
            metric: metric.clone(),
            relative: twins.floor(metric)?,
        })
    };
    twins.flat_map(|twins| headline.clone().map(move |m| (twins, &m.id))).filter_map(floor).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_hold_arms_as_they_are() {
        let arm = |id: &str, environment: &str| ArmInfo {
            id: id.into(),
            environment: environment.into(),
            name: String::new(),
            channel: String::new(),
            t0: String::new(),
            backend: None,
            limited: None,
            limited_fix: None,
            kind: None,
            answered_by: None,
            reach: None,
            guest_kernel: None,
            limited_ko: None,
            limited_fix_ko: None,
            name_ko: None,
            t0_ko: None,
        };
        assert!(is_of("container", &arm("container-rootless", "container-rootless")));
        assert!(!is_of("container", &arm("container:-net", "container")));
        assert!(!is_of("container", &arm("containerd", "containerd")));
        assert!(!is_of("process", &arm("process#2", "process")));
        assert!(is_of("vm", &arm("firecracker", "firecracker")) && is_of("vm", &arm("vm-bare", "vm-bare")));
        assert!(is_of("container:-seccomp", &arm("container:-seccomp", "container")));
    }
}
