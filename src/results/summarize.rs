//! Everything in a results file that follows from its raw samples. Pure: run again, it gives the same.
//!
//! samples → cells (columns) → summaries → noise floors (equal arms) → comparisons (against the first arm) → warnings

use std::collections::BTreeMap;

use super::hash::sha256;
use super::schema::{
    Cell, Columns, Comparison, Header, Interval, NoiseFloor, Outliers, Run, SCHEMA, SampleLine, SampleOutcome,
    StageColumn, Status, Summary, Warning,
};
use super::warnings::{Facts, warnings};
use crate::error::{Error, Kind};
use crate::lang::Said;
use crate::stats::interval::MedianInterval;
use crate::stats::{drift, noise, outliers, paired};

/// Cells that were not measured, by id, and why.
pub type Skips = BTreeMap<String, Error>;

/// A cell before anything was measured in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    pub id: String,
    pub experiment: String,
    pub arm: String,
    pub case: BTreeMap<String, String>,
}

/// The whole results file.
pub fn summarize(header: Header, planned: &[Planned], skips: &Skips, samples: &[SampleLine], ended: &str) -> Run {
    let mut cells = cells_of(planned, skips, samples);
    chain(&header, &mut cells);
    conclude(Run {
        schema: SCHEMA,
        header,
        cells,
        summaries: Vec::new(),
        comparisons: Vec::new(),
        noise: Vec::new(),
        warnings: Vec::new(),
        ended: ended.into(),
        wall_seconds: 0.0,
        harness_share: 0.0,
    })
}

/// Puts in place everything that follows from the header and the cells, whatever stood there.
pub(super) fn conclude(mut run: Run) -> Run {
    let follows = follows(&run.header, &run.cells);
    (run.summaries, run.noise) = (follows.summaries, follows.noise);
    (run.comparisons, run.warnings) = (follows.comparisons, follows.warnings);
    run
}

/// Everything that follows from the header and the cells.
pub(super) struct Follows {
    pub summaries: Vec<Summary>,
    pub noise: Vec<NoiseFloor>,
    pub comparisons: Vec<Comparison>,
    pub warnings: Vec<Warning>,
}

pub(super) fn follows(header: &Header, cells: &[Cell]) -> Follows {
    let summaries: Vec<Summary> = cells.iter().flat_map(summaries_of).collect();
    let noise = noise_floors(cells);
    let comparisons = comparisons(header.plan.base.as_deref(), cells, &noise);
    let warnings = warnings(&Facts { header, cells, summaries: &summaries, noise: &noise });
    Follows { summaries, noise, comparisons, warnings }
}

/// From the header and the raw samples alone. Why a cell was skipped is not in them: it has no sample, and says so.
pub fn recover(header: Header, samples: &[SampleLine]) -> Run {
    let planned: Vec<Planned> = header.plan.cells.iter().map(|id| parse_id(id)).collect();
    summarize(header, &planned, &Skips::new(), samples, "recovered")
}

/// "memory/vm-bare{configured=64M,touch=16M}" in its parts. A list inside a value keeps its commas.
pub(super) fn parse_id(id: &str) -> Planned {
    let (name, case) = id.split_once('{').map_or((id, ""), |(name, case)| (name, case.trim_end_matches('}')));
    let (experiment, arm) = name.split_once('/').unwrap_or((name, ""));
    let mut pairs: Vec<(String, String)> = Vec::new();
    for item in case.split(',').filter(|s| !s.is_empty()) {
        match (item.split_once('='), pairs.last_mut()) {
            (Some((key, value)), _) => pairs.push((key.into(), value.into())),
            (None, Some((_, value))) => *value = format!("{value},{item}"),
            (None, None) => {}
        }
    }
    Planned { id: id.into(), experiment: experiment.into(), arm: arm.into(), case: pairs.into_iter().collect() }
}

