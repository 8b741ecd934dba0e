//! The values of a claim's terms in results files: paired ratios, medians, counts of objects, slopes over sizes, each with
//! its interval and with the cells that it came from.

use std::collections::BTreeMap;

use super::rule::{Kind, Term};
use crate::model::Kind as ArmKind;
use crate::model::Unit;
use crate::results::derive::is_whole;
use crate::results::query::{floor_of, values_of};
use crate::results::schema::{ArmInfo, Cell, Interval, Run, Status};
use crate::stats::median_interval;
use crate::stats::noise::noise_floor;
use crate::stats::paired::{by_block, compare, pair};
use crate::stats::slope::fit;
use crate::units::parse_bytes;

/// A results file with its name.
pub type Named<'a> = (String, &'a Run);

/// One term for one pair of arms (or one arm).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Value {
    /// Name of the term: "start".
    pub term: String,
    pub metric: String,
    /// Which of the files, by index.
    pub run: usize,
    pub arm: String,
    /// Empty where nothing is divided.
    pub base: String,
    /// "boot/container", and the base's.
    pub cells: Vec<String>,
    pub found: Interval,
    /// None: the number is a ratio.
    pub unit: Option<Unit>,
    /// Relative noise floor of a ratio, where the run has one.
    pub floor: Option<f64>,
    /// Smallest and largest single sample; of counts.
    pub lowest: f64,
    pub highest: f64,
}

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

/// Measured cells of a group, with a column of this metric; those that weigh one size of a machine only where asked for.
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
            let pairs = pair(&values_of(base, &term.metric), &values_of(arm, &term.metric));
            let Some(ratio) = compare(&pairs).and_then(|c| c.ratio) else { continue };
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
    cells(run, term, &term.arm)
        .filter_map(|cell| of_blocks(cell, by_block(&values_of(cell, &term.metric)), unit))
        .collect()
}

/// How many objects of a kind each instance has; 0 where a sample lists none of them.
fn objects(term: &Term, run: &Run) -> Vec<Value> {
    let of_cell = |cell: &Cell| {
        let count = |parts: &Vec<crate::model::Part>| -> f64 {
            parts.iter().filter(|p| p.what.starts_with(&term.metric)).map(|p| p.amount as f64).sum()
        };
        let listed = cell.columns.parts.iter().zip(&cell.columns.block).filter(|(parts, _)| !parts.is_empty());
        let blocks: BTreeMap<u32, f64> = listed.map(|(parts, block)| (*block, count(parts))).collect();
        of_blocks(cell, blocks, Some(Unit::Count))
    };
    cells(run, term, &term.arm).filter_map(of_cell).collect()
}

fn of_blocks(cell: &Cell, blocks: BTreeMap<u32, f64>, unit: Option<Unit>) -> Option<Value> {
    let values: Vec<f64> = blocks.into_values().collect();
    Some(Value {
        arm: cell.arm.clone(),
        cells: vec![cell.id.clone()],
        found: median_interval(&values)?,
        unit,
        lowest: values.iter().copied().fold(f64::INFINITY, f64::min),
        highest: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        ..Value::default()
    })
}

/// Per block one slope: points that differ only in `along` lie on one line, and all lines share their slope.
fn slopes(term: &Term, run: &Run) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::new();
    for arm in run.header.arms.iter().filter(|arm| is_of(&term.arm, arm)) {
        let sized: Vec<&Cell> = cells(run, term, &arm.id)
            .filter(|c| c.case.contains_key(&term.along) && c.case.contains_key("prealloc") == term.prealloc)
            .collect();
        let mut points: BTreeMap<u32, Vec<Point>> = BTreeMap::new();
        for cell in &sized {
            let Ok(x) = parse_bytes(&cell.case[&term.along]) else { continue };
            let mut others = cell.case.clone();
            others.remove(&term.along);
            for (block, y) in by_block(&values_of(cell, &term.metric)) {
                points.entry(block).or_default().push(Point { group: format!("{others:?}"), x: x as f64, y });
            }
        }
        let per_block: Vec<f64> = points.into_values().filter_map(|p| common_slope(&p)).collect();
        let Some(middle) = median_interval(&per_block) else { continue };
        found.push(Value {
            arm: arm.id.clone(),
            cells: sized.iter().map(|c| c.id.clone()).collect(),
            found: middle,
            unit: Some(Unit::BytesPerByte),
            ..Value::default()
        });
    }
    found
}

struct Point {
    group: String,
    x: f64,
    y: f64,
}

/// Each group is moved so that its means are 0; then one line fits them all. Groups of one point say nothing.
fn common_slope(points: &[Point]) -> Option<f64> {
    let mut groups: BTreeMap<&str, Vec<(f64, f64)>> = BTreeMap::new();
    for p in points {
        groups.entry(&p.group).or_default().push((p.x, p.y));
    }
    let mut centred = Vec::new();
    for group in groups.into_values().filter(|g| g.len() > 1) {
        let n = group.len() as f64;
        let (x, y) = (group.iter().map(|p| p.0).sum::<f64>() / n, group.iter().map(|p| p.1).sum::<f64>() / n);
        centred.extend(group.into_iter().map(|p| (p.0 - x, p.1 - y)));
    }
    fit(&centred).map(|line| line.slope)
}

/// What two equal arms differ by, in one cell and metric; computed from the samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Floor {
    pub cell: String,
    pub sha256: String,
    pub metric: String,
    pub relative: f64,
}

/// Of the metrics that the closing table shows; none of a run in which one arm came after the other.
pub fn floors(run: &Run, experiment: &str) -> Vec<Floor> {
    let headline = run.header.metrics.iter().filter(|m| m.experiment == experiment && m.headline);
    let twins = run.cells.iter().filter(|c| c.experiment == experiment && c.arm.ends_with("#2"));
    let mut found = Vec::new();
    for (twin, metric) in twins.flat_map(|twin| headline.clone().map(move |m| (twin, &m.id))) {
        let is_first =
            |c: &&Cell| c.experiment == experiment && c.case == twin.case && twin.arm == format!("{}#2", c.arm);
        let Some(first) = run.cells.iter().find(is_first).filter(|_| run.header.plan.order != "sequential") else {
            continue;
        };
        if let Some(floor) = noise_floor(&pair(&values_of(first, metric), &values_of(twin, metric))) {
            found.push(Floor {
                cell: first.id.clone(),
                sha256: first.hash.clone(),
                metric: metric.clone(),
                relative: floor.relative,
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_share_their_slope_and_keep_their_heights() {
        let point = |group: &str, x: f64, y: f64| Point { group: group.into(), x, y };
        let points = [point("a", 0.0, 5.0), point("a", 8.0, 13.0), point("b", 0.0, 100.0), point("b", 8.0, 108.0)];
        assert!((common_slope(&points).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(common_slope(&[point("a", 0.0, 1.0), point("b", 8.0, 9.0)]), None, "nothing differs in x alone");
    }

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
            limited_ko: None,
            limited_fix_ko: None,
        };
        assert!(is_of("container", &arm("container-rootless", "container-rootless")));
        assert!(!is_of("container", &arm("container:-net", "container")));
        assert!(!is_of("container", &arm("containerd", "containerd")));
        assert!(!is_of("process", &arm("process#2", "process")));
        assert!(is_of("vm", &arm("firecracker", "firecracker")) && is_of("vm", &arm("vm-bare", "vm-bare")));
        assert!(is_of("container:-seccomp", &arm("container:-seccomp", "container")));
    }
}
