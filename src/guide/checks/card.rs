//! The claim card: does the verdict that was written follow from this file, by the claim's rule, and is the number that was
//! quoted in it?
//!
//! No verdict is expected beforehand. Two students whose machines differ may both be right with opposite cards; each of
//! them is wrong with the other's.

use super::quoted::{Candidate, Quoted};
use super::sentence;
use super::written::{Card, FLOOR, Fault, how_to_fill, outcome, read, unique};
use crate::guide::chapters::Check;
use crate::guide::claims::terms::Named;
use crate::guide::claims::value::Value;
use crate::guide::claims::{self, Decided, Verdict};
use crate::guide::outcome::{Evidence, Outcome, Status};
use crate::id::CellId;
use crate::lang::Lang;
use crate::lang::particles::settled;
use crate::results::derive::{compared, estimate, less_one};
use crate::results::schema::{Cell, Interval, Run};

/// `card`: the text of the chapter's card.toml; `runs`: the files that count, the first ones first.
pub fn check(check: &Check, card: &str, runs: &[Named], lang: Lang) -> Outcome {
    let key = check.claim.as_deref().unwrap_or(FLOOR);
    let written = match read(card, key) {
        Ok(card) => card,
        Err(why) => return outcome(check, Status::Fail, why, how_to_fill(key, lang), Vec::new(), lang),
    };
    if key == FLOOR {
        return super::floor::check(check, &written.number.text(), runs, lang);
    }
    match claims::verdict(key, runs) {
        Ok(decided) => claim(check, &written, &decided, runs, lang),
        Err(error) => outcome(
            check,
            Status::NotDecided,
            error.cause.of(lang).into(),
            error.try_this.of(lang).into(),
            Vec::new(),
            lang,
        ),
    }
}

/// Nothing is written on it yet.
pub(super) fn is_blank(check: &Check, card: &str) -> bool {
    read(card, check.claim.as_deref().unwrap_or(FLOOR)).is_ok_and(|card| card.is_blank())
}

fn claim(check: &Check, card: &Card, decided: &Decided, runs: &[Named], lang: Lang) -> Outcome {
    let evidence = evidence(decided, runs);
    if !decided.is_decided() {
        return undecided(check, card, decided, runs, evidence, lang);
    }
    if card.is_blank() {
        let why = lang.choose(
            format!("the card {} is not filled in", decided.claim.id),
            format!("{} 카드가 비어 있습니다", decided.claim.id),
        );
        return outcome(check, Status::Fail, why, how_to_fill(&decided.claim.id, lang), evidence, lang);
    }
    let faults: Vec<(String, String)> = [
        wrong_verdict(card, decided, lang),
        wrong_number(card, decided, runs, lang),
        sentence::fault(&card.sentence, &card.number.text(), decided, &candidates(decided, runs), runs, lang),
    ]
    .into_iter()
    .flatten()
    .collect();
    if faults.is_empty() {
        let why = lang.choose(
            format!("{} follows from these files. {}", decided.verdict.letter(), decided.reason(runs, lang)),
            format!("{} 판정은 이 파일들에서 나옵니다. {}", decided.verdict.letter(), decided.reason(runs, lang)),
        );
        return outcome(check, Status::Pass, why, String::new(), evidence, lang);
    }
    let (why, fix): (Vec<String>, Vec<String>) = faults.into_iter().unzip();
    outcome(check, Status::Fail, why.join("; "), fix.join(" "), evidence, lang)
}

/// Something was not measured, which costs nothing. Where the machine could not, "N" is what follows, and scores.
fn undecided(
    check: &Check,
    card: &Card,
    decided: &Decided,
    runs: &[Named],
    evidence: Vec<Evidence>,
    lang: Lang,
) -> Outcome {
    let (why, fix) = (decided.reason(runs, lang), decided.fix(lang));
    let Some(arm) = decided.skipped().map(CellId::arm) else {
        return outcome(check, Status::NotDecided, why, fix, evidence, lang);
    };
    let says_n = Verdict::parse(&card.verdict) == Some(Verdict::NotTestable);
    if says_n && sentence::names_what_is_missing(&card.sentence, &arm, runs) {
        let why = lang
            .choose(format!("N follows from these files: {why}"), format!("N 판정은 이 파일들에서 나옵니다. {why}"));
        return outcome(check, Status::Pass, why, String::new(), evidence, lang);
    }
    let n = lang.choose(
        format!("The verdict N scores here, with a sentence that names {arm} and says why it was not measured."),
        format!("여기서는 판정 N이 점수를 받습니다. 문장에 {arm}의 이름과 측정하지 못한 까닭을 쓰십시오."),
    );
    outcome(check, Status::NotDecided, why, format!("{fix}\n{n}"), evidence, lang)
}

fn wrong_verdict(card: &Card, decided: &Decided, lang: Lang) -> Fault {
    let letters = lang.choose(
        "T true, C true with a condition, F false, N not testable here, ? cannot tell",
        "T 참, C 조건부로 참, F 거짓, N 여기서는 시험할 수 없음, ? 판정할 수 없음",
    );
    let Some(written) = Verdict::parse(&card.verdict) else {
        let why = lang.choose(
            format!("the verdict {:?} is none", card.verdict),
            settled(&format!("{:?}은(는) 판정이 아닙니다", card.verdict)),
        );
        return Some((why, format!("{letters}.")));
    };
    if written == decided.verdict {
        return None;
    }
    let (letter, numbers) = (written.letter(), decided.numbers().join("; "));
    let why = lang.choose(
        format!("the verdict {letter} does not follow from these files: {numbers}"),
        format!("{letter} 판정은 이 파일들에서 나오지 않습니다. {numbers}"),
    );
    let rule = decided.claim.rule.of(lang);
    let open = lang.choose("Where the interval leaves it open: ?", "신뢰구간으로 정할 수 없으면 ?입니다.");
    Some((why, format!("{rule} {open}")))
}

