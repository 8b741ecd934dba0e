//! The results file, `run.json`: schema version 1.
//!
//! A [`Run`] is a [`Header`] (known before the first sample), the [`Cell`]s with every raw sample in columns, and what
//! was computed from them. Nothing in it names the host or its user. Times are nanoseconds, sizes bytes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::older;
use crate::error::Error;
use crate::id::{ArmId, Case, CellId, RunId};
use crate::lang::Lang;
use crate::lang::said::Said;
use crate::model::{AnsweredBy, GuestKernel, Kind, Part, Reach, Unit};
pub use crate::stats::Interval;
use crate::timeline::{Stage, Timeline};

/// The version that this program writes, and the newest that it reads.
pub const SCHEMA: u32 = 1;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Always first, so that a reader of another version can stop here.
    pub schema: u32,
    pub header: Header,
    pub cells: Vec<Cell>,
    /// One per measured cell and metric.
    pub summaries: Vec<Summary>,
    /// Every arm against the plan's base, or the first arm of its experiment, paired within blocks.
    pub comparisons: Vec<Comparison>,
    /// How small a difference this run could have seen.
    pub noise: Vec<NoiseFloor>,
    pub warnings: Vec<Warning>,
    /// How the run ended: "complete", "interrupted", "recovered".
    pub ended: String,
    pub wall_seconds: f64,
    /// Share of the wall time that was neither inside a worker's life nor settling.
    pub harness_share: f64,
}

/// First line of `samples.jsonl`.
#[derive(Debug, Serialize, Deserialize)]
pub struct FirstLine {
    pub schema: u32,
    pub header: Header,
}

/// Everything that was decided or known before the first sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    pub id: RunId,
    /// Start of the run, UTC, RFC 3339.
    pub started: String,
    pub argv: Vec<String>,
    /// How isolab was called, for commands that are printed.
    pub called_as: String,
    pub version: String,
    pub commit: String,
    pub profile: String,
    pub binary_sha256: String,
    pub probe_sha256: String,
    /// SHA-256 of the prediction that was stored before this run, when there was one.
    pub prediction_sha256: Option<String>,
    pub plan: Plan,
    pub arms: Vec<ArmInfo>,
    pub metrics: Vec<MetricInfo>,
    /// Every experiment that this version of isolab knows; empty: see [`Header::all_experiments`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub experiments: Vec<ExperimentInfo>,
    pub host: crate::host::Host,
    /// Effective user id 0?
    pub root: bool,
    pub timer: Timer,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// "quick" or "thorough" or "custom".
    pub mode: String,
    pub seed: u64,
    /// "blocks" (randomised complete blocks) or "sequential" (one arm after the other, to show what that does).
    pub order: String,
    /// The CPU that workers are pinned to; None: not pinned.
    pub cpu: Option<usize>,
    /// Blocks at the start of each experiment that were measured and thrown away.
    pub warmup_blocks: BTreeMap<String, u32>,
    /// How long after each sample we wait, at least, before the next one.
    pub settle_ms: u64,
    pub experiments: Vec<String>,
    /// Ids of every cell, in order: the first of an experiment is what the others are compared with.
    pub cells: Vec<CellId>,
    /// The user's own command, when not the probe was measured.
    pub command: Option<Vec<String>>,
    /// The arm that the others are compared with; None: the first of each experiment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<ArmId>,
}

impl Header {
    /// Those that the isolab of this run knew, asked for or not. A file from before this was kept is of one that knew five.
    pub fn all_experiments(&self) -> Cow<'_, [ExperimentInfo]> {
        let older =
            || older::QUESTIONS.iter().map(|(id, en, ko)| ExperimentInfo::new(id, &Said::fixed(en, ko))).collect();
        if self.experiments.is_empty() { Cow::Owned(older()) } else { (&*self.experiments).into() }
    }
}

/// What an experiment asks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExperimentInfo {
    pub id: String,
    pub question: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question_ko: Option<String>,
}

impl ExperimentInfo {
    pub fn new(id: &str, question: &Said) -> ExperimentInfo {
        let question_ko = question.korean().map(str::to_owned);
        ExperimentInfo { id: id.to_owned(), question: (**question).to_owned(), question_ko }
    }

    pub fn question_in(&self, lang: Lang) -> &str {
        in_korean(&self.question, self.question_ko.as_ref(), lang)
    }
}

/// One thing that was compared, in words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArmInfo {
    pub id: ArmId,
    pub environment: String,
    /// The fair name that legends and sentences use.
    pub name: String,
    /// How records reach the host: "fd" or "port".
    pub channel: String,
    pub t0: String,
    /// KVM backend, for virtual machines.
    pub backend: Option<String>,
    /// What it lacks on this machine, when it runs with less than asked for.
    pub limited: Option<String>,
    /// The remedy for that.
    #[serde(default)]
    pub limited_fix: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limited_ko: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limited_fix_ko: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_ko: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub t0_ko: Option<String>,
    /// What its environment is; see [`ArmInfo::kind`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// Whose code answers its system calls; None: a file from before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<AnsweredBy>,
    /// What its program may use; see [`ArmInfo::reach`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<Reach>,
    /// What it boots, if it boots a kernel of somebody else's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest_kernel: Option<GuestKernel>,
}

