//! Tests of chapter 0's task: 200 made-up runs in which the truth is known.
#![allow(unreachable_pub, clippy::pedantic, reason = "a task is a small world of its own")]

#[path = "task.rs"]
mod task;
#[path = "../../work/ch00/work.rs"]
#[rustfmt::skip]
mod work;

use std::sync::OnceLock;
use task::{Block, Random, median};

const RUNS: u64 = 200;
const BLOCKS: usize = 20;
const INNER: usize = 5;

/// Roughly normal, mean 0, standard deviation 1: the sum of twelve.
fn noise(random: &mut Random) -> f64 {
    (0..12).map(|_| random.share()).sum::<f64>() - 6.0
}

/// A machine that drifts by much, processes that each have a luck of their own, batches that hardly differ.
fn run(seed: u64, truth: f64) -> Vec<Block> {
    let mut random = Random(seed);
    let mut machine = 1000.0;
    (0..BLOCKS)
        .map(|_| {
            machine += 20.0 * noise(&mut random);
            let mut process = |is: f64| {
                let luck = 5.0 * noise(&mut random);
                (0..INNER).map(|_| machine + is + luck + noise(&mut random)).collect()
            };
            Block { a: process(0.0), b: process(truth) }
        })
        .collect()
}

const TRUTH: f64 = 4.0;

/// B is 4 ns slower than A. How many intervals hold that number, and how wide is the typical one?
fn look() -> (u64, f64) {
    static SEEN: OnceLock<(u64, f64)> = OnceLock::new();
    *SEEN.get_or_init(|| {
        let (mut covered, mut widths) = (0, Vec::new());
        for seed in 0..RUNS {
            let (low, high) = work::median_ci(&run(seed * 7919 + 1, TRUTH), &mut Random(seed));
            covered += u64::from(low <= TRUTH && TRUTH <= high);
            widths.push(high - low);
        }
        (covered, median(&widths))
    })
}

#[test]
fn ninety_percent_of_the_intervals_hold_the_truth() {
    let (covered, _) = look();
    assert!(
        covered * 100 >= 90 * RUNS,
        "B is {TRUTH} ns slower than A, and only {covered} of {RUNS} intervals hold that number; a 95 % interval must do \
         so in at least 90 %.\nThe {INNER} batches of one process share that process's luck: they are one observation, \
         not {INNER}. Draw what is independent."
    );
}

#[test]
fn the_interval_is_not_wider_than_the_data_asks_for() {
    let (_, width) = look();
    assert!(
        width <= 12.0,
        "the typical interval is {width:.1} ns wide. The two arms of one block met the same machine: take their \
         difference inside the block first, and the machine's drift drops out. And what is wanted is the middle 95 % of \
         the resampled medians, not of the values."
    );
}

#[test]
fn drift_that_both_arms_met_changes_nothing() {
    let calm = run(3, 2.0);
    let stormy: Vec<Block> = calm
        .iter()
        .zip(0..)
        .map(|(block, i)| {
            let storm = f64::from(i * i) * 50.0;
            let moved = |values: &[f64]| values.iter().map(|v| v + storm).collect();
            Block { a: moved(&block.a), b: moved(&block.b) }
        })
        .collect();
    let (calm, stormy) = (work::median_ci(&calm, &mut Random(9)), work::median_ci(&stormy, &mut Random(9)));
    assert!(
        (calm.0 - stormy.0).abs() < 1e-6 && (calm.1 - stormy.1).abs() < 1e-6,
        "the same drift was added to both arms of each block, and the interval moved from {calm:?} to {stormy:?}"
    );
}

#[test]
fn one_block_gives_an_interval_without_width() {
    let block = Block { a: vec![10.0, 11.0, 12.0], b: vec![15.0, 16.0, 14.0] };
    let (low, high) = work::median_ci(std::slice::from_ref(&block), &mut Random(1));
    assert!(
        (low - 4.0).abs() < 1e-9 && (high - 4.0).abs() < 1e-9,
        "one block, difference of medians 4: [{low}, {high}]"
    );
}
