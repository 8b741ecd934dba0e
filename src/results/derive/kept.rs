//! What is kept in the file beside the samples, computed from them: summaries, noise floors, comparisons, warnings.

use std::collections::BTreeMap;

use super::super::query::{floor_of, values_of};
use super::super::schema::{Cell, Comparison, Header, NoiseFloor, Outliers, Summary, Warning};
use super::super::warnings::{Facts, warnings};
use super::twins::{Twins, twins};
use crate::stats::{Estimate, drift, outliers, paired};

/// Everything that follows from the header and the cells.
pub struct Follows {
    pub summaries: Vec<Summary>,
    pub noise: Vec<NoiseFloor>,
    pub comparisons: Vec<Comparison>,
    pub warnings: Vec<Warning>,
}

pub fn follows(header: &Header, cells: &[Cell]) -> Follows {
    let summaries: Vec<Summary> = cells.iter().flat_map(summaries_of).collect();
    let noise = noise_floors(cells);
    let comparisons = comparisons(header.plan.base.as_deref(), cells, &noise);
    let warnings = warnings(&Facts { header, cells, summaries: &summaries, noise: &noise });
    Follows { summaries, noise, comparisons, warnings }
}

/// The median of a metric over the samples that a cell has so far.
pub fn estimate(cell: &Cell, metric: &str) -> Option<Estimate> {
    Estimate::of(&in_order(cell, metric))
}

/// One value per block: the median of its samples.
pub fn values_by_block(cell: &Cell, metric: &str) -> BTreeMap<u32, f64> {
    paired::by_block(&values_of(cell, metric))
}

fn in_order(cell: &Cell, metric: &str) -> Vec<f64> {
    values_of(cell, metric).into_iter().map(|(_, v)| v).collect()
}

fn summaries_of(cell: &Cell) -> Vec<Summary> {
    cell.columns.values.keys().filter_map(|metric| summary_of(cell, metric)).collect()
}

fn summary_of(cell: &Cell, metric: &str) -> Option<Summary> {
    let values = in_order(cell, metric);
    let described = crate::stats::summarize(&values)?;
    let interval = crate::stats::median_interval(&values)?;
    let classes = outliers::classify(&values);
    let drift = drift::drift(&values);
    Some(Summary {
        cell: cell.id.clone(),
        metric: metric.to_owned(),
        n: described.n,
        interval,
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

/// One per experiment, metric and arm that stands twice.
fn noise_floors(cells: &[Cell]) -> Vec<NoiseFloor> {
    let of_twins = |twins: Twins<'_>| -> Vec<NoiseFloor> {
        let floor = |metric: &String| {
            Some(NoiseFloor {
                experiment: twins.first.experiment.clone(),
                metric: metric.clone(),
                arm: twins.first.arm.clone(),
                relative: twins.floor(metric)?,
            })
        };
        twins.first.columns.values.keys().filter_map(floor).collect()
    };
    twins(cells).flat_map(of_twins).collect()
}

/// Every arm against `chosen`, or else the first arm of its experiment.
pub fn comparisons(chosen: Option<&str>, cells: &[Cell], noise: &[NoiseFloor]) -> Vec<Comparison> {
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
                ratio,
                difference: found.difference,
                detectable: found.verdict(floor).detectable(),
            });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::cells::{Skips, cells_of, parse_id};
    use crate::results::example::line;

    #[test]
    fn comparisons_pair_within_blocks_and_heed_the_noise_floor() {
        let mut samples = Vec::new();
        for block in 0..30 {
            let noise = 100.0 + f64::from(block % 7) * 10.0;
            samples.push(line("x/a", block, noise));
            samples.push(line("x/a#2", block, noise * (0.99 + 0.02 * f64::from(block % 2))));
            samples.push(line("x/b", block, noise * 1.5));
        }
        let cells = cells_of(&["x/a", "x/a#2", "x/b"].map(|id| parse_id(&id.into())), &Skips::new(), &samples);
        let noise = noise_floors(&cells);
        assert!((noise[0].relative - 0.01).abs() < 1e-9, "{noise:?}");
        let found = comparisons(None, &cells, &noise);
        assert!(!found[0].detectable && found[1].detectable);
        assert!((found[1].ratio.median - 1.5).abs() < 1e-9);
    }
}
