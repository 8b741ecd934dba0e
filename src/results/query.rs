//! What stands in a results file, found: the questions that everybody asks.

use super::schema::{ArmInfo, Cell, NoiseFloor, Run, Summary};
use crate::model::Kind;
use crate::stats::summary::{BEYOND_A_PERCENTILE, beyond};

/// The values of one metric, in the order in which they were taken.
pub fn values_of(cell: &Cell, metric: &str) -> Vec<(u32, f64)> {
    let column = cell.columns.values.get(metric).map_or(&[][..], Vec::as_slice);
    cell.columns.block.iter().zip(column).filter_map(|(block, value)| Some((*block, (*value)?))).collect()
}

/// The noise floor of an experiment's metric; the largest, when several arms stand twice.
pub fn floor_of(noise: &[NoiseFloor], experiment: &str, metric: &str) -> Option<f64> {
    noise.iter().filter(|f| f.experiment == experiment && f.metric == metric).map(|f| f.relative).max_by(f64::total_cmp)
}

/// What an arm is, whatever its knobs.
pub fn kind_of(run: &Run, arm: &str) -> Kind {
    run.header.arms.iter().find(|a| a.id == arm).map_or(Kind::Other, ArmInfo::kind)
}

pub fn summary<'a>(run: &'a Run, cell: &Cell, metric: &str) -> Option<&'a Summary> {
    run.summaries.iter().find(|s| s.cell == cell.id && s.metric == metric)
}

/// A percentile of the file that may be shown; with fewer than ten samples beyond it, None.
pub fn percentile(s: &Summary, q: f64) -> Option<f64> {
    let told = [(0.05, Some(s.p5)), (0.95, Some(s.p95)), (0.99, s.p99)];
    let (_, value) = told.into_iter().find(|(known, _)| (known - q).abs() < 1e-9)?;
    value.filter(|_| beyond(s.n, q) >= BEYOND_A_PERCENTILE - 1e-9)
}
