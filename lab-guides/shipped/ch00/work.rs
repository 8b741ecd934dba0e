//! Chapter 0, Make: a 95 % interval that keeps its promise.

use crate::task::{Block, Random, median, quantile};

/// A 95 % interval (low, high) for how much slower B is than A, in nanoseconds: the paired bootstrap.
///
/// Draw as many things as there are, with replacement; take the median of what was drawn; do that `RESAMPLES` times.
/// The middle 95 % of those medians is the interval. The question is: draw *what*?
pub fn median_ci(blocks: &[Block], random: &mut Random) -> (f64, f64) {
    const RESAMPLES: usize = 200;
    // TODO: this draws inner samples, as if each were a run of its own. What is independent here, and what belongs together?
    let a: Vec<f64> = blocks.iter().flat_map(|block| block.a.iter().copied()).collect();
    let b: Vec<f64> = blocks.iter().flat_map(|block| block.b.iter().copied()).collect();
    let differences: Vec<f64> = a.iter().zip(&b).map(|(a, b)| b - a).collect();
    let medians: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let drawn: Vec<f64> = differences.iter().map(|_| differences[random.below(differences.len())]).collect();
            median(&drawn)
        })
        .collect();
    (quantile(&medians, 0.025), quantile(&medians, 0.975))
}