fn wrong_number(card: &Card, decided: &Decided, runs: &[Named], lang: Lang) -> Fault {
    let text = card.number.text();
    let as_printed = lang.choose(
        "Quote a number as it was printed: \"1.52 ms\", \"×7.2\", \"3.1 %\".",
        "출력된 그대로 인용하십시오. \"1.52 ms\", \"×7.2\", \"3.1 %\"와 같습니다.",
    );
    let Some(quoted) = Quoted::parse(&text) else {
        let why = lang.choose(
            format!("the number {text:?} cannot be read"),
            settled(&format!("수 {text:?}을(를) 읽을 수 없습니다")),
        );
        return Some((why, as_printed.into()));
    };
    if candidates(decided, runs).iter().any(|c| quoted.is(c)) {
        return None;
    }
    let cells: Vec<&str> = decided.values.iter().flat_map(|v| &v.cells).map(CellId::as_str).collect();
    let cells = unique(cells).join(", ");
    let why = lang.choose(
        format!("{text} is no number of the cells that count here ({cells})"),
        settled(&format!("{text}은(는) 이 주장에 쓰이는 셀({cells})의 수가 아닙니다")),
    );
    let which = lang.choose(
        "A median, an end of its a ratio in the direction that was printed, a difference or the noise floor will do.",
        "중앙값, 구간의 끝, 출력된 방향의 비율, 차이, 잡음 한계 가운데 하나여야 합니다.",
    );
    Some((why, format!("{as_printed} {which}")))
}

/// Everything that may be quoted: recomputed from the raw samples, so that a summary changed by hand helps nobody.
fn candidates(decided: &Decided, runs: &[Named]) -> Vec<Candidate> {
    let mut all = Vec::new();
    for value in &decided.values {
        let run = runs[value.run].1;
        let name = value.pair();
        with_ends(&value.found, &name, value.unit, &mut all);
        if value.unit.is_none() {
            shares(&value.found, &name, &mut all);
        }
        all.extend(value.floor.map(|floor| Candidate::percent("noise floor".into(), floor)));
        for cell in run.cells.iter().filter(|c| value.cells.contains(&c.id)) {
            of_cell(run, cell, &value.metric, &mut all);
        }
    }
    all
}

/// A median and the two ends of its interval.
fn with_ends(i: &Interval, what: &str, unit: Option<crate::model::Unit>, all: &mut Vec<Candidate>) {
    let parts = [Some(i.median), i.low, i.high].into_iter().flatten();
    all.extend(parts.map(|v| Candidate::of(what.to_owned(), v, unit).within(i.low.zip(i.high), i.median)));
}

/// `(b − a) / a`, as a report prints it.
fn shares(i: &Interval, what: &str, all: &mut Vec<Candidate>) {
    let share = less_one(i);
    let ends = share.ends().map(|(low, high)| (low * 100.0, high * 100.0));
    let parts = [Some(share.median), share.low, share.high].into_iter().flatten();
    all.extend(parts.map(|r| Candidate::percent(what.to_owned(), r).within(ends, share.median * 100.0)));
}

/// Its median with the and what is printed beside it: against the first arm of its experiment.
fn of_cell(run: &Run, cell: &Cell, metric: &str, all: &mut Vec<Candidate>) {
    let unit = run.header.metrics.iter().find(|m| m.experiment == cell.experiment && m.id == metric).map(|m| m.unit);
    if let (Some(median), Some(unit)) = (estimate(cell, metric), unit) {
        with_ends(&median, &cell.id, Some(unit), all);
    }
    let first = run.cells.iter().find(|b| b.experiment == cell.experiment && b.case == cell.case);
    let Some(base) = first.filter(|b| b.id != cell.id) else { return };
    let Some(found) = compared(base, cell, metric) else { return };
    let what = format!("{} against {}", cell.id, base.arm);
    if let Some(unit) = unit {
        with_ends(&found.difference, &what, Some(unit), all);
    }
    if let Some(ratio) = found.ratio {
        with_ends(&ratio, &what, None, all);
        shares(&ratio, &what, all);
    }
}

fn evidence(decided: &Decided, runs: &[Named]) -> Vec<Evidence> {
    let numbers = decided.numbers();
    let of_value = |(value, number): (&Value, &String)| -> Vec<Evidence> {
        let (file, run) = &runs[value.run];
        let cells = run.cells.iter().filter(|c| value.cells.contains(&c.id));
        let one = |cell: &Cell| Evidence {
            file: file.clone(),
            cell: cell.id.clone(),
            sha256: cell.hash.clone(),
            found: number.clone(),
        };
        cells.map(one).collect()
    };
    decided.values.iter().zip(&numbers).flat_map(of_value).collect()
}

#[cfg(test)]
#[path = "card_tests.rs"]
mod tests;
