//! What the median of a cell is made of: stages of a start, kinds of memory. For charts, and whoever else shows parts.

use super::super::schema::{Cell, Columns, StageColumn};
use crate::stats::composition::{Sample, at_the_median};
use crate::timeline::Stage;

/// Stages of a start at the median of `metric`, in order of time, up to the last one of the kind that ends it; they sum to
/// the median. Empty: no sample has both.
pub fn stages(cell: &Cell, metric: &str, last: Stage) -> Vec<(Stage, f64)> {
    let kinds = &Stage::ALL[..=last as usize];
    let sample = |row: usize| -> Option<Sample> {
        let whole = cell.columns.values.get(metric)?.get(row).copied().flatten()?;
        let steps = steps(&cell.columns, row, last)?;
        let of = |kind: &Stage| steps.iter().filter(|(stage, _)| stage == kind).map(|(_, ns)| ns).sum();
        Some((whole, kinds.iter().map(of).collect()))
    };
    let samples: Vec<Sample> = (0..cell.columns.block.len()).filter_map(sample).collect();
    let parts = at_the_median(&samples).unwrap_or_default();
    kinds.iter().copied().zip(parts).filter(|(_, ns)| *ns > 0.0).collect()
}

/// Steps of one sample: each mark ends the time since the one before it. None: it never came to `last`.
fn steps(columns: &Columns, row: usize, last: Stage) -> Option<Vec<(Stage, f64)>> {
    let column = |c: &StageColumn| Some((c.at_ns.get(row).copied().flatten()?, c.stage));
    let mut marks: Vec<(u64, Stage)> = columns.stages.iter().filter_map(column).collect();
    marks.sort_by_key(|(at, stage)| (*at, *stage));
    let end = marks.iter().rposition(|(_, stage)| *stage == last)?;
    let mut before = 0;
    let steps = marks[..=end].iter().map(|(at, stage)| {
        let took = at - before;
        before = *at;
        (*stage, took as f64)
    });
    Some(steps.collect())
}

/// Values that sum to `whole` in every sample, at its median; a value that no sample has is left out. `metrics`: each with
/// the metric that is taken out of it, if it has that.
pub fn values<'a>(cell: &Cell, whole: &str, metrics: &[(&'a str, Option<&str>)]) -> Vec<(&'a str, f64)> {
    let at = |metric: &str, row: usize| cell.columns.values.get(metric)?.get(row).copied().flatten();
    let here: Vec<&(&str, Option<&str>)> =
        metrics.iter().filter(|(metric, _)| cell.columns.values.contains_key(*metric)).collect();
    let sample = |row: usize| -> Option<Sample> {
        let part = |(metric, less): &&(&str, Option<&str>)| {
            Some(at(metric, row)? - less.and_then(|less| at(less, row)).unwrap_or(0.0))
        };
        Some((at(whole, row)?, here.iter().map(part).collect::<Option<Vec<f64>>>()?))
    };
    let samples: Vec<Sample> = (0..cell.columns.block.len()).filter_map(sample).collect();
    let parts = at_the_median(&samples).unwrap_or_default();
    here.iter().map(|(metric, _)| *metric).zip(parts).collect()
}