impl ArmInfo {
    /// What its environment is. A file from before this was kept says it by the environment's id, and so below.
    pub fn kind(&self) -> Kind {
        self.kind.unwrap_or_else(|| older::kind(&self.environment))
    }

    /// Whose code answers its system calls.
    pub fn answered_by(&self) -> Option<AnsweredBy> {
        self.answered_by.or_else(|| older::answered_by(&self.environment))
    }

    /// What its program may use; None: nobody knows.
    pub fn reach(&self) -> Option<Reach> {
        self.reach.clone().or_else(|| older::reach(&self.id))
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricInfo {
    pub experiment: String,
    pub id: String,
    pub unit: Unit,
    /// Where it starts and where it ends.
    pub definition: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition_ko: Option<String>,
    /// As people call it; None: a file from before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title_ko: Option<String>,
    /// "lower" or "higher" is better; "none" for a count that is neither.
    pub better: String,
    /// Is it one of the few that the closing table shows?
    pub headline: bool,
    /// How many are timed at once, between two readings of the timer; None: each by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_batch: Option<u64>,
}

/// What the clock can tell, measured at the start.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Timer {
    /// Smallest step between two readings of CLOCK_MONOTONIC that differ.
    pub resolution_ns: u64,
    /// Mean cost of one reading.
    pub cost_ns: f64,
    pub tsc_khz: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Measured,
    Skipped,
    Failed,
}

/// One experiment on one arm with one set of values: what was measured, or why it was not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    pub id: CellId,
    pub experiment: String,
    pub arm: ArmId,
    pub case: Case,
    pub status: Status,
    /// Why it was skipped or failed; empty when measured.
    pub reason: String,
    pub fix: String,
    /// The same in Korean; files of before have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_ko: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix_ko: Option<String>,
    pub columns: Columns,
    /// SHA-256 over the hash of the cell before (of the header, for the first) and this cell's samples.
    pub hash: String,
}

impl Cell {
    pub fn reason_in(&self, lang: Lang) -> &str {
        in_korean(&self.reason, self.reason_ko.as_ref(), lang)
    }

    pub fn fix_in(&self, lang: Lang) -> &str {
        in_korean(&self.fix, self.fix_ko.as_ref(), lang)
    }
}

impl MetricInfo {
    /// "create→ready"; its id in words where nobody said how it is called.
    pub fn title_in(&self, lang: Lang) -> String {
        let kept = lang.choose(self.title.as_ref(), self.title_ko.as_ref().or(self.title.as_ref()));
        let older = || older::title(&self.experiment, &self.id).map(|(en, ko)| lang.choose(en, ko).to_owned());
        kept.cloned().or_else(older).unwrap_or_else(|| self.id.replace('_', " "))
    }

    pub fn definition_in(&self, lang: Lang) -> &str {
        kept_or_older(&self.definition, self.definition_ko.as_ref(), lang)
    }
}

impl ArmInfo {
    /// What create→ready starts at.
    pub fn t0_in(&self, lang: Lang) -> &str {
        kept_or_older(&self.t0, self.t0_ko.as_ref(), lang)
    }

    /// The fair name: "our container, no image, no engine (-net), once more". Knobs stay as they are typed.
    pub fn name_in(&self, lang: Lang) -> String {
        match (lang, &self.name_ko) {
            (Lang::En, _) => self.name.clone(),
            (Lang::Ko, Some(name)) => name.clone(),
            (Lang::Ko, None) => older::name(&self.name),
        }
    }

    /// What it lacks, and the remedy.
    pub fn limited_in(&self, lang: Lang) -> Option<(&str, &str)> {
        let reason = in_korean(self.limited.as_ref()?, self.limited_ko.as_ref(), lang);
        let fix = self.limited_fix.as_deref().unwrap_or("isolab doctor");
        Some((reason, in_korean(fix, self.limited_fix_ko.as_ref(), lang)))
    }
}

/// English where neither the file has Korean nor an isolab of before had.
fn kept_or_older<'a>(english: &'a str, korean: Option<&'a String>, lang: Lang) -> &'a str {
    match (lang, korean) {
        (Lang::En, _) => english,
        (Lang::Ko, Some(korean)) => korean,
        (Lang::Ko, None) => older::korean(english).unwrap_or(english),
    }
}

/// English where the file has no Korean.
fn in_korean<'a>(english: &'a str, korean: Option<&'a String>, lang: Lang) -> &'a str {
    korean.filter(|_| lang == Lang::Ko).map_or(english, String::as_str)
}

