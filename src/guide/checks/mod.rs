//! `guide check`: every check of a chapter on the files in use. Each gives a status, points, the reason, what to do, and
//! where it looked; nothing here measures, and no verdict is a constant.

pub mod card;
mod floor;
mod prediction;
pub(in crate::guide) mod quoted;
pub(in crate::guide) mod run;
mod says;
mod sentence;
mod work;
mod written;

use std::cell::LazyCell;
use std::path::{Path, PathBuf};

use super::chapters::{Check, Data};
use super::claims::terms::Named;
use super::files::Results;
use super::outcome::{Evidence, Kind, Outcome, Status};
use super::predictions::Log;
use super::relations;
use super::state::{Checked, Progress};
use super::work::CARD;
use crate::error::{Error, Result};
use crate::id::CellId;
use crate::lang::Lang;
use crate::results::read::text_if_there;

/// Whose data it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    Own,
    /// A machine below `results/reference/`, by its name there.
    Reference(String),
}

impl Source {
    /// "own" or "reference".
    pub fn name(&self) -> &'static str {
        match self {
            Source::Own => "own",
            Source::Reference(_) => "reference",
        }
    }
}

/// Results files that are read when they are first needed.
pub type Quotable = LazyCell<Vec<Results>, Box<dyn FnOnce() -> Vec<Results>>>;

/// Everything that the checks of one chapter look at.
pub struct Case<'a> {
    pub chapter: u32,
    pub data: &'a Data,
    pub log: &'a Log,
    pub results: &'a [Results],
    /// Own runs that are younger than the prediction: a card may quote each of them. Read when the first card needs them.
    pub quotable: &'a Quotable,
    pub source: &'a Source,
    /// The folder with the reader's work.
    pub work_dir: Option<PathBuf>,
    pub lang: Lang,
    /// How isolab was called: printed commands begin with it.
    pub called: &'a str,
    /// The page's first command that measures.
    pub bench: &'a str,
    pub limits: super::work::Limits,
}

/// What all checks of a chapter found.
pub struct Grades {
    pub outcomes: Vec<Outcome>,
    pub points: u32,
    /// Of the checks that could be decided.
    pub possible: u32,
}

impl Grades {
    fn of(outcomes: Vec<Outcome>) -> Grades {
        let decided = |o: &&Outcome| o.status != Status::NotDecided;
        let possible = outcomes.iter().filter(decided).map(|o| o.possible).sum();
        Grades { points: outcomes.iter().map(|o| o.points).sum(), possible, outcomes }
    }

    /// All that could be decided was passed.
    pub fn is_full(&self) -> bool {
        self.possible > 0 && self.points == self.possible && !self.any(Status::Fail)
    }

    pub fn any(&self, status: Status) -> bool {
        self.outcomes.iter().any(|o| o.status == status)
    }

    /// What is remembered of it.
    pub fn checked(&self, source: &Source) -> Checked {
        Checked {
            points: self.points,
            possible: self.possible,
            data: source.name().into(),
            statuses: self.outcomes.iter().map(|o| (o.id.clone(), o.status)).collect(),
        }
    }
}

/// Every check of the chapter, in the order of its file.
pub fn check(case: &Case, progress: &mut Progress) -> Grades {
    Grades::of(case.data.checks.iter().map(|check| as_called(case, one(case, check, progress))).collect())
}

/// A relation or a claim knows the command that it needs, not how isolab was called.
fn as_called(case: &Case, outcome: Outcome) -> Outcome {
    let line = |line: &str| match line.strip_prefix("isolab bench ") {
        Some(rest) => format!("{} bench {rest}", case.called),
        None => line.to_owned(),
    };
    Outcome { fix: outcome.fix.split('\n').map(line).collect::<Vec<_>>().join("\n"), ..outcome }
}

fn one(case: &Case, check: &Check, progress: &mut Progress) -> Outcome {
    if let Some(later) = &check.later {
        return Outcome { possible: 0, ..undecided(check, later.of(case.lang), "") };
    }
    match check.kind {
        Kind::Prediction => prediction::check(case, check),
        Kind::Run => run::check(case, check),
        Kind::Work => work::check(case, check, progress),
        Kind::Card | Kind::Relation if case.results.is_empty() => no_run(case, check),
        Kind::Card => card(case, check),
        Kind::Relation => relation(case, check),
    }
}

