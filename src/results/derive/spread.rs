//! The values of one metric, by size; and rates turned round.

use super::super::query::{seen, values_of};
use super::super::schema::{Cell, Run, Summary};
use crate::stats::summary::{BEYOND_A_PERCENTILE, beyond};
use crate::stats::{Estimate, quantile};

/// All values of a metric, in order of size; never empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread(Vec<f64>);

impl Spread {
    /// None: the cell has no value of it.
    pub fn of(cell: &Cell, metric: &str) -> Option<Spread> {
        let values: Vec<f64> = values_of(cell, metric).into_iter().map(|(_, v)| v).collect();
        Spread::of_values(values)
    }

    pub fn of_values(mut values: Vec<f64>) -> Option<Spread> {
        values.sort_by(f64::total_cmp);
        (!values.is_empty()).then_some(Spread(values))
    }

    pub fn values(&self) -> &[f64] {
        &self.0
    }

    /// The value below which this share of them lies.
    pub fn at(&self, share: f64) -> f64 {
        quantile(&self.0, share)
    }
}

/// A percentile of the file that may be shown; with fewer than ten samples beyond it, None.
pub fn percentile(s: &Summary, q: f64) -> Option<f64> {
    let told = [(0.05, Some(s.p5)), (0.95, Some(s.p95)), (0.99, s.p99)];
    let (_, value) = told.into_iter().find(|(known, _)| (known - q).abs() < 1e-9)?;
    value.filter(|_| beyond(s.n, q) >= BEYOND_A_PERCENTILE - 1e-9)
}

/// Of rates: so many seconds for so much work, turned round (SC'15 rule 3).
pub fn harmonic_mean(cell: &Cell, metric: &str) -> Option<f64> {
    let values = values_of(cell, metric);
    let sum: f64 = values.iter().map(|(_, v)| 1.0 / v).sum();
    (sum.is_finite() && sum > 0.0).then(|| values.len() as f64 / sum)
}

/// Throughput and time are two sides of one number: with c at once, each takes c / throughput on average (Little's law).
/// In nanoseconds, beside c.
pub fn each_at_once(run: &Run, cell: &Cell) -> Option<(f64, f64)> {
    let at_once: f64 = cell.case.number("concurrency")?;
    Some((at_once, at_once / seen(run, cell, "starts_per_second")?.median * 1e9))
}

/// A median over blocks, with the smallest and the largest single value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    pub found: Estimate,
    pub lowest: f64,
    pub highest: f64,
}

impl Extent {
    pub fn of(values: &[f64]) -> Option<Extent> {
        Some(Extent {
            found: Estimate::of(values)?,
            lowest: values.iter().copied().fold(f64::INFINITY, f64::min),
            highest: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        })
    }

    pub fn of_metric(cell: &Cell, metric: &str) -> Option<Extent> {
        let values: Vec<f64> = values_of(cell, metric).into_iter().map(|(_, v)| v).collect();
        Extent::of(&values)
    }

    /// How many objects whose name begins so each instance has; 0 where a sample lists none of them, but others.
    pub fn of_objects(cell: &Cell, prefix: &str) -> Option<Extent> {
        let listed = cell.columns.parts.iter().filter(|parts| !parts.is_empty());
        let counts: Vec<f64> = listed
            .map(|parts| parts.iter().filter(|p| p.what.starts_with(prefix)).map(|p| p.amount as f64).sum())
            .collect();
        Extent::of(&counts)
    }
}
