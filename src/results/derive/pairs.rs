//! What a results file says about two arms.
//!
//! ```text
//! every arm        against the base: the first arm of the experiment, or the one that --base names
//! arm with knobs   against the same environment without them
//! container        against each virtual machine: the question that everybody came with
//! ```

use super::super::query::{floor_of, kind_of, summary, values_of};
use super::super::schema::{Cell, Comparison, Interval, Run, Status};
use super::kept::comparisons;
use crate::error::{Error, Result};
use crate::id::ArmId;
use crate::lang::Lang;
use crate::model::Kind;
use crate::said;
use crate::stats::paired::{self, Verdict};

/// Why two arms are held against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    Base,
    /// The same environment without knobs.
    OwnBase,
    /// A container against a virtual machine.
    Machine,
}

/// One arm against another, in one metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    pub relation: Relation,
    pub base: ArmId,
    pub arm: ArmId,
    pub pairs: usize,
    /// Median of `arm / base` within blocks, with its interval.
    pub ratio: Interval,
    /// Median of `arm − base` within blocks, in the unit of the metric.
    pub difference: Interval,
    pub verdict: Verdict,
    /// Median of the arm by the median of the base, each over its own blocks.
    pub quotient: Option<f64>,
    pub floor: Option<f64>,
    /// See [`smallest_difference`].
    pub smallest: Option<f64>,
}

/// Two medians of three digits each: the quotient of what is shown may be off by so much.
const ROUNDED: f64 = 0.02;

impl Pair {
    /// `(arm − base) / base` of the two medians.
    pub fn relative(&self) -> Option<f64> {
        self.quotient.map(|quotient| quotient - 1.0)
    }

    /// `(base − arm) / base`, paired: 0.38 = the arm is 38 % below its base.
    pub fn below(&self) -> f64 {
        1.0 - self.ratio.median
    }

    /// The quotient of the two medians, where it lies outside of the paired ratio's interval, by more than equal arms
    /// differ and than rounding hides: the machine was noisy, and the two medians are of blocks that met different noise.
    pub fn quotient_apart(&self) -> Option<f64> {
        let (low, high) = self.ratio.low.zip(self.ratio.high)?;
        let apart = |q: &f64| (q / self.ratio.median - 1.0).abs() > self.floor.unwrap_or(0.0).max(ROUNDED);
        self.quotient.filter(|q| *q < low || high < *q).filter(apart)
    }
}

/// All that this cell is held against in one metric, the base first. The A/A twin is held against nothing here: it has
/// the noise floor.
pub fn pairs(run: &Run, cell: &Cell, metric: &str) -> Vec<Pair> {
    if cell.arm.is_repeated() {
        return Vec::new();
    }
    let same = |c: &&Comparison| {
        c.experiment == cell.experiment && c.metric == metric && c.arm == cell.arm && c.case == cell.case
    };
    let first = run.comparisons.iter().find(same).and_then(|c| from_file(run, cell, c));
    let mut all: Vec<Pair> = first.into_iter().collect();
    let alike = |c: &&Cell| c.experiment == cell.experiment && c.case == cell.case && !c.arm.is_repeated();
    let is_own = |c: &&Cell| cell.arm.has_knobs() && c.arm == cell.arm.environment();
    let own = run.cells.iter().filter(alike).find(is_own);
    let machines = run.cells.iter().filter(alike).filter(|c| kind_of(run, &c.arm) == Kind::Machine);
    let machines = machines.filter(|_| kind_of(run, &cell.arm).is_container());
    let others = own.map(|c| (c, Relation::OwnBase)).into_iter().chain(machines.map(|c| (c, Relation::Machine)));
    for (base, relation) in others {
        if all.iter().all(|p| p.base != base.arm) {
            all.extend(pair(run, base, cell, metric, relation));
        }
    }
    all
}

/// The comparison that the file holds.
fn from_file(run: &Run, cell: &Cell, c: &Comparison) -> Option<Pair> {
    let base = run.cells.iter().find(|b| b.experiment == c.experiment && b.arm == c.base && b.case == c.case)?;
    let verdict = match (c.ratio.low, c.detectable) {
        (None, _) => Verdict::TooFewPairs,
        (_, false) => Verdict::NoDifferenceDetectable,
        _ if c.ratio.median > 1.0 => Verdict::Larger,
        _ => Verdict::Smaller,
    };
    let numbers = Numbers { pairs: c.pairs, ratio: c.ratio, difference: c.difference, verdict };
    Some(assembled(run, base, cell, &c.metric, Relation::Base, numbers))
}