/// Each planned cell with its samples in columns, or with the reason why it has none.
pub fn cells_of(planned: &[Planned], skips: &Skips, samples: &[SampleLine]) -> Vec<Cell> {
    planned
        .iter()
        .map(|plan| {
            let mine: Vec<&SampleLine> = samples.iter().filter(|s| s.cell == plan.id).collect();
            let columns = columns_of(&mine);
            let (status, error) = status_of(skips.get(&plan.id), &columns);
            let reason = error.as_ref().map(reason).unwrap_or_default();
            let fix = error.map(|e| e.try_this).unwrap_or_default();
            Cell {
                id: plan.id.clone(),
                experiment: plan.experiment.clone(),
                arm: plan.arm.clone(),
                case: plan.case.clone(),
                status,
                reason: reason.to_string(),
                fix: fix.to_string(),
                reason_ko: reason.korean().map(str::to_owned),
                fix_ko: fix.korean().map(str::to_owned),
                columns,
                hash: String::new(),
            }
        })
        .collect()
}

/// Why a cell cannot be is a sentence of its own; why something broke needs what was being done.
fn reason(error: &Error) -> Said {
    match error.kind {
        Kind::Failed => error.reason(),
        _ => error.cause.clone(),
    }
}

/// Measured with at least one good sample; a cell with both kinds counts as measured, and its failures stay visible.
fn status_of(skip: Option<&Error>, columns: &Columns) -> (Status, Option<Error>) {
    let failed = columns.failed.iter().flatten().next().cloned();
    match (skip, failed) {
        (Some(e), _) if e.kind == Kind::Failed => (Status::Failed, Some(e.clone())),
        (Some(e), _) => (Status::Skipped, Some(e.clone())),
        (None, failed) if columns.failed.iter().any(Option::is_none) => (Status::Measured, failed),
        (None, Some(e)) if e.kind == Kind::Unavailable => (Status::Skipped, Some(e)),
        (None, Some(e)) => (Status::Failed, Some(e)),
        (None, None) => {
            let error =
                Error::unavailable("measure it", "the run ended before its turn").try_this("give the run more --time");
            (Status::Skipped, Some(error))
        }
    }
}

fn columns_of(samples: &[&SampleLine]) -> Columns {
    let mut c = Columns::default();
    for (row, line) in samples.iter().enumerate() {
        c.block.push(line.block);
        c.place.push(line.place);
        c.before.push(line.before.clone());
        c.at_ns.push(line.at_ns);
        c.cpu.push(line.cpu);
        c.failed.push(match &line.outcome {
            SampleOutcome::Ok(_) => None,
            SampleOutcome::Failed(error) => Some(error.clone()),
        });
        if let SampleOutcome::Ok(sample) = &line.outcome {
            for (metric, value) in &sample.values {
                padded(c.values.entry(metric.clone()).or_default(), row).push(Some(*value));
            }
            for (metric, batches) in &sample.inner {
                padded(c.inner.entry(metric.clone()).or_default(), row).push(batches.clone());
            }
            stages(&mut c.stages, row, sample.timeline.as_ref());
            if !sample.parts.is_empty() {
                padded(&mut c.parts, row).push(sample.parts.clone());
            }
        }
    }
    let rows = samples.len();
    c.values.values_mut().for_each(|column| {
        padded(column, rows);
    });
    c.inner.values_mut().for_each(|column| {
        padded(column, rows);
    });
    c.stages.iter_mut().for_each(|column| {
        padded(&mut column.at_ns, rows);
    });
    c
}

/// The column, filled with nothing up to this row.
fn padded<T: Default + Clone>(column: &mut Vec<T>, rows: usize) -> &mut Vec<T> {
    column.resize(rows, T::default());
    column
}

fn stages(columns: &mut Vec<StageColumn>, row: usize, timeline: Option<&crate::timeline::Timeline>) {
    let Some(timeline) = timeline else { return };
    for mark in &timeline.marks {
        let at_ns = Some(mark.at_ns.saturating_sub(timeline.t0_ns));
        let found = columns.iter().position(|c| c.stage == mark.stage && c.label == mark.label && c.at_ns.len() <= row);
        let i = found.unwrap_or_else(|| {
            columns.push(StageColumn { stage: mark.stage, label: mark.label.to_string(), at_ns: Vec::new() });
            columns.len() - 1
        });
        padded(&mut columns[i].at_ns, row).push(at_ns);
    }
}

