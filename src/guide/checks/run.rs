//! K2: can conclusions be drawn from these files? Everything follows from the raw samples, nothing was left behind, every
//! sample proved that its program ran, one arm stands twice, and there are enough blocks for an interval.

use super::super::chapters::{Check, Needs};
use super::super::files::{Results, holds};
use super::super::outcome::{Evidence, Outcome};
use super::{Case, Source, failed, no_run, passed, to_measure, undecided, whole};
use crate::lang::counted;
use crate::lang::particles::settled;
use crate::lang::{Lang, Said};
use crate::results::schema::{Cell, Run, Status, Warning};
use crate::results::verify::verify;

/// What is wrong with a file, what to do, and where.
struct Fault {
    why: String,
    fix: Fix,
    evidence: Evidence,
}

enum Fix {
    /// The page's command again.
    Again,
    /// Something else first.
    Words(String),
}

/// One question to a file: None when there is nothing to find fault with.
type Question = fn(&Results, &[&Cell], Lang) -> Option<Fault>;

const QUESTIONS: &[Question] =
    &[follows_from_its_samples, left_nothing_behind, proved_every_sample, has_an_arm_twice, has_enough_blocks];

/// Why no conclusion may be drawn from this file, as the check would say it; None: one may.
pub(in crate::guide) fn fault(file: &Results, needs: &Needs) -> Option<Said> {
    let cells = needed(needs, &file.run);
    let find = |lang| QUESTIONS.iter().rev().find_map(|question| question(file, &cells, lang)); // the dearest comes first there
    let english = find(Lang::En)?;
    Some(Said::from_parts(english.why, find(Lang::Ko).map(|fault| fault.why)))
}

pub(super) fn check(case: &Case, check: &Check) -> Outcome {
    let lang = case.lang;
    if case.results.is_empty() {
        return no_run(case, check);
    }
    let needed: Vec<(&Results, Vec<&Cell>)> =
        case.results.iter().map(|f| (f, needed(&case.data.needs, &f.run))).collect();
    let measured = |(_, cells): &(&Results, Vec<&Cell>)| cells.iter().any(|c| c.status == Status::Measured);
    if !needed.iter().any(measured) {
        return nothing_measured(case, check, &needed);
    }
    for (file, cells) in &needed {
        if let Some(fault) = QUESTIONS.iter().find_map(|question| question(file, cells, lang)) {
            let again = if case.source == &Source::Own { to_measure(case) } else { String::new() };
            let fix = match fault.fix {
                Fix::Again => again,
                Fix::Words(words) => words,
            };
            let why = format!("{}: {}", file.name, fault.why);
            return Outcome { evidence: vec![fault.evidence], ..failed(check, why, fix) };
        }
    }
    let good = lang.choose(
        "all follows from the raw samples; every proof is right, nothing was left behind, one arm stands twice",
        "모든 값이 원시 표본에서 나오고, 모든 증명이 옳고, 남은 것이 없으며, 한 대상이 두 번 들어 있습니다",
    );
    let mut outcome = passed(check, format!("{good}{}", skipped(&needed, lang)), lang);
    outcome.evidence = case.results.iter().map(|file| whole(file, told(&file.run))).collect();
    outcome
}

/// Cells that the chapter needs.
pub(in crate::guide) fn needed<'a>(needs: &Needs, run: &'a Run) -> Vec<&'a Cell> {
    run.cells.iter().filter(|cell| needs.cells.iter().any(|need| holds(need, &cell.id))).collect()
}

fn nothing_measured(case: &Case, check: &Check, needed: &[(&Results, Vec<&Cell>)]) -> Outcome {
    let cell = needed.iter().flat_map(|(_, cells)| cells).next();
    let lang = case.lang;
    if let Some(cell) = cell {
        let reason = cell.reason_in(lang);
        let why = lang.choose(format!("nothing was measured: {reason}"), format!("측정된 것이 없습니다: {reason}"));
        return undecided(
            check,
            why,
            format!("{}\n{} guide check {} --on reference", cell.fix, case.called, case.chapter),
        );
    }
    let needs = case.data.needs.cells.join(", ");
    let why = lang.choose(
        format!("none of the files holds what this chapter needs ({needs})"),
        format!("이 장에 필요한 것({needs})을 담은 파일이 없습니다"),
    );
    failed(check, why, to_measure(case))
}

/// "; not measured here: boot/vm-bare (…)".
fn skipped(needed: &[(&Results, Vec<&Cell>)], lang: Lang) -> String {
    let holes = needed.iter().flat_map(|(_, cells)| cells).filter(|c| c.status != Status::Measured);
    let names: Vec<String> = holes.map(|c| format!("{} ({})", c.id, c.reason)).collect();
    if names.is_empty() {
        return String::new();
    }
    format!("; {}: {}", lang.choose("not measured here", "여기서 측정되지 않음"), names.join(", "))
}

