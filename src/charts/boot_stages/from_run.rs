//! From a results file to the chart.

use super::{Bar, BootStages, Content};
use crate::results::schema::{Cell, Columns, Run, Status};
use crate::stats;
use crate::timeline::Stage;

const EXPERIMENT: &str = "boot";
const METRIC: &str = "create_to_ready";

impl BootStages {
    /// None: the run has no cell of `boot`. Cells that were not measured become bars with their reason.
    pub fn from_run(run: &Run) -> Option<BootStages> {
        let cells: Vec<&Cell> = run.cells.iter().filter(|c| c.experiment == EXPERIMENT && c.case.is_empty()).collect();
        if cells.is_empty() {
            return None;
        }
        Some(BootStages {
            title: "Start time: how long until the program runs?".into(),
            subtitle:
                "From create to ready, in stages. The length of a stage is its own median: stages need not add up to \
                       the median of the whole."
                    .into(),
            bars: cells.iter().map(|cell| bar(run, cell)).collect(),
            notes: notes(run, &cells),
            unfit: unfit(run),
        })
    }
}

fn bar(run: &Run, cell: &Cell) -> Bar {
    let info = run.header.arms.iter().find(|a| a.id == cell.arm);
    let name = info.map_or(&cell.arm, |a| &a.name).clone();
    Bar { name, arm: cell.arm.clone(), content: content(run, cell) }
}

fn content(run: &Run, cell: &Cell) -> Content {
    let summary = run.summaries.iter().find(|s| s.cell == cell.id && s.metric == METRIC);
    match (cell.status, summary) {
        (Status::Measured, Some(s)) => Content::Measured {
            stages: stages(&cell.columns),
            median_ns: s.interval.median,
            ends_ns: s.interval.low.zip(s.interval.high),
        },
        (Status::Measured, None) => Content::Missing("no sample reached ready".into()),
        _ => Content::Missing(cell.reason.clone()),
    }
}

/// Median of each stage up to Ready, over samples.
fn stages(columns: &Columns) -> Vec<(Stage, f64)> {
    let samples: Vec<Vec<(Stage, f64)>> = (0..columns.block.len()).filter_map(|i| sample(columns, i)).collect();
    let ended = &Stage::ALL[..=Stage::Ready as usize];
    let median = |stage: Stage| {
        let took: Vec<f64> =
            samples.iter().map(|s| s.iter().filter(|(of, _)| *of == stage).map(|(_, ns)| ns).sum()).collect();
        stats::median(&took).filter(|ns| *ns > 0.0).map(|ns| (stage, ns))
    };
    ended.iter().filter_map(|stage| median(*stage)).collect()
}

/// Steps of one sample: each mark ends the time since the one before it. None: it never became ready.
fn sample(columns: &Columns, row: usize) -> Option<Vec<(Stage, f64)>> {
    let column = |c: &crate::results::schema::StageColumn| Some((c.at_ns.get(row).copied().flatten()?, c.stage));
    let mut marks: Vec<(u64, Stage)> = columns.stages.iter().filter_map(column).collect();
    marks.sort_by_key(|(at, stage)| (*at, *stage));
    let ready = marks.iter().rposition(|(_, stage)| *stage == Stage::Ready)?;
    let mut before = 0;
    let steps = marks[..=ready].iter().map(|(at, stage)| {
        let took = at - before;
        before = *at;
        (*stage, took as f64)
    });
    Some(steps.collect())
}

fn notes(run: &Run, cells: &[&Cell]) -> Vec<String> {
    let header = &run.header;
    let mut notes = Vec::new();
    let metric = header.metrics.iter().find(|m| m.experiment == EXPERIMENT && m.id == METRIC);
    notes.extend(metric.map(|m| m.definition.clone()));
    notes.push(format!("{}. Seed {}, {}.", samples(run, cells), header.plan.seed, order(&header.plan.order)));
    let mut backends: Vec<&str> = header.arms.iter().filter_map(|a| a.backend.as_deref()).collect();
    backends.dedup();
    notes.extend((!backends.is_empty()).then(|| format!("KVM backend: {}.", backends.join(", "))));
    notes
        .extend(header.arms.iter().filter_map(|a| Some(format!("{} is limited here: {}.", a.id, a.limited.as_ref()?))));
    notes.push(format!("Host: {}.", header.host.line()));
    notes.push(format!(
        "isolab {} ({}, {}), run {}, {}.",
        header.version, header.commit, header.profile, header.id, header.started
    ));
    notes
}

/// "n = 60 samples per arm", or from the fewest to the most.
fn samples(run: &Run, cells: &[&Cell]) -> String {
    let of = |cell: &&&Cell| run.summaries.iter().find(|s| s.cell == cell.id && s.metric == METRIC).map(|s| s.n);
    let counts: Vec<usize> = cells.iter().filter_map(|c| of(&c)).collect();
    match (counts.iter().min(), counts.iter().max()) {
        (Some(fewest), Some(most)) if fewest == most => format!("n = {most} blocks"),
        (Some(fewest), Some(most)) => format!("n = {fewest} to {most} blocks"),
        _ => "nothing was measured".into(),
    }
}

fn order(order: &str) -> &str {
    match order {
        "blocks" => "every block runs each arm once in random order",
        "sequential" => "one arm after the other: drift is not shared",
        other => other,
    }
}

fn unfit(run: &Run) -> Option<String> {
    let reasons: Vec<&str> = run.warnings.iter().filter(|w| w.unfit).map(|w| w.text.trim_end_matches('.')).collect();
    (!reasons.is_empty()).then(|| format!("not for publication: {}.", reasons.join("; ")))
}
