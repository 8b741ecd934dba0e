//! When did what end: marks on the host's CLOCK_MONOTONIC.
//!
//! The first mark is t0; every later mark *ends* a stage:
//!
//! ```text
//! t0        Create      Isolate      Load     Enter     (Boot)     Ready      Exit    Reap
//! |-----------|------------|-----------|---------|---------|---------|---------|-------|
//!  make the    give it its  bring the   jump to   a guest's  until it  until it  until all
//!  object      own view     program in  it        own OS     says so   ends      is gone
//! ```
//!
//! An environment may lack some stages, and may put several labelled marks into one. This is the data; what reads the clock
//! is in `sys::clock`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// The vocabulary that all environments share, in order of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    Create,
    Isolate,
    Load,
    Enter,
    /// An operating system starts in a guest; elsewhere there is none to start.
    Boot,
    Ready,
    Exit,
    Reap,
}

impl Stage {
    pub const ALL: [Stage; 8] =
        [Stage::Create, Stage::Isolate, Stage::Load, Stage::Enter, Stage::Boot, Stage::Ready, Stage::Exit, Stage::Reap];

    pub fn name(self) -> &'static str {
        match self {
            Stage::Create => "create",
            Stage::Isolate => "isolate",
            Stage::Load => "load",
            Stage::Enter => "enter",
            Stage::Boot => "boot",
            Stage::Ready => "ready",
            Stage::Exit => "exit",
            Stage::Reap => "reap",
        }
    }
}

/// The end of one stage (or of a labelled part of it), in nanoseconds of CLOCK_MONOTONIC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    pub stage: Stage,
    pub label: Cow<'static, str>,
    pub at_ns: u64,
}

/// t0 and the marks after it, in order of time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    pub t0_ns: u64,
    pub marks: Vec<Mark>,
}

impl Timeline {
    /// A timeline that has not begun; room for the marks is made now, not while we measure.
    pub fn new() -> Timeline {
        Timeline { t0_ns: 0, marks: Vec::with_capacity(24) }
    }

    /// Ends a stage at a time that was stamped elsewhere (in a container's child, by a script). Marks are kept in
    /// order of time: what a child stamped comes before what its parent saw later.
    pub fn mark_at(&mut self, stage: Stage, label: impl Into<Cow<'static, str>>, at_ns: u64) {
        let place = self.marks.partition_point(|m| m.at_ns <= at_ns);
        self.marks.insert(place, Mark { stage, label: label.into(), at_ns });
    }

    /// From t0 to the last mark of `stage`; None when the environment has no such stage.
    pub fn until_ns(&self, stage: Stage) -> Option<u64> {
        let last = self.marks.iter().rev().find(|m| m.stage == stage)?;
        Some(last.at_ns.saturating_sub(self.t0_ns))
    }

    /// From the last mark of one stage to the last mark of another.
    pub fn between_ns(&self, from: Stage, to: Stage) -> Option<u64> {
        Some(self.until_ns(to)?.saturating_sub(self.until_ns(from)?))
    }

    /// Every mark with the time since the one before it, in order.
    pub fn steps(&self) -> impl Iterator<Item = (&Mark, u64)> {
        let mut before = self.t0_ns;
        self.marks.iter().map(move |m| {
            let took = m.at_ns.saturating_sub(before);
            before = m.at_ns.max(before);
            (m, took)
        })
    }

    /// Time spent in each stage that has a mark, in order of first appearance. The sum is the time to the last mark.
    pub fn stages(&self) -> Vec<(Stage, u64)> {
        let mut sums: Vec<(Stage, u64)> = Vec::new();
        for (mark, took) in self.steps() {
            match sums.iter_mut().find(|(stage, _)| *stage == mark.stage) {
                Some((_, sum)) => *sum += took,
                None => sums.push((mark.stage, took)),
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Timeline {
        let mut t = Timeline { t0_ns: 100, marks: Vec::new() };
        t.mark_at(Stage::Create, "clone3", 150);
        t.mark_at(Stage::Ready, "record read", 400);
        t.mark_at(Stage::Isolate, "in the child", 300);
        t
    }

    #[test]
    fn marks_are_kept_in_order_of_time() {
        let order: Vec<_> = example().marks.iter().map(|m| m.stage).collect();
        assert_eq!(order, [Stage::Create, Stage::Isolate, Stage::Ready]);
    }

    #[test]
    fn stages_sum_to_the_total() {
        let t = example();
        assert_eq!(t.stages().iter().map(|(_, ns)| ns).sum::<u64>(), t.until_ns(Stage::Ready).unwrap());
        assert_eq!(t.between_ns(Stage::Create, Stage::Ready), Some(250));
        assert_eq!(t.until_ns(Stage::Reap), None);
    }
}
