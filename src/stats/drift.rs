//! Did the machine change while we measured? And did the arm that ran before leave something behind?
//!
//! Each flag asks two questions: is the effect large enough to matter, and is it more than chance? A run has tens of
//! cells, so "more than chance" means 1 % or less, not 5 %.

use std::collections::BTreeMap;

use super::ranks::{mann_whitney_z, ranks};
use super::{median, quantile, sorted};

/// 5 %: the smallest difference between arms that a run is built to find (see `simulation.rs`). Less drift than that
/// cannot make or hide one.
pub const DRIFT_THAT_MATTERS: f64 = 0.05;

/// Normal deviate of 1 %, two-sided.
const Z_ONE_PERCENT: f64 = 2.576;

/// Normal deviate of 0.27 %: a cell has as many comparisons of predecessors as it has pairs of arms.
const Z_MANY_COMPARISONS: f64 = 3.0;

/// Samples that each of two predecessors must have before they are compared: below 8 no order of ranks reaches 3.
const N_PER_PREDECESSOR: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drift {
    /// Median of the last third against the first, relative: 0.1 = 10 % slower at the end. None: fewer than 6 values,
    /// or a first third around 0.
    pub change: Option<f64>,
    /// Autocorrelation at lag 1, of ranks, from −1 to 1. None: fewer than 6 values, or all equal. Far above 0,
    /// neighbours are alike, there is less information than n values seem to hold, and intervals are too narrow.
    pub lag1: Option<f64>,
    /// Is the change at least [`DRIFT_THAT_MATTERS`], and beyond chance (Mann–Whitney, 1 %)?
    pub drifts: bool,
    /// Is `lag1` beyond chance (1 %)?
    pub correlated: bool,
}

/// `values` in the order of time.
pub fn drift(values: &[f64]) -> Drift {
    let n = values.len();
    let third = n / 3;
    if third < 2 {
        return Drift { change: None, lag1: None, drifts: false, correlated: false };
    }
    let (first, last) = (&values[..third], &values[n - third..]);
    let change = relative_change(first, last);
    let beyond_chance = mann_whitney_z(first, last).abs() > Z_ONE_PERCENT;
    let lag1 = lag1(values);
    Drift {
        change,
        lag1,
        drifts: beyond_chance && change.is_some_and(|c| c.abs() >= DRIFT_THAT_MATTERS),
        correlated: lag1.is_some_and(|r| r.abs() > Z_ONE_PERCENT / (n as f64).sqrt()),
    }
}

fn relative_change(first: &[f64], last: &[f64]) -> Option<f64> {
    let (before, after) = (median(first)?, median(last)?);
    (before > 0.0).then(|| after / before - 1.0)
}

/// Of ranks (Bartels, JASA 1982): one spike would fill the variance of the values and hide that all others follow
/// their neighbours.
fn lag1(values: &[f64]) -> Option<f64> {
    let ranks = ranks(values);
    let mean = (values.len() + 1) as f64 / 2.0;
    let spread: f64 = ranks.iter().map(|r| (r - mean).powi(2)).sum();
    let together: f64 = ranks.windows(2).map(|w| (w[0] - mean) * (w[1] - mean)).sum();
    (spread > 0.0).then(|| together / spread)
}

/// The largest effect that the arm before had on an arm's samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Predecessor {
    /// Samples after this one are the fastest …
    pub faster_after: String,
    /// … and after this one the slowest.
    pub slower_after: String,
    /// Difference of their medians, relative to the arm's own median.
    pub relative: f64,
    /// Above the noise floor and beyond chance (Mann–Whitney, 0.27 %)?
    pub flagged: bool,
}

