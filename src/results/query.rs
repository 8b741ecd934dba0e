//! What stands in a results file, found: the questions that everybody asks.

use super::schema::{ArmInfo, Cell, NoiseFloor, Run, Status, Summary};
use crate::model::Kind;
use crate::stats::Estimate;

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

/// The saved summary's median, interval and number of samples.
pub fn seen(run: &Run, cell: &Cell, metric: &str) -> Option<Estimate> {
    summary(run, cell, metric).map(|s| Estimate { n: s.n, interval: s.interval })
}

/// None: the cell has no value of it.
pub fn summary<'a>(run: &'a Run, cell: &Cell, metric: &str) -> Option<&'a Summary> {
    run.summaries.iter().find(|s| s.cell == cell.id && s.metric == metric)
}

/// Arms as they are: not the A/A twin, and the case that has no sizes.
pub fn plain_cells<'a>(run: &'a Run, experiment: &'a str) -> impl Iterator<Item = &'a Cell> {
    run.cells
        .iter()
        .filter(move |c| c.experiment == experiment && c.status == Status::Measured)
        .filter(|c| !c.arm.is_repeated() && !c.case.contains_key("configured"))
}
