//! Chapter 0, reference solution: one number per block, then the bootstrap over blocks.

use crate::task::{Block, Random, median, quantile};

pub fn median_ci(blocks: &[Block], random: &mut Random) -> (f64, f64) {
    const RESAMPLES: usize = 200;
    let differences: Vec<f64> = blocks.iter().map(|block| median(&block.b) - median(&block.a)).collect();
    let medians: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let drawn: Vec<f64> = differences.iter().map(|_| differences[random.below(differences.len())]).collect();
            median(&drawn)
        })
        .collect();
    (quantile(&medians, 0.025), quantile(&medians, 0.975))
}