fn told(run: &Run) -> String {
    let fewest = run.summaries.iter().map(|s| s.n).min().unwrap_or(0);
    let cells = counted(run.cells.len(), "cell");
    format!("{} run, {cells}, fewest blocks {fewest}, ended {}", run.header.plan.mode, run.ended)
}

fn follows_from_its_samples(file: &Results, _: &[&Cell], lang: Lang) -> Option<Fault> {
    let wrong = verify(&file.run);
    let first = wrong.first()?;
    let more = wrong.len() - 1;
    let place = format!("{} {}", first.what, first.place);
    let rest = if more == 0 {
        String::new()
    } else {
        lang.choose(format!(", and {more} more"), format!(", 그 밖에 {more}곳"))
    };
    let why = lang.choose(
        format!("it was changed by hand: {place} does not follow from its samples{rest}"),
        settled(&format!("손으로 고친 파일입니다. {place}이(가) 표본에서 나오지 않습니다{rest}")),
    );
    let found = format!("{place}: the samples say {}, the file says {}", first.expected, first.found);
    Some(Fault { why, fix: Fix::Again, evidence: whole(file, found) })
}

fn left_nothing_behind(file: &Results, _: &[&Cell], lang: Lang) -> Option<Fault> {
    let leak = file.run.warnings.iter().find(|w| w.code == Warning::LEAK)?;
    let what = leak.text_in(lang);
    let why = lang.choose(format!("something was left behind: {what}"), format!("남은 것이 있습니다: {what}"));
    Some(Fault { why, fix: Fix::Again, evidence: whole(file, leak.text.clone()) })
}

fn proved_every_sample(file: &Results, cells: &[&Cell], lang: Lang) -> Option<Fault> {
    let failures = |cell: &&&Cell| cell.columns.failed.iter().flatten().count();
    let cell = cells.iter().filter(|c| c.status != Status::Skipped).find(|c| failures(c) > 0)?;
    let (count, first) = (failures(&cell), cell.columns.failed.iter().flatten().next()?);
    let (id, of) = (&cell.id, cell.columns.failed.len());
    let why = lang.choose(
        format!("{count} of {of} samples of {id} failed: {}", first.cause.of(lang)),
        format!("{id}의 표본 {of}개 가운데 {count}개가 실패했습니다: {}", first.cause.of(lang)),
    );
    let fix = if first.try_this.is_empty() { Fix::Again } else { Fix::Words(first.try_this.of(lang).into()) };
    Some(Fault { why, fix, evidence: of_cell(file, cell, format!("{count} of {of} failed")) })
}

fn has_an_arm_twice(file: &Results, cells: &[&Cell], lang: Lang) -> Option<Fault> {
    let measured = |c: &&&Cell| c.status == Status::Measured;
    let twice = |experiment: &str| {
        file.run.cells.iter().any(|c| c.experiment == experiment && c.arm.is_repeated() && c.status == Status::Measured)
    };
    let cell = cells.iter().filter(measured).find(|c| !twice(&c.experiment))?;
    let experiment = &cell.experiment;
    let why = lang.choose(
        format!("no arm of {experiment} stands twice, so its noise is not known"),
        format!("{experiment}에 두 번 들어 있는 대상이 없어 잡음을 알 수 없습니다"),
    );
    Some(Fault { why, fix: Fix::Again, evidence: of_cell(file, cell, "no twin") })
}

/// So many that every median has its 95 % interval; the statistics say how many that are.
fn has_enough_blocks(file: &Results, cells: &[&Cell], lang: Lang) -> Option<Fault> {
    let too_few = |cell: &&&Cell| {
        let mut mine = file.run.summaries.iter().filter(|s| s.cell == cell.id);
        cell.status == Status::Measured && mine.any(|s| s.interval.low.is_none() || s.interval.high.is_none())
    };
    let cell = cells.iter().find(too_few)?;
    let (id, n) = (&cell.id, cell.columns.block.len());
    let why = lang.choose(
        format!("{id} has {}, too few for an interval", counted(n, "block")),
        format!("{id}의 블록이 {n}개뿐이어서 신뢰구간을 낼 수 없습니다"),
    );
    let fix = lang.choose(
        "measure again with --blocks 30, or without --blocks",
        "--blocks 30으로, 또는 --blocks 없이 다시 측정하십시오",
    );
    Some(Fault { why, fix: Fix::Words(fix.into()), evidence: of_cell(file, cell, format!("n = {n}")) })
}

fn of_cell(file: &Results, cell: &Cell, found: impl Into<String>) -> Evidence {
    Evidence { file: file.name.clone(), cell: cell.id.clone(), sha256: cell.hash.clone(), found: found.into() }
}
