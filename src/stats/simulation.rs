//! Do the intervals keep their promise? Thousands of runs whose truth is known.
//!
//! One simulated run looks like a real one: a *block* moves all arms together (frequency, neighbours), an arm adds a
//! right-skewed part of its own, and now and then a spike hits one sample.
//!
//! ```text
//! sample = true · exp(BLOCK·z_block) · exp(WITHIN·z) · (1 in 20: a spike of +0 … +300 %)
//! ```

use super::noise::noise_floor;
use super::paired::{Verdict, compare};
use super::{median, median_interval};

/// Block variation (standard deviation of the logarithm): blocks differ by about ±20 %.
const BLOCK: f64 = 0.20;
/// Variation of one arm within a block: ±4 %.
const WITHIN: f64 = 0.04;
const SPIKES: f64 = 0.05;
const RUNS: usize = 5_000;

struct Machine(oorandom::Rand64);

impl Machine {
    /// Box & Muller.
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.0.rand_float()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.0.rand_float()).cos()
    }

    /// One arm in a block that is `block` times as slow as usual.
    fn sample(&mut self, truth: f64, block: f64) -> f64 {
        let spike = if self.0.rand_float() < SPIKES { 1.0 + 3.0 * self.0.rand_float() } else { 1.0 };
        truth * block * (WITHIN * self.normal()).exp() * spike
    }

    /// `blocks` of a run: one sample of each arm.
    fn run<const ARMS: usize>(&mut self, blocks: usize, truth: [f64; ARMS]) -> Vec<[f64; ARMS]> {
        let one = |machine: &mut Machine| {
            let block = (BLOCK * machine.normal()).exp();
            truth.map(|t| machine.sample(t, block))
        };
        (0..blocks).map(|_| one(self)).collect()
    }
}

/// Share of `runs` simulated runs in which `holds` does.
fn share(runs: usize, seed: u128, mut holds: impl FnMut(&mut Machine) -> bool) -> f64 {
    let mut machine = Machine(oorandom::Rand64::new(seed));
    (0..runs).filter(|_| holds(&mut machine)).count() as f64 / runs as f64
}

/// The true median has no formula once spikes are in: the median of many samples, exact to about 0.1 %.
fn true_median() -> f64 {
    let mut machine = Machine(oorandom::Rand64::new(2013));
    let many: Vec<f64> = machine.run(300_000, [1.0]).iter().map(|[v]| *v).collect();
    median(&many).unwrap()
}

#[test]
fn intervals_of_one_arm_cover_the_true_median() {
    let truth = true_median();
    for blocks in [6, 10, 15, 20, 21, 30, 60, 100] {
        let covered = share(RUNS, blocks as u128, |m| {
            let values: Vec<f64> = m.run(blocks, [1.0]).iter().map(|[v]| *v).collect();
            !median_interval(&values).unwrap().excludes(truth)
        });
        eprintln!("one arm, {blocks} blocks: covered {:.1} %", covered * 100.0);
        assert!((0.93..=0.97).contains(&covered), "{blocks} blocks: {covered}");
    }
}

#[test]
fn intervals_of_a_ratio_cover_the_true_ratio() {
    for blocks in [6, 10, 20, 30, 100] {
        let covered = share(RUNS, blocks as u128, |m| {
            let pairs: Vec<_> = m.run(blocks, [1.0, 1.05]).iter().map(|[a, b]| (*a, *b)).collect();
            !compare(&pairs).unwrap().ratio.unwrap().excludes(1.05)
        });
        eprintln!("ratio, {blocks} blocks: covered {:.1} %", covered * 100.0);
        assert!((0.93..=0.97).contains(&covered), "{blocks} blocks: {covered}");
    }
}

/// With blocks that differ by ±20 % and arms by ±4 % within them, 40 blocks find +5 %; 100 blocks find it above the
/// floor that a twin sets, too.
#[test]
fn a_true_difference_of_five_percent_is_found() {
    let found = share(RUNS, 5, |m| five_percent_more(m, 40, false));
    let above_floor = share(RUNS, 6, |m| five_percent_more(m, 100, true));
    eprintln!("+5 %: 40 blocks {:.1} %, above the floor in 100 blocks {:.1} %", found * 100.0, above_floor * 100.0);
    assert!(found >= 0.95 && above_floor >= 0.95, "{found} {above_floor}");
}

fn five_percent_more(machine: &mut Machine, blocks: usize, against_floor: bool) -> bool {
    let run = machine.run(blocks, [1.0, 1.0, 1.05]);
    let pairs = |arm: usize| run.iter().map(|r| (r[0], r[arm])).collect::<Vec<_>>();
    let floor = if against_floor { noise_floor(&pairs(1)).unwrap().relative } else { 0.0 };
    compare(&pairs(2)).unwrap().verdict(floor) == Verdict::Larger
}

/// Without pairing the same runs cannot tell: this is what blocks are for.
#[test]
fn without_pairing_five_percent_is_lost_in_the_blocks() {
    let found = share(1_000, 5, |m| {
        let run = m.run(30, [1.0, 1.05]);
        let [a, b] = [0, 1].map(|arm| median_interval(&run.iter().map(|r| r[arm]).collect::<Vec<_>>()).unwrap());
        a.ends().unwrap().1 < b.ends().unwrap().0
    });
    eprintln!("+5 % in 30 blocks, unpaired: found in {:.1} %", found * 100.0);
    assert!(found < 0.5, "{found}");
}

/// Arm 1 and its twin set the floor; a third identical arm is judged.
#[test]
fn a_third_identical_arm_raises_few_alarms() {
    for blocks in [10, 20, 60] {
        let alarms = share(RUNS, blocks as u128, |m| {
            let run = m.run(blocks, [1.0; 3]);
            let pairs = |arm: usize| run.iter().map(|r| (r[0], r[arm])).collect::<Vec<_>>();
            let floor = noise_floor(&pairs(1)).unwrap().relative;
            compare(&pairs(2)).unwrap().verdict(floor).detectable()
        });
        eprintln!("third identical arm, {blocks} blocks: {:.1} % false alarms", alarms * 100.0);
        assert!(alarms <= 0.03, "{blocks} blocks: {alarms}");
    }
}

/// Drift and carry-over are looked for in every cell, so they must rarely be seen where there is none.
#[test]
fn flags_stay_down_on_a_steady_machine() {
    let raised = share(RUNS, 7, |m| {
        let values: Vec<f64> = m.run(60, [1.0]).iter().map(|[v]| *v).collect();
        let d = super::drift::drift(&values);
        d.drifts || d.correlated
    });
    let carried = share(RUNS, 8, |m| {
        let names = ["a", "b", "c"];
        let run = m.run(60, [1.0]);
        let samples: Vec<_> = run.iter().enumerate().map(|(i, [v])| (names[i % 3], *v)).collect();
        super::drift::predecessor(&samples, 0.02).unwrap().flagged
    });
    eprintln!("steady machine: drift flags {:.1} %, carry-over flags {:.1} %", raised * 100.0, carried * 100.0);
    assert!(raised <= 0.03 && carried <= 0.01, "{raised} {carried}");
}
