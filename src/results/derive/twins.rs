//! An arm that stands twice: what the two differ by is noise.

use super::super::query::values_of;
use super::super::schema::Cell;
use crate::stats::{Estimate, Interval, median_interval, noise, paired};

/// One cell of an arm, and the same of its twin.
#[derive(Debug, Clone, Copy)]
pub struct Twins<'a> {
    pub first: &'a Cell,
    pub second: &'a Cell,
}

/// All of them, in the order of the second ones.
pub fn twins(cells: &[Cell]) -> impl Iterator<Item = Twins<'_>> {
    let with_first = |second| {
        let first = cells.iter().find(|c| is_twin_of(c, second))?;
        Some(Twins { first, second })
    };
    cells.iter().filter_map(with_first)
}

fn is_twin_of(first: &Cell, twin: &Cell) -> bool {
    first.experiment == twin.experiment && first.case == twin.case && twin.arm.is_twin_of(&first.arm)
}

impl Twins<'_> {
    fn pairs(&self, metric: &str) -> Vec<(f64, f64)> {
        paired::pair(&values_of(self.first, metric), &values_of(self.second, metric))
    }

    /// Blocks in which both have a value.
    pub fn blocks(&self, metric: &str) -> usize {
        self.pairs(metric).len()
    }

    /// second ÷ first within blocks.
    pub fn ratio(&self, metric: &str) -> Option<Estimate> {
        let pairs = self.pairs(metric);
        let interval = paired::compare(&pairs)?.ratio?;
        Some(Estimate { n: pairs.len(), interval })
    }

    /// (second − first) / first within blocks.
    pub fn difference(&self, metric: &str) -> Option<Interval> {
        self.ratio(metric).map(|ratio| less_one(&ratio))
    }

    /// (second − first) / first of the medians of whole arms: where they ran one after the other there are no pairs.
    pub fn apart(&self, metric: &str) -> Option<f64> {
        let [first, second] = [self.first, self.second].map(|cell| super::estimate(cell, metric));
        Some(second?.median / first?.median - 1.0)
    }

    /// The relative noise floor.
    pub fn floor(&self, metric: &str) -> Option<f64> {
        noise::noise_floor(&self.pairs(metric)).map(|floor| floor.relative)
    }

    fn ratios(&self, metric: &str) -> Vec<f64> {
        let usable = self.pairs(metric).into_iter().filter(|(first, _)| *first > 0.0);
        usable.map(|(first, second)| second / first).collect()
    }

    /// How wide the interval of second ÷ first is.
    pub fn width(&self, metric: &str) -> Option<f64> {
        width(&self.ratios(metric))
    }

    /// That width over all blocks, and its median over each `few` of them in turn.
    pub fn widths(&self, metric: &str, few: usize) -> Option<(f64, f64)> {
        let ratios = self.ratios(metric);
        let of_few: Vec<f64> = ratios.chunks_exact(few).filter_map(width).collect();
        Some((width(&ratios)?, crate::stats::median(&of_few)?))
    }
}

fn width(ratios: &[f64]) -> Option<f64> {
    let (low, high) = median_interval(ratios)?.ends()?;
    Some(high - low)
}

/// A ratio as a relative difference: 1.02 is +0.02.
pub fn less_one(ratio: &Interval) -> Interval {
    Interval::new(ratio.median - 1.0, ratio.ends().map(|(low, high)| (low - 1.0, high - 1.0)))
}
