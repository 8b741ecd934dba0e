//! The questions, one file each. Adding one is a new file and a line in [`ALL`].

mod boot;
mod cpu;
mod inventory;
mod memory;
mod syscall;

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::bench::{Workers, Workload};
use crate::environments::Arm;
use crate::environments::knobs::one_of;
use crate::error::{Error, Result};
use crate::id::{ArmId, Case, CellId};
use crate::lang::Said;
use crate::model::Unit;
use crate::planned;
use crate::results::schema::Sample;
use crate::said;
use crate::sys::clock::monotonic_ns;

/// Every experiment of this version, in the order in which they run.
pub const ALL: &[&dyn Experiment] =
    &[&inventory::Inventory, &boot::Boot, &syscall::Syscall, &cpu::Cpu, &memory::Memory];

/// What an experiment asks, in words, and what it measures.
#[derive(Debug)]
pub struct Question {
    pub id: &'static str,
    /// Ends with a question mark.
    pub question: Said,
    pub metrics: &'static [MetricAbout],
    pub sets: &'static [SetAbout],
    /// Its share of a quick run's time, in hundredths.
    pub quick_percent: u32,
    /// More blocks than this add nothing to a quick run.
    pub quick_blocks: u32,
    /// Blocks at the start of a run that warm caches and are thrown away.
    pub warmup_blocks: u32,
}

#[derive(Debug)]
pub struct MetricAbout {
    pub id: &'static str,
    /// As people call it: "create→ready".
    pub title: Said,
    pub unit: Unit,
    /// Where it starts and where it ends, in words.
    pub definition: Said,
    pub better: Better,
    /// Shown in the closing table.
    pub headline: bool,
    /// How many are timed at once; None: each by itself.
    pub per_batch: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    Lower,
    Higher,
    Neither,
}

impl Better {
    pub fn name(self) -> &'static str {
        match self {
            Better::Lower => "lower",
            Better::Higher => "higher",
            Better::Neither => "none",
        }
    }
}

/// One `--set KEY=LIST`.
#[derive(Debug)]
pub struct SetAbout {
    pub key: &'static str,
    /// As typed; empty: the key is not varied unless asked for.
    pub default: &'static str,
    pub sentence: Said,
}

/// The values of `--set`, by key; each a list.
pub type Sets = BTreeMap<String, Vec<String>>;

/// One arm with one combination of values: what a block runs once.
#[derive(Debug, Clone)]
pub struct CellPlan {
    pub arm: Arm,
    pub case: Case,
    /// The user's own command instead of the probe.
    pub command: Option<Vec<OsString>>,
}

impl CellPlan {
    pub fn new(arm: &Arm) -> CellPlan {
        CellPlan { arm: arm.clone(), case: Case::default(), command: None }
    }

    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> CellPlan {
        self.case.insert(key.into(), value.into());
        self
    }

    pub fn id(&self, experiment: &str) -> CellId {
        CellId::of(experiment, &self.arm.id(), &self.case)
    }
}

/// Takes a sample: its place in the block, when it started (CLOCK_MONOTONIC), and itself.
pub type Sink<'a> = dyn FnMut(usize, u64, Result<Sample>) -> Result<()> + 'a;

pub trait Experiment: Sync {
    fn about(&self) -> &'static Question;
    /// What this experiment needs of an arm, told before anything runs; Err(Unavailable) skips the cell.
    fn workload(&self, cell: &CellPlan) -> Result<Workload>;
    /// One cell per arm, unless `--set` varies something.
    fn cells(&self, arms: &[Arm], sets: &Sets) -> Result<Vec<CellPlan>>;
    /// What these sets leave out of what one would expect, in words.
    fn left_out(&self, _: &[Arm], _: &Sets) -> Vec<Said> {
        Vec::new()
    }
    fn sample(&self, cell: &CellPlan, workers: &mut Workers) -> Result<Sample>;
    /// All cells of one block, in this order; `sink` takes each sample with its place and its start. A failed sample goes
    /// to the sink too; only a signal ends the block.
    fn block(&self, cells: &[&CellPlan], workers: &mut Workers, sink: &mut Sink) -> Result<()> {
        for (place, cell) in cells.iter().enumerate() {
            let at_ns = monotonic_ns();
            let sample = self.sample(cell, workers);
            if let Err(error) = &sample
                && error.is_signal()
            {
                return Err(error.clone());
            }
            sink(place, at_ns, sample)?;
            workers.settle(workers.settle_time)?;
        }
        Ok(())
    }
    /// Arms that the question needs beside those that were asked for.
    fn more_arms(&self, _arms: &[Arm]) -> Vec<ArmId> {
        Vec::new()
    }
    /// Can it measure the user's own command too?
    fn takes_command(&self) -> bool {
        false
    }
}