/// Two cells of one experiment, from their samples, in the same way as the comparisons of the file.
fn pair(run: &Run, base: &Cell, cell: &Cell, metric: &str, relation: Relation) -> Option<Pair> {
    let found = compared(base, cell, metric)?;
    let floor = floor_of(&run.noise, &cell.experiment, metric);
    let numbers = Numbers {
        pairs: found.pairs,
        ratio: found.ratio?,
        difference: found.difference,
        verdict: found.verdict(floor.unwrap_or(0.0)),
    };
    Some(assembled(run, base, cell, metric, relation, numbers))
}

/// Two cells within blocks, from their samples alone: of a file whose summaries nobody vouches for.
pub fn compared(base: &Cell, cell: &Cell, metric: &str) -> Option<paired::Comparison> {
    paired::compare(&paired::pair(&values_of(base, metric), &values_of(cell, metric)))
}

/// `part / whole` of one cell, sample by sample.
pub fn shares(cell: &Cell, part: &str, whole: &str) -> Option<Interval> {
    paired::compare(&paired::pair(&values_of(cell, whole), &values_of(cell, part)))?.ratio
}

struct Numbers {
    pairs: usize,
    ratio: Interval,
    difference: Interval,
    verdict: Verdict,
}

fn assembled(run: &Run, base: &Cell, cell: &Cell, metric: &str, relation: Relation, numbers: Numbers) -> Pair {
    let Numbers { pairs, ratio, difference, verdict } = numbers;
    let median = |cell: &Cell| summary(run, cell, metric).map(|s| s.interval.median);
    let floor = floor_of(&run.noise, &cell.experiment, metric);
    let comparable = is_whole(base, metric) && is_whole(cell, metric);
    Pair {
        relation,
        base: base.arm.clone(),
        arm: cell.arm.clone(),
        pairs,
        ratio,
        difference,
        verdict: if comparable { verdict } else { Verdict::NotComparable },
        quotient: median(cell).zip(median(base)).map(|(arm, base)| arm / base).filter(|q| q.is_finite()),
        floor,
        smallest: smallest_difference(&ratio, floor).filter(|_| comparable),
    }
}

/// Private memory stands for the whole only beside the kernel's part. Where no memory cgroup could be written to (an
/// ordinary user) there is none, and just what sets a container and a virtual machine apart, namespaces, cgroups and
/// what KVM holds, is in nobody's number.
pub fn is_whole(cell: &Cell, metric: &str) -> bool {
    const OF_PARTS: [&str; 2] = ["private", "lack_of_fit"];
    let measured = |metric: &str| cell.columns.values.get(metric).is_some_and(|c| c.iter().any(Option::is_some));
    cell.experiment != "memory" || !OF_PARTS.contains(&metric) || measured("per_instance") || measured("host_bytes")
}

/// A test with 5 % false alarms sees a true difference of 2.8 standard errors in 80 % of repetitions (Bloom, "Minimum
/// Detectable Effects", Evaluation Review 19, 1995); half of a 95 % interval is 1.96 of them.
const POWER_80: f64 = (1.96 + 0.84) / 1.96;

/// The smallest difference between the two arms that this run would have seen in 4 of 5 repetitions: from half the
/// interval of their paired ratio; never less than the noise floor, below which nothing is called a difference.
pub fn smallest_difference(ratio: &Interval, floor: Option<f64>) -> Option<f64> {
    let (low, high) = ratio.low.zip(ratio.high)?;
    let half = (high - low) / 2.0 / ratio.median;
    Some((POWER_80 * half).max(floor.unwrap_or(0.0))).filter(|d| d.is_finite())
}

/// The same run with another base; nothing else in it moves.
pub fn with_base(mut run: Run, base: &str) -> Result<Run> {
    let measured = |c: &&Cell| c.status == Status::Measured;
    if !run.cells.iter().filter(measured).any(|c| c.arm == base) {
        let mut arms: Vec<&str> = Vec::new();
        for cell in run.cells.iter().filter(measured) {
            if !arms.contains(&cell.arm.as_str()) {
                arms.push(&cell.arm);
            }
        }
        let cause = match run.cells.iter().find(|c| c.arm == base) {
            Some(cell) => {
                let (en, ko) = (cell.reason_in(Lang::En), cell.reason_in(Lang::Ko));
                said!("it was not measured in this run: {en}", "이 실행에서 측정되지 않음: {ko}")
            }
            None => said!("this run has no such arm", "이 실행에는 그런 대상이 없음"),
        };
        let error =
            Error::usage(said!("compare with the base {base:?}", "기준 {base:?}과(와) 비교할 수 없습니다"), cause);
        return Err(error.try_this(said!(
            "one of its arms: {arms}",
            "그 대상 가운데 하나를 적으십시오: {arms}",
            arms = arms.join(", ")
        )));
    }
    run.header.plan.base = Some(base.into());
    run.comparisons = comparisons(Some(base), &run.cells, &run.noise);
    Ok(run)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