/// Each hash covers the samples of its cell and the hash before it: a file whose parts were exchanged is found out.
pub fn chain(header: &Header, cells: &mut [Cell]) {
    let mut before = hash_of_header(header);
    for cell in cells {
        cell.hash = hash_after(&before, cell);
        before.clone_from(&cell.hash);
    }
}

/// What the first cell's hash builds on.
pub(super) fn hash_of_header(header: &Header) -> String {
    sha256(&[&serde_json::to_vec(header).expect("a header is plain data")])
}

/// A cell's link of the chain; `before`: the hash of the cell before it, or of the header.
pub(super) fn hash_after(before: &str, cell: &Cell) -> String {
    let samples = serde_json::to_vec(&cell.columns).expect("columns are plain data");
    sha256(&[before.as_bytes(), cell.id.as_bytes(), &samples])
}

/// Are the samples those that were saved? Someone who changed them by hand changed the hashes' answer too.
pub fn chain_holds(run: &Run) -> bool {
    super::verify::changed_samples(run).is_empty()
}

/// The values of one metric, in the order in which they were taken.
pub fn values_of(cell: &Cell, metric: &str) -> Vec<(u32, f64)> {
    let column = cell.columns.values.get(metric).map_or(&[][..], Vec::as_slice);
    cell.columns.block.iter().zip(column).filter_map(|(block, value)| Some((*block, (*value)?))).collect()
}

fn summaries_of(cell: &Cell) -> Vec<Summary> {
    cell.columns.values.keys().filter_map(|metric| summary_of(cell, metric)).collect()
}

fn summary_of(cell: &Cell, metric: &str) -> Option<Summary> {
    let values: Vec<f64> = values_of(cell, metric).into_iter().map(|(_, v)| v).collect();
    let described = crate::stats::summarize(&values)?;
    let interval = crate::stats::median_interval(&values)?;
    let classes = outliers::classify(&values);
    let drift = drift::drift(&values);
    Some(Summary {
        cell: cell.id.clone(),
        metric: metric.to_owned(),
        n: described.n,
        interval: to_interval(&interval),
        method: interval.method().name().into(),
        mean: described.mean,
        std: described.std,
        min: described.min,
        max: described.max,
        p5: described.p5,
        p95: described.p95,
        p99: described.p99,
        outliers: Outliers {
            low_severe: classes.low_severe,
            low_mild: classes.low_mild,
            high_mild: classes.high_mild,
            high_severe: classes.high_severe,
        },
        drift: drift.change.filter(|_| drift.drifts),
        lag1: drift.lag1,
    })
}

pub(super) fn to_interval(i: &MedianInterval) -> Interval {
    Interval { median: i.median, low: i.ends.map(|e| e.0), high: i.ends.map(|e| e.1) }
}

/// One per experiment, metric and arm that stands twice.
fn noise_floors(cells: &[Cell]) -> Vec<NoiseFloor> {
    let mut floors = Vec::new();
    for twin in cells.iter().filter(|c| c.arm.ends_with("#2")) {
        let Some(first) = cells.iter().find(|c| is_twin_of(c, twin)) else { continue };
        for metric in first.columns.values.keys() {
            let pairs = paired::pair(&values_of(first, metric), &values_of(twin, metric));
            if let Some(floor) = noise::noise_floor(&pairs) {
                floors.push(NoiseFloor {
                    experiment: first.experiment.clone(),
                    metric: metric.clone(),
                    arm: first.arm.clone(),
                    relative: floor.relative,
                });
            }
        }
    }
    floors
}

fn is_twin_of(first: &Cell, twin: &Cell) -> bool {
    first.experiment == twin.experiment && first.case == twin.case && twin.arm.strip_suffix("#2") == Some(&first.arm)
}

/// The noise floor of an experiment's metric; the largest, when several arms stand twice.
pub fn floor_of(noise: &[NoiseFloor], experiment: &str, metric: &str) -> Option<f64> {
    noise.iter().filter(|f| f.experiment == experiment && f.metric == metric).map(|f| f.relative).max_by(f64::total_cmp)
}

