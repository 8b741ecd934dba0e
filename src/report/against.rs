//! One arm against another, within blocks: against the first arm of its experiment, and an arm with knobs also against
//! the same environment without them.

use crate::results::schema::{Cell, Comparison, Interval, Run};
use crate::results::summarize::{floor_of, values_of};
use crate::stats::interval::MedianInterval;
use crate::stats::paired::{self, Verdict};

#[derive(Debug, Clone, PartialEq)]
pub struct Against {
    pub base: String,
    /// Is the base the same environment without knobs, and not the first arm?
    pub own_base: bool,
    pub pairs: usize,
    /// Median of `arm / base` within blocks, with its interval.
    pub ratio: Interval,
    /// Median of `arm − base` within blocks, in the unit of the metric.
    pub difference: Interval,
    pub verdict: Verdict,
}

/// All that this cell can be held against, for one metric; the first arm comes first. The A/A twin is held against
/// nothing here: it has the noise floor.
pub fn against(run: &Run, cell: &Cell, metric: &str) -> Vec<Against> {
    if cell.arm.contains('#') {
        return Vec::new();
    }
    let same = |c: &&Comparison| {
        c.experiment == cell.experiment && c.metric == metric && c.arm == cell.arm && c.case == cell.case
    };
    let first = run.comparisons.iter().find(same).map(from_file);
    let first_base = first.as_ref().map(|f| f.base.clone());
    let own = own_base(run, cell).filter(|base| Some(&base.arm) != first_base.as_ref());
    first.into_iter().chain(own.and_then(|base| with_own_base(run, base, cell, metric))).collect()
}

fn from_file(c: &Comparison) -> Against {
    let verdict = match (c.ratio.low, c.detectable) {
        (None, _) => Verdict::TooFewPairs,
        (_, false) => Verdict::NoDifferenceDetectable,
        _ if c.ratio.median > 1.0 => Verdict::Larger,
        _ => Verdict::Smaller,
    };
    let (ratio, difference) = (c.ratio, c.difference);
    Against { base: c.base.clone(), own_base: false, pairs: c.pairs, ratio, difference, verdict }
}

/// `container` for `container:-seccomp`, where the run has it with the same case.
fn own_base<'a>(run: &'a Run, cell: &Cell) -> Option<&'a Cell> {
    let (environment, _) = cell.arm.split_once(':')?;
    run.cells.iter().find(|c| c.experiment == cell.experiment && c.arm == environment && c.case == cell.case)
}

/// The file has comparisons with the first arm only; this one is computed from the same samples in the same way.
fn with_own_base(run: &Run, base: &Cell, cell: &Cell, metric: &str) -> Option<Against> {
    let found = paired::compare(&paired::pair(&values_of(base, metric), &values_of(cell, metric)))?;
    let floor = floor_of(&run.noise, &cell.experiment, metric).unwrap_or(0.0);
    let ratio = found.ratio?;
    let interval =
        |i: MedianInterval| Interval { median: i.median, low: i.ends.map(|e| e.0), high: i.ends.map(|e| e.1) };
    Some(Against {
        base: base.arm.clone(),
        own_base: true,
        pairs: found.pairs,
        ratio: interval(ratio),
        difference: interval(found.difference),
        verdict: found.verdict(floor),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::example::{run, weather};

    fn with_knob() -> Run {
        let arms = [
            ("process", "process", None),
            ("process#2", "process, once more", None),
            ("container", "our container, no image, no engine", None),
            ("container:-seccomp", "our container, no image, no engine (-seccomp)", None),
        ];
        run(&arms, &[("boot", "create_to_ready", "ns", "lower")], 30, |arm, _, block| {
            let times = match arm {
                "container" => 8.0,
                "container:-seccomp" => 6.0,
                _ => 1.0,
            };
            Some(200_000.0 * times * weather(arm, block))
        })
    }

    #[test]
    fn an_arm_with_a_knob_is_also_held_against_itself_without_it() {
        let run = with_knob();
        let cell = run.cells.iter().find(|c| c.arm == "container:-seccomp").unwrap();
        let found = against(&run, cell, "create_to_ready");
        assert_eq!(
            found.iter().map(|a| (a.base.as_str(), a.own_base)).collect::<Vec<_>>(),
            [("process", false), ("container", true)]
        );
        assert!((found[1].ratio.median - 0.75).abs() < 0.03 && found[1].ratio.low.is_some(), "{found:?}");
        assert_eq!((found[0].verdict, found[1].verdict, found[1].pairs), (Verdict::Larger, Verdict::Smaller, 30));
    }

    #[test]
    fn nothing_is_held_against_the_first_arm_twice_nor_a_twin_against_anything() {
        let run = with_knob();
        let bases = |arm: &str| {
            let cell = run.cells.iter().find(|c| c.arm == arm).unwrap();
            against(&run, cell, "create_to_ready").len()
        };
        assert_eq!(["process", "process#2", "container"].map(bases), [0, 0, 1]);
    }
}
