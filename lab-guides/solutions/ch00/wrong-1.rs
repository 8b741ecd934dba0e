//! Wrong: over blocks, but each arm is drawn by itself. The machine's drift stays in, and the interval is far too wide.

use crate::task::{Block, Random, median, quantile};

pub fn median_ci(blocks: &[Block], random: &mut Random) -> (f64, f64) {
    const RESAMPLES: usize = 200;
    let a: Vec<f64> = blocks.iter().map(|block| median(&block.a)).collect();
    let b: Vec<f64> = blocks.iter().map(|block| median(&block.b)).collect();
    let mut draw = |from: &[f64]| median(&from.iter().map(|_| from[random.below(from.len())]).collect::<Vec<f64>>());
    let differences: Vec<f64> = (0..RESAMPLES).map(|_| draw(&b) - draw(&a)).collect();
    (quantile(&differences, 0.025), quantile(&differences, 0.975))
}
