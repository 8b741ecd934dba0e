//! Wrong: blocks are drawn, and then again samples inside each: the fifth decimal of every process is studied with care.

use crate::task::{Block, Random, median, quantile};

pub fn median_ci(blocks: &[Block], random: &mut Random) -> (f64, f64) {
    const RESAMPLES: usize = 200;
    let medians: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let mut all = Vec::new();
            for block in blocks {
                let i = random.below(block.a.len());
                all.push(block.b[i] - block.a[i]);
            }
            median(&all)
        })
        .collect();
    (quantile(&medians, 0.025), quantile(&medians, 0.975))
}
