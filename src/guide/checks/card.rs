//! The claim card: does the verdict that was written follow from this file, by the claim's rule, and is the number that was
//! quoted in it?
//!
//! No verdict is expected beforehand. Two students whose machines differ may both be right with opposite cards; each of
//! them is wrong with the other's.

use serde::Deserialize;

use super::quoted::{Candidate, Quoted};
use super::sentence;
use crate::guide::chapters::Check;
use crate::guide::claims::terms::{Named, Value, floors, interval};
use crate::guide::claims::{self, Decided, Verdict};
use crate::guide::outcome::{Evidence, Kind, Outcome, Status};
use crate::lang::Lang;
use crate::results::schema::{ArmInfo, Cell, Run};
use crate::results::summarize::values_of;
use crate::stats::median_interval;
use crate::stats::paired::{compare, pair};

/// What a student writes; `number` may be typed without quotes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Card {
    verdict: String,
    number: Typed,
    sentence: String,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Typed {
    Text(String),
    Integer(i64),
    Float(f64),
}

impl Default for Typed {
    fn default() -> Typed {
        Typed::Text(String::new())
    }
}

impl Typed {
    fn text(&self) -> String {
        match self {
            Typed::Text(text) => text.trim().to_owned(),
            Typed::Integer(number) => number.to_string(),
            Typed::Float(number) => number.to_string(),
        }
    }
}

impl Card {
    fn is_blank(&self) -> bool {
        self.verdict.trim().is_empty() && self.number.text().is_empty() && self.sentence.trim().is_empty()
    }
}

/// `card`: the text of the chapter's card.toml; `runs`: the files that count, the first ones first.
pub fn check(check: &Check, card: &str, runs: &[Named], lang: Lang) -> Outcome {
    let key = check.claim.as_deref().unwrap_or(FLOOR);
    let written = match read(card, key) {
        Ok(card) => card,
        Err(why) => return outcome(check, Status::Fail, why, how_to_fill(key, lang), Vec::new(), lang),
    };
    if key == FLOOR {
        return floor(check, &written, runs, lang);
    }
    match claims::verdict(key, runs) {
        Ok(decided) => claim(check, &written, &decided, runs, lang),
        Err(error) => outcome(check, Status::NotDecided, error.cause, error.try_this, Vec::new(), lang),
    }
}

/// The table of chapter 0, which has no claim.
const FLOOR: &str = "floor";

fn read(text: &str, key: &str) -> Result<Card, String> {
    let table: toml::Table =
        toml::from_str(text).map_err(|cause| format!("card.toml: {}", cause.to_string().trim_end()))?;
    let Some(card) = table.get(key) else { return Ok(Card::default()) };
    card.clone().try_into().map_err(|cause: toml::de::Error| format!("card.toml, [{key}]: {}", cause.message()))
}