/// A comma-separated list of ids; None: all of them.
pub fn parse_list(text: Option<&str>) -> Result<Vec<&'static dyn Experiment>> {
    let Some(text) = text else { return Ok(ALL.to_vec()) };
    let mut found: Vec<&'static dyn Experiment> = Vec::new();
    for id in text.split(',').filter(|s| !s.is_empty()) {
        let experiment = find(id)?;
        if !found.iter().any(|e| e.about().id == id) {
            found.push(experiment);
        }
    }
    if found.is_empty() {
        return Err(Error::usage(
            said!("read the list of experiments", "실험 목록을 읽을 수 없습니다"),
            said!("it is empty", "비어 있음"),
        )
        .try_this(Said::english("isolab list")));
    }
    Ok(found)
}

fn find(id: &str) -> Result<&'static dyn Experiment> {
    if let Some(e) = ALL.iter().find(|e| e.about().id == id) {
        return Ok(*e);
    }
    if id == "teardown" {
        return Err(Error::usage(
            said!("use the experiment teardown", "실험 teardown을 쓸 수 없습니다"),
            said!("it is a metric of boot", "boot의 지표임"),
        )
        .try_this(Said::english("-x boot")));
    }
    if planned::EXPERIMENTS.contains(&id) {
        return Err(Error::usage(
            said!("use the experiment {id}", "실험 {id}을(를) 쓸 수 없습니다"),
            planned::NOT_HERE,
        )
        .try_this(Said::english("isolab list")));
    }
    let known: Vec<&str> = ALL.iter().map(|e| e.about().id).collect();
    Err(Error::usage(
        said!("use the experiment {id:?}", "실험 {id:?}을(를) 쓸 수 없습니다"),
        said!("there is none of that name", "그런 이름이 없음"),
    )
    .try_this(one_of(id, &known, said!("experiments", "실험"), &known)))
}

/// Refuses keys that none of the chosen experiments knows.
pub fn check_sets(experiments: &[&dyn Experiment], sets: &Sets) -> Result<()> {
    let known: Vec<&str> = experiments.iter().flat_map(|e| e.about().sets).map(|s| s.key).collect();
    match sets.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(Error::usage(
            said!("use --set {key}=…", "--set {key}=…을 쓸 수 없습니다"),
            said!("none of the chosen experiments has that key", "고른 실험 가운데 그 키를 가진 것이 없음"),
        )
        .try_this(one_of(key, &known, said!("keys", "키"), &known))),
    }
}

/// One cell per arm.
fn a_cell_each(arms: &[Arm]) -> Vec<CellPlan> {
    arms.iter().map(CellPlan::new).collect()
}

/// A sample's values from pairs; a None is simply not there.
fn values<const N: usize>(pairs: [(&str, Option<f64>); N]) -> BTreeMap<String, f64> {
    pairs.into_iter().filter_map(|(k, v)| Some((k.to_owned(), v?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_question_is_told_in_full() {
        for (i, e) in ALL.iter().enumerate() {
            let q = e.about();
            assert!(q.question.ends_with('?'), "{}", q.id);
            assert!(!q.metrics.is_empty(), "{}", q.id);
            assert!(q.metrics.iter().all(|m| m.definition.ends_with('.')), "{}: a definition is a sentence", q.id);
            assert!(ALL[..i].iter().all(|other| other.about().id != q.id), "{} stands twice", q.id);
        }
        assert_eq!(ALL.iter().map(|e| e.about().quick_percent).sum::<u32>(), 100);
    }

    #[test]
    fn a_planned_experiment_is_not_unknown() {
        assert!(find("exits").err().unwrap().cause.contains("not in this version"));
        assert!(find("bot").err().unwrap().try_this.contains("did you mean boot?"));
    }
}