/// `samples`: (what ran just before, value). `floor`: the relative noise floor of the metric. None: fewer than two
/// predecessors with 8 samples each, or a median that is not positive. Give it values relative to their block where
/// blocks differ much: the variation of blocks hides the effect.
pub fn predecessor(samples: &[(&str, f64)], floor: f64) -> Option<Predecessor> {
    let mut groups: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (before, value) in samples.iter().filter(|(before, _)| !before.is_empty()) {
        groups.entry(before).or_default().push(*value);
    }
    groups.retain(|_, values| values.len() >= N_PER_PREDECESSOR);
    let medians = groups.iter().filter_map(|(name, values)| Some((median(values)?, *name)));
    let (fast, faster_after) = medians.clone().min_by(|a, b| a.0.total_cmp(&b.0))?;
    let (slow, slower_after) = medians.max_by(|a, b| a.0.total_cmp(&b.0))?;
    let all = quantile(&sorted(&groups.values().flatten().copied().collect::<Vec<_>>()), 0.5);
    if groups.len() < 2 || all <= 0.0 {
        return None;
    }
    let relative = (slow - fast) / all;
    let beyond_chance = mann_whitney_z(&groups[faster_after], &groups[slower_after]) > Z_MANY_COMPARISONS;
    Some(Predecessor {
        faster_after: faster_after.into(),
        slower_after: slower_after.into(),
        relative,
        flagged: relative > floor && beyond_chance,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1 … n in an order without trend: multiplication by 7 modulo a prime.
    fn shuffled(n: u32) -> Vec<f64> {
        (1..=n).map(|i| f64::from(i * 7 % 31)).collect()
    }

    #[test]
    fn a_machine_that_warms_up_is_flagged() {
        let values: Vec<f64> = shuffled(30).iter().enumerate().map(|(i, v)| 1000.0 + v + 4.0 * i as f64).collect();
        let found = drift(&values);
        assert!(found.drifts && found.correlated, "{found:?}");
        assert!((found.change.unwrap() - 0.08).abs() < 0.01, "{found:?}");
    }

    #[test]
    fn drift_too_small_to_matter_or_by_chance_is_not_flagged() {
        let small: Vec<f64> = shuffled(30).iter().enumerate().map(|(i, v)| 10_000.0 + v + 4.0 * i as f64).collect();
        assert!(!drift(&small).drifts && drift(&small).correlated, "0.8 % is seen, and is no drift that matters");
        let noisy = drift(&shuffled(30));
        assert!(!noisy.drifts && !noisy.correlated, "{noisy:?}");
    }

    #[test]
    fn one_spike_does_not_hide_correlation() {
        let mut values: Vec<f64> = (0..30).map(f64::from).collect();
        values[15] = 1e9;
        assert!(drift(&values).lag1.unwrap() > 0.6);
    }

    #[test]
    fn few_or_equal_values_tell_nothing() {
        assert_eq!(drift(&[1.0; 5]), Drift { change: None, lag1: None, drifts: false, correlated: false });
        let equal = drift(&[1.0; 9]);
        assert_eq!((equal.change, equal.lag1), (Some(0.0), None));
    }

    fn after(before: &'static str, from: f64) -> impl Iterator<Item = (&'static str, f64)> {
        (0..12).map(move |i| (before, from + f64::from(i)))
    }

    #[test]
    fn an_arm_that_leaves_something_behind_is_named() {
        let samples: Vec<_> = after("container", 114.0).chain(after("process", 100.0)).chain([("", 9.0)]).collect();
        let found = predecessor(&samples, 0.05).unwrap();
        assert_eq!((found.faster_after.as_str(), found.slower_after.as_str()), ("process", "container"));
        assert!(found.flagged && (found.relative - 14.0 / 112.5).abs() < 1e-9, "{found:?}");
        assert!(!predecessor(&samples, 0.2).unwrap().flagged, "below the noise floor");
    }

    #[test]
    fn a_difference_by_chance_and_small_groups_are_not_flagged() {
        let alike: Vec<_> = after("a", 100.0).chain(after("b", 101.0)).collect();
        assert!(!predecessor(&alike, 0.0).unwrap().flagged);
        let few: Vec<_> = after("a", 100.0).chain(after("b", 200.0).take(7)).collect();
        assert_eq!(predecessor(&few, 0.0), None);
    }
}