fn claim(check: &Check, card: &Card, decided: &Decided, runs: &[Named], lang: Lang) -> Outcome {
    let evidence = evidence(decided, runs);
    if !decided.is_decided() {
        let (why, fix) = (decided.reason(runs, lang), decided.fix(lang));
        return outcome(check, Status::NotDecided, why, fix, evidence, lang);
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
        wrong_sentence(card, decided, runs, lang),
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

type Fault = Option<(String, String)>;

fn wrong_verdict(card: &Card, decided: &Decided, lang: Lang) -> Fault {
    let letters = lang.choose(
        "T true, C true with a condition, F false, N not testable here, ? cannot tell",
        "T 참, C 조건부로 참, F 거짓, N 여기서는 시험할 수 없음, ? 판정할 수 없음",
    );
    let Some(written) = Verdict::parse(&card.verdict) else {
        let why = lang.choose(
            format!("the verdict {:?} is none", card.verdict),
            format!("{:?}은(는) 판정이 아닙니다", card.verdict),
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
        let why =
            lang.choose(format!("the number {text:?} cannot be read"), format!("수 {text:?}을(를) 읽을 수 없습니다"));
        return Some((why, as_printed.into()));
    };
    if candidates(decided, runs).iter().any(|c| quoted.is(c)) {
        return None;
    }
    let cells: Vec<&str> = decided.values.iter().flat_map(|v| &v.cells).map(String::as_str).collect();
    let cells = unique(cells).join(", ");
    let why = lang.choose(
        format!("{text} is no number of the cells that count here ({cells})"),
        format!("{text}은(는) 이 주장에 쓰이는 셀({cells})의 수가 아닙니다"),
    );
    let which = lang.choose(
        "A median, an end of its interval, a ratio in the direction that was printed, a difference or the noise floor will do.",
        "중앙값, 구간의 끝, 출력된 방향의 비율, 차이, 잡음 한계 가운데 하나여야 합니다.",
    );
    Some((why, format!("{as_printed} {which}")))
}

fn unique(mut names: Vec<&str>) -> Vec<&str> {
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(*name));
    names
}

fn wrong_sentence(card: &Card, decided: &Decided, runs: &[Named], lang: Lang) -> Fault {
    let number = Quoted::parse(&card.number.text());
    let holds = number.is_none_or(|number| sentence::holds_number(&card.sentence, &number));
    let named = decided.values.iter().any(|value| {
        let arms = &runs[value.run].1.header.arms;
        let is_named = |id: &str| arms.iter().any(|a: &ArmInfo| a.id == id && sentence::names(&card.sentence, a));
        is_named(&value.arm) && (value.base.is_empty() || is_named(&value.base))
    });
    let pairs: Vec<String> = decided.values.iter().map(pair_of).collect();
    let pairs = unique(pairs.iter().map(String::as_str).collect()).join(", ");
    match (holds, named) {
        (true, true) => None,
        (false, _) => Some((
            lang.choose("the sentence does not hold the number", "문장에 그 수가 없습니다").into(),
            lang.choose("Say the number with its interval in the sentence.", "문장에 수와 그 신뢰구간을 쓰십시오.")
                .into(),
        )),
        (true, false) => Some((
            lang.choose(
                "the sentence does not name what was compared".into(),
                "문장에 비교한 대상의 이름이 없습니다".into(),
            ),
            lang.choose(
                format!("Name the arms by their ids or full names: {pairs}. \"VM\" alone says too little."),
                format!("대상을 id나 전체 이름으로 쓰십시오. {pairs}. \"VM\"만으로는 부족합니다."),
            ),
        )),
    }
}

fn pair_of(value: &Value) -> String {
    if value.base.is_empty() { value.arm.clone() } else { format!("{} ÷ {}", value.arm, value.base) }
}

/// Everything that may be quoted: recomputed from the raw samples, so that a summary changed by hand helps nobody.
fn candidates(decided: &Decided, runs: &[Named]) -> Vec<Candidate> {
    let mut all = Vec::new();
    for value in &decided.values {
        let run = runs[value.run].1;
        let name = pair_of(value);
        ends(&interval_parts(&value.found), &name, value.unit, &mut all);
        if value.unit.is_none() {
            shares(&interval_parts(&value.found), &name, &mut all);
        }
        all.extend(value.floor.map(|floor| Candidate::percent("noise floor".into(), floor)));
        for cell in run.cells.iter().filter(|c| value.cells.contains(&c.id)) {
            of_cell(run, cell, &value.metric, &mut all);
        }
    }
    all
}

fn interval_parts(i: &crate::results::schema::Interval) -> Vec<f64> {
    [Some(i.median), i.low, i.high].into_iter().flatten().collect()
}

fn ends(values: &[f64], what: &str, unit: Option<crate::model::Unit>, all: &mut Vec<Candidate>) {
    all.extend(values.iter().map(|v| Candidate::of(what.to_owned(), *v, unit)));
}

/// `(b − a) / a`, as a report prints it.
fn shares(ratios: &[f64], what: &str, all: &mut Vec<Candidate>) {
    all.extend(ratios.iter().map(|r| Candidate::percent(what.to_owned(), r - 1.0)));
}

/// Its median with the interval, and what is printed beside it: against the first arm of its experiment.
fn of_cell(run: &Run, cell: &Cell, metric: &str, all: &mut Vec<Candidate>) {
    let unit = run.header.metrics.iter().find(|m| m.experiment == cell.experiment && m.id == metric).map(|m| m.unit);
    let values = values_of(cell, metric);
    let plain: Vec<f64> = values.iter().map(|(_, v)| *v).collect();
    if let (Some(median), Some(unit)) = (median_interval(&plain), unit) {
        ends(&interval_parts(&interval(&median)), &cell.id, Some(unit), all);
    }
    let first = run.cells.iter().find(|b| b.experiment == cell.experiment && b.case == cell.case);
    let Some(base) = first.filter(|b| b.id != cell.id) else { return };
    let Some(found) = compare(&pair(&values_of(base, metric), &values)) else { return };
    let what = format!("{} against {}", cell.id, base.arm);
    if let Some(unit) = unit {
        ends(&interval_parts(&interval(&found.difference)), &what, Some(unit), all);
    }
    if let Some(ratio) = found.ratio {
        ends(&interval_parts(&interval(&ratio)), &what, None, all);
        shares(&interval_parts(&interval(&ratio)), &what, all);
    }
}

/// Chapter 0: the floor on the card is that of a start time in one of the files.
fn floor(check: &Check, card: &Card, runs: &[Named], lang: Lang) -> Outcome {
    let found: Vec<(usize, claims::terms::Floor)> = runs
        .iter()
        .enumerate()
        .flat_map(|(i, (_, run))| floors(run, "boot").into_iter().map(move |f| (i, f)))
        .collect();
    let evidence: Vec<Evidence> = found
        .iter()
        .map(|(i, f)| Evidence {
            file: runs[*i].0.clone(),
            cell: f.cell.clone(),
            sha256: f.sha256.clone(),
            found: format!("{}: {:.1} %", f.metric, f.relative * 100.0),
        })
        .collect();
    let give = |status, why: String, fix: String| outcome(check, status, why, fix, evidence.clone(), lang);
    if found.is_empty() {
        let why = lang.choose(
            "no file here has two equal arms in enough blocks.",
            "같은 대상이 두 번 들어 있고 블록이 충분한 파일이 없습니다.",
        );
        return give(
            Status::NotDecided,
            why.into(),
            "isolab bench -e process,process -x boot --blocks 30 -o blk.json".into(),
        );
    }
    let text = card.number.text();
    if text.is_empty() {
        let why = lang.choose("the card [floor] is not filled in", "[floor] 카드가 비어 있습니다");
        return give(Status::Fail, why.into(), how_to_fill(FLOOR, lang));
    }
    let is_it = |quoted: &Quoted| found.iter().any(|(_, f)| quoted.is(&Candidate::percent(String::new(), f.relative)));
    match Quoted::parse(&text) {
        Some(quoted) if is_it(&quoted) => give(
            Status::Pass,
            lang.choose(
                format!("{text} is the noise floor of the file."),
                format!("{text}은(는) 그 파일의 잡음 한계입니다."),
            ),
            String::new(),
        ),
        _ => give(
            Status::Fail,
            lang.choose(
                format!("{text} is not the noise floor of a file that was read."),
                format!("{text}은(는) 읽은 파일의 잡음 한계가 아닙니다."),
            ),
            lang.choose(
                "Quote the noise floor as `isolab chart aa FILE` shows it, with its % sign.",
                "`isolab chart aa FILE`이 보여 주는 잡음 한계를 % 기호와 함께 쓰십시오.",
            )
            .into(),
        ),
    }
}

fn how_to_fill(key: &str, lang: Lang) -> String {
    let fields = if key == FLOOR { "number = \"3.1 %\"" } else { "verdict, number, sentence" };
    lang.choose(
        format!("Fill in [{key}] of the chapter's card.toml: {fields}."),
        format!("이 장의 card.toml에서 [{key}]를 채우십시오. {fields}."),
    )
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

fn outcome(check: &Check, status: Status, why: String, fix: String, evidence: Vec<Evidence>, lang: Lang) -> Outcome {
    let passed = status == Status::Pass;
    let said = check.explanation.of(lang);
    let reason = check.claim.as_deref().and_then(|id| claims::find(id).ok()).map_or("", |c| c.reason.of(lang));
    Outcome {
        id: check.id.clone(),
        kind: Kind::Card,
        status,
        points: if passed { check.points } else { 0 },
        possible: check.points,
        why,
        fix,
        explanation: if !passed {
            String::new()
        } else if said.is_empty() {
            reason.into()
        } else {
            said.into()
        },
        evidence,
    }
}

#[cfg(test)]
#[path = "card_tests.rs"]
mod tests;
