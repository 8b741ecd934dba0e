//! Two arms, compared within blocks.
//!
//! In one block both arms met the same machine: the same frequency, the same neighbours, the same caches. What the
//! block did to both drops out of the difference, and what remains is one value per block.

use std::collections::BTreeMap;

use super::interval::{Interval, median_interval};
use super::median;

/// One arm against a base.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    pub pairs: usize,
    /// Median of `arm / base` over blocks; None when a base is 0 or negative: no ratio has a meaning there.
    pub ratio: Option<Interval>,
    /// Median of `arm − base` over blocks, in the unit of the values.
    pub difference: Interval,
}

/// What may be said about two arms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Larger,
    Smaller,
    /// The interval contains "equal", or the difference is below the noise floor.
    NoDifferenceDetectable,
    /// Too few pairs for an interval.
    TooFewPairs,
    /// The two numbers leave out different things: which is larger says nothing.
    NotComparable,
}

impl Verdict {
    pub fn sentence(self) -> &'static str {
        match self {
            Verdict::Larger => "larger",
            Verdict::Smaller => "smaller",
            Verdict::NoDifferenceDetectable => "no difference detectable",
            Verdict::TooFewPairs => "too few blocks to tell",
            Verdict::NotComparable => "not comparable",
        }
    }

    pub fn detectable(self) -> bool {
        matches!(self, Verdict::Larger | Verdict::Smaller)
    }
}

impl Comparison {
    /// `floor`: relative, from [`super::noise`]; 0.02 = 2 %. A difference must be clear of "equal" *and* larger than
    /// what two equal arms showed in this run. Where no ratio exists, the floor cannot be applied and is not.
    pub fn verdict(&self, floor: f64) -> Verdict {
        let (found, equal, floor) = match &self.ratio {
            Some(ratio) => (ratio, 1.0, floor),
            None => (&self.difference, 0.0, 0.0),
        };
        let effect = found.median - equal;
        match found.ends() {
            None => Verdict::TooFewPairs,
            Some(_) if !found.excludes(equal) || effect.abs() <= floor => Verdict::NoDifferenceDetectable,
            Some(_) if effect > 0.0 => Verdict::Larger,
            Some(_) => Verdict::Smaller,
        }
    }
}

/// `pairs`: (base, arm), one pair per block. None for no pairs.
pub fn compare(pairs: &[(f64, f64)]) -> Option<Comparison> {
    let differences: Vec<f64> = pairs.iter().map(|(base, arm)| arm - base).collect();
    Some(Comparison { pairs: pairs.len(), ratio: ratio(pairs), difference: median_interval(&differences)? })
}

pub(super) fn ratio(pairs: &[(f64, f64)]) -> Option<Interval> {
    if pairs.iter().any(|(base, _)| *base <= 0.0) {
        return None;
    }
    let ratios: Vec<f64> = pairs.iter().map(|(base, arm)| arm / base).collect();
    median_interval(&ratios)
}

/// Brings the samples of two arms together by block, in order of blocks. A block in which an arm has no sample (it
/// failed) gives no pair; several samples of one arm in one block count as one, their median.
pub fn pair(base: &[(u32, f64)], arm: &[(u32, f64)]) -> Vec<(f64, f64)> {
    let arm = by_block(arm);
    let pairs = by_block(base).into_iter().filter_map(|(block, base)| Some((base, *arm.get(&block)?)));
    pairs.collect()
}

/// One value per block: the median of its samples.
pub fn by_block(samples: &[(u32, f64)]) -> BTreeMap<u32, f64> {
    let mut blocks: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for (block, value) in samples {
        blocks.entry(*block).or_default().push(*value);
    }
    blocks.into_iter().filter_map(|(block, values)| Some((block, median(&values)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_made_by_block_and_holes_are_left_out() {
        let base = [(2, 20.0), (0, 10.0), (1, 15.0), (2, 22.0)];
        let arm = [(0, 11.0), (2, 30.0), (3, 99.0)];
        assert_eq!(pair(&base, &arm), [(10.0, 11.0), (21.0, 30.0)]);
    }

    #[test]
    fn what_a_block_does_to_both_drops_out() {
        let pairs: Vec<_> = (1..=20).map(|b| (f64::from(b), f64::from(b) * 1.5)).collect();
        let c = compare(&pairs).unwrap();
        let ratio = c.ratio.unwrap();
        assert_eq!((ratio.median, ratio.ends()), (1.5, Some((1.5, 1.5))));
        assert_eq!(c.difference.median, 5.25);
        assert_eq!(c.verdict(0.1), Verdict::Larger);
        assert_eq!(c.verdict(0.6), Verdict::NoDifferenceDetectable, "below the noise floor");
    }

    #[test]
    fn a_smaller_arm_and_too_few_pairs() {
        let pairs: Vec<_> = (1..=6).map(|b| (f64::from(b) + 1.0, f64::from(b))).collect();
        assert_eq!(compare(&pairs).unwrap().verdict(0.0), Verdict::Smaller);
        assert_eq!(compare(&pairs[..5]).unwrap().verdict(0.0), Verdict::TooFewPairs);
        assert_eq!(compare(&[]), None);
    }

    #[test]
    fn a_base_of_zero_has_a_difference_but_no_ratio() {
        let c = compare(&[(0.0, 2.0); 8]).unwrap();
        assert_eq!(c.ratio, None);
        assert_eq!(c.verdict(0.5), Verdict::Larger, "two mounts more than none");
    }
}