/// The raw samples of one cell, in the order in which they were taken; every vector has one entry per sample.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Columns {
    pub block: Vec<u32>,
    /// Place within the block, from 0.
    pub place: Vec<u32>,
    /// The cell whose sample was taken just before; empty: none.
    pub before: Vec<CellId>,
    /// Start, in nanoseconds since the first sample of the run.
    pub at_ns: Vec<u64>,
    /// The CPU that its worker was kept on; −1: on none in particular.
    pub cpu: Vec<i32>,
    /// Why a sample failed; a failed sample has no values.
    pub failed: Vec<Option<Error>>,
    pub values: BTreeMap<String, Vec<Option<f64>>>,
    /// Nanoseconds from t0, in order of time, one column per stage and label.
    pub stages: Vec<StageColumn>,
    /// Inner iterations (batches of one worker), or what was weighed at each `n` of the case: never samples of their own.
    pub inner: BTreeMap<String, Vec<Vec<f64>>>,
    /// Parts and objects, for experiments that list them.
    pub parts: Vec<Vec<Part>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageColumn {
    pub stage: Stage,
    pub label: String,
    pub at_ns: Vec<Option<u64>>,
}

/// One sample as a line of `samples.jsonl`; the first line of that file is the [`Header`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SampleLine {
    pub cell: CellId,
    pub block: u32,
    pub place: u32,
    pub before: CellId,
    pub at_ns: u64,
    pub cpu: i32,
    #[serde(flatten)]
    pub outcome: SampleOutcome,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SampleOutcome {
    Ok(Sample),
    Failed(Error),
}

/// What one sample of one cell gave.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    pub values: BTreeMap<String, f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Timeline>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inner: BTreeMap<String, Vec<f64>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    pub cell: CellId,
    pub metric: String,
    pub n: usize,
    #[serde(flatten)]
    pub interval: Interval,
    /// "order statistics, interpolated", or why there is no interval.
    pub method: String,
    pub mean: f64,
    pub std: f64,
    pub min: f64,
    pub max: f64,
    pub p5: f64,
    pub p95: f64,
    /// Only with n ≥ 500; shown only where ten samples lie beyond it, as p5 and p95 too.
    pub p99: Option<f64>,
    /// Tukey's classes: counted, never dropped.
    pub outliers: Outliers,
    /// Last third against first third, relative.
    pub drift: Option<f64>,
    pub lag1: Option<f64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outliers {
    pub low_severe: usize,
    pub low_mild: usize,
    pub high_mild: usize,
    pub high_severe: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    pub experiment: String,
    pub metric: String,
    pub case: Case,
    pub base: ArmId,
    pub arm: ArmId,
    pub pairs: usize,
    /// Median of `arm / base` within blocks.
    pub ratio: Interval,
    /// Median of `arm − base` within blocks.
    pub difference: Interval,
    /// Is the difference larger than the noise floor, and the interval clear of "equal"?
    pub detectable: bool,
}

/// From two arms that are the same: the largest absolute end of the interval of their relative difference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoiseFloor {
    pub experiment: String,
    pub metric: String,
    pub arm: ArmId,
    /// 0.02 = differences below 2 % cannot be told from none.
    pub relative: f64,
}

/// Something that a reader of the numbers must know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// "quick", "drift", "load", "software-kvm", "carry-over", "leak" …
    pub code: String,
    pub text: String,
    /// None: a file from before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_ko: Option<String>,
    /// Does it make the run unfit for publication?
    #[serde(rename = "unfit")]
    pub blocks_publication: bool,
}

impl Warning {
    pub fn new(code: &str, blocks_publication: bool, text: &Said) -> Warning {
        let text_ko = text.korean().map(str::to_owned);
        Warning { code: code.to_owned(), text: (**text).to_owned(), text_ko, blocks_publication }
    }

    pub fn text_in(&self, lang: Lang) -> &str {
        match (lang, &self.text_ko) {
            (Lang::En, _) => &self.text,
            (Lang::Ko, Some(korean)) => korean,
            (Lang::Ko, None) => older::warning(&self.code).unwrap_or(&self.text),
        }
    }

    /// The code of a warning about something that an instance left behind.
    pub const LEAK: &str = "leak";
    /// The code of a warning about processes that a program had left running.
    pub const LEFT_RUNNING: &str = "left-running";
    /// The code of a warning that raw samples were lost before the file was rebuilt.
    pub const LOST: &str = "lost-samples";
    /// The code of a warning that samples were changed after they were saved.
    pub const CHANGED: &str = "changed";
    /// The code of a warning that the kernel logged something during the run.
    pub const KERNEL_LOG: &str = "kernel-log";

    /// The code of a warning that the harness shared the only CPU with what it measured.
    pub const ONE_CPU: &str = "one-cpu";

    /// Seen while the run went on, so that nothing in the file can tell it again.
    pub fn was_seen_at_run_time(&self) -> bool {
        [Self::LEAK, Self::LEFT_RUNNING, Self::LOST, Self::CHANGED, Self::KERNEL_LOG, Self::ONE_CPU]
            .contains(&self.code.as_str())
    }
}