/// Own data is for the reader to make: without any, nothing was concluded from it.
fn no_run(case: &Case, check: &Check) -> Outcome {
    let why = case
        .lang
        .choose("there is no run that holds what this chapter needs", "이 장에 필요한 것을 담은 실행이 없습니다");
    failed(check, why, to_measure(case))
}

/// The page's command, as isolab was called.
fn to_measure(case: &Case) -> String {
    match case.bench.strip_prefix("isolab ") {
        Some(rest) => format!("{} {rest}", case.called),
        None => format!("{} bench", case.called),
    }
}

/// On the files in use; else on any other own run that follows the prediction, when the card quotes that one.
fn card(case: &Case, check: &Check) -> Outcome {
    let text = match cards(case) {
        Ok(text) => text,
        Err(Error { cause, .. }) => {
            let why = case.lang.choose(
                format!("{CARD} cannot be read: {}", &*cause),
                format!("{CARD} 파일을 읽을 수 없습니다: {}", cause.of(Lang::Ko)),
            );
            return failed(check, why, format!("{} guide reset {}", case.called, case.chapter));
        }
    };
    let in_use = named(case);
    let first = card::check(check, &text, &in_use, case.lang);
    if first.status == Status::Pass || case.source != &Source::Own || card::is_blank(check, &text) {
        return first;
    }
    let others =
        case.quotable.iter().filter(|other| in_use.iter().all(|(_, run)| run.header.id != other.run.header.id));
    for other in others {
        let mut runs: Vec<Named> = vec![(other.name.clone(), &other.run)];
        runs.extend(in_use.iter().cloned());
        let quoted = card::check(check, &text, &runs, case.lang);
        if quoted.status == Status::Pass {
            let name = &other.name;
            let why = case.lang.choose(format!("It quotes {name}: "), format!("{name} 파일을 인용했습니다. "));
            return Outcome { why: why + &quoted.why, ..quoted };
        }
    }
    first
}

fn relation(case: &Case, check: &Check) -> Outcome {
    relations::check(check, &cards(case).unwrap_or_default(), &named(case), case.lang)
}

/// The text of the reader's cards; blank when there is no such file.
fn cards(case: &Case) -> Result<String> {
    let Some(path) = case.work_dir.as_ref().map(|work_dir| work_dir.join(CARD)) else { return Ok(String::new()) };
    Ok(text_if_there(&path)?.unwrap_or_default())
}

/// The files as claims and relations take them.
fn named<'a>(case: &Case<'a>) -> Vec<Named<'a>> {
    case.results.iter().map(|file| (file.name.clone(), &file.run)).collect()
}

/// A path as a reader sees it from the current folder.
pub(super) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).display().to_string()
}

fn outcome(check: &Check, status: Status, why: impl Into<String>, fix: impl Into<String>) -> Outcome {
    Outcome {
        id: check.id.clone(),
        kind: check.kind,
        status,
        points: if status == Status::Pass { check.points } else { 0 },
        possible: check.points,
        why: why.into(),
        fix: fix.into(),
        explanation: String::new(),
        evidence: Vec::new(),
    }
}

fn failed(check: &Check, why: impl Into<String>, fix: impl Into<String>) -> Outcome {
    outcome(check, Status::Fail, why, fix)
}

fn undecided(check: &Check, why: impl Into<String>, fix: impl Into<String>) -> Outcome {
    outcome(check, Status::NotDecided, why, fix)
}

fn passed(check: &Check, why: impl Into<String>, lang: Lang) -> Outcome {
    Outcome { explanation: check.explanation.of(lang).to_owned(), ..outcome(check, Status::Pass, why, "") }
}

/// The whole file, as evidence.
fn whole(file: &Results, found: impl Into<String>) -> Evidence {
    Evidence { file: file.name.clone(), cell: CellId::default(), sha256: file.sha256.clone(), found: found.into() }
}
