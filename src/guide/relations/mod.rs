//! The relations of the chapters: two measured things of the reader's own run stand to each other as the chapter says. A
//! sign, an order, a set, a slope, a sum: never a time or a size.

mod ch00;
mod ch01;
mod ch02;
mod ch06;
mod ch07;

use super::chapters::Check;
use super::claims::terms::Named;
use super::outcome::{Evidence, Kind, Outcome, Status};
use crate::lang::Lang;
use crate::results::schema::{Cell, Run};

/// What one relation looks at.
struct Case<'a> {
    runs: &'a [Named<'a>],
    /// The text of the chapter's card.toml; empty when there is none.
    card: &'a str,
    lang: Lang,
}

/// What one relation found.
struct Found {
    status: Status,
    why: String,
    fix: String,
    evidence: Vec<Evidence>,
}

type Relation = fn(&Case) -> Found;

/// Every relation that a chapter's data may name.
const ALL: &[(&str, Relation)] = &[
    ("ch00-relation-width", ch00::width),
    ("ch00-relation-order", ch00::order),
    ("ch01-relation-namespaces", ch01::namespaces),
    ("ch01-relation-kernels", ch01::kernels),
    ("ch01-relation-net", ch01::net),
    ("ch02-relation-stages", ch02::stages),
    ("ch06-relation-null-call", ch06::null_call),
    ("ch07-relation-slopes", ch07::slopes),
    ("ch07-relation-parts", ch07::parts),
];

/// Their ids, so that a test can hold the chapters to them.
pub fn ids() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|(id, _)| *id)
}

/// `card`: the text of the chapter's card.toml, for the one relation that a card may satisfy.
pub fn check(check: &Check, card: &str, runs: &[Named], lang: Lang) -> Outcome {
    let case = Case { runs, card, lang };
    let found = match ALL.iter().find(|(id, _)| *id == check.id) {
        Some((_, relation)) => relation(&case),
        None => case.open(lang.choose("it is not in this version.", "이 버전에는 없습니다.").into(), String::new()),
    };
    let passed = found.status == Status::Pass;
    Outcome {
        id: check.id.clone(),
        kind: Kind::Relation,
        status: found.status,
        points: if passed { check.points } else { 0 },
        possible: check.points,
        why: found.why,
        fix: found.fix,
        explanation: if passed { check.explanation.of(lang).to_owned() } else { String::new() },
        evidence: found.evidence,
    }
}

impl Case<'_> {
    fn say<T>(&self, english: T, korean: T) -> T {
        self.lang.choose(english, korean)
    }

    /// What it needs was not measured.
    #[expect(clippy::unused_self, reason = "reads beside decide()")]
    fn open(&self, why: String, fix: String) -> Found {
        Found { status: Status::NotDecided, why, fix, evidence: Vec::new() }
    }

    fn not_measured(&self, what: &str, fix: &str) -> Found {
        let why = self.say(format!("no file here holds {what}."), format!("{what} 값이 들어 있는 파일이 없습니다."));
        self.open(why, fix.into())
    }

    fn decide(&self, holds: bool, why: (String, String), fix: (String, String), evidence: Vec<Evidence>) -> Found {
        let status = if holds { Status::Pass } else { Status::Fail };
        let fix = if holds { String::new() } else { self.say(fix.0, fix.1) };
        Found { status, why: self.say(why.0, why.1), fix, evidence }
    }

    /// Measured cells of an experiment, each with its file and run.
    fn cells<'a>(&'a self, experiment: &'a str) -> impl Iterator<Item = (&'a str, &'a Run, &'a Cell)> {
        use crate::results::schema::Status::Measured;
        self.runs.iter().flat_map(move |(file, run)| {
            let measured = run.cells.iter().filter(move |c| c.experiment == experiment && c.status == Measured);
            measured.map(move |cell| (file.as_str(), *run, cell))
        })
    }
}

fn evidence(file: &str, cell: &Cell, found: String) -> Evidence {
    Evidence { file: file.into(), cell: cell.id.clone(), sha256: cell.hash.clone(), found }
}

#[cfg(test)]
mod tests;