/// Every arm against `chosen`, or else the first arm of its experiment.
pub(super) fn comparisons(chosen: Option<&str>, cells: &[Cell], noise: &[NoiseFloor]) -> Vec<Comparison> {
    let mut all = Vec::new();
    for (i, cell) in cells.iter().enumerate() {
        let mut alike =
            cells.iter().enumerate().filter(|(_, b)| b.experiment == cell.experiment && b.case == cell.case);
        let base = match chosen {
            Some(arm) => alike.find(|(_, b)| b.arm == arm).filter(|(place, _)| *place != i),
            None => alike.next().filter(|(place, _)| *place < i),
        };
        let Some((_, base)) = base else { continue };
        for metric in base.columns.values.keys() {
            let pairs = paired::pair(&values_of(base, metric), &values_of(cell, metric));
            let Some(found) = paired::compare(&pairs) else { continue };
            let Some(ratio) = found.ratio else { continue };
            let floor = floor_of(noise, &cell.experiment, metric).unwrap_or(0.0);
            all.push(Comparison {
                experiment: cell.experiment.clone(),
                metric: metric.clone(),
                case: cell.case.clone(),
                base: base.arm.clone(),
                arm: cell.arm.clone(),
                pairs: found.pairs,
                ratio: to_interval(&ratio),
                difference: to_interval(&found.difference),
                detectable: found.verdict(floor).detectable(),
            });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::schema::Sample;

    fn line(cell: &str, block: u32, value: f64) -> SampleLine {
        let sample = Sample { values: [("m".to_owned(), value)].into(), ..Sample::default() };
        SampleLine {
            cell: cell.into(),
            block,
            place: 0,
            before: String::new(),
            at_ns: 0,
            cpu: 0,
            outcome: SampleOutcome::Ok(sample),
        }
    }

    #[test]
    fn a_cell_id_goes_there_and_back() {
        let p = parse_id("memory/vm-bare:ram=1G{configured=64M,n=1,4,16}");
        assert_eq!((p.experiment.as_str(), p.arm.as_str()), ("memory", "vm-bare:ram=1G"));
        assert_eq!(p.case["n"], "1,4,16");
        assert_eq!(p.case["configured"], "64M");
    }

    #[test]
    fn a_failed_sample_leaves_a_hole_and_is_counted() {
        let mut samples = vec![line("x/a", 0, 1.0), line("x/a", 1, 2.0), line("x/a", 2, 3.0)];
        samples[1].outcome = SampleOutcome::Failed(Error::new("run", "it broke"));
        let cells = cells_of(&[parse_id("x/a"), parse_id("x/b")], &Skips::new(), &samples);
        assert_eq!(cells[0].columns.values["m"], [Some(1.0), None, Some(3.0)]);
        assert_eq!((cells[0].status, cells[0].reason.as_str()), (Status::Measured, "could not run: it broke"));
        assert_eq!(cells[1].status, Status::Skipped, "no silent hole");
        assert!(!cells[1].fix.is_empty());
    }

    #[test]
    fn comparisons_pair_within_blocks_and_heed_the_noise_floor() {
        let mut samples = Vec::new();
        for block in 0..30 {
            let weather = 100.0 + f64::from(block % 7) * 10.0;
            samples.push(line("x/a", block, weather));
            samples.push(line("x/a#2", block, weather * (0.99 + 0.02 * f64::from(block % 2))));
            samples.push(line("x/b", block, weather * 1.5));
        }
        let cells = cells_of(&["x/a", "x/a#2", "x/b"].map(parse_id), &Skips::new(), &samples);
        let noise = noise_floors(&cells);
        assert!((noise[0].relative - 0.01).abs() < 1e-9, "{noise:?}");
        let found = comparisons(None, &cells, &noise);
        assert!(!found[0].detectable && found[1].detectable);
        assert!((found[1].ratio.median - 1.5).abs() < 1e-9);
    }
}
