//! System-call cost: the null call costs a container what it costs a process, or the card says by how much it does not.

use super::{Case, Found, evidence};
use crate::guide::checks::quoted::{Candidate, Quoted};
use crate::guide::claims::terms::values;
use crate::guide::claims::value::Value;
use crate::guide::claims::{find, rule::Term, shown};
use crate::results::schema::{Cell, Interval};

const RUN: &str = "isolab bench -e process,container,container:-seccomp,vm-bare -x syscall,cpu --blocks 20 -o sys.json";

/// The claim whose card says it, and the name of its term.
const CLAIM: &str = "C11";
const CALL: &str = "call";

pub(super) fn null_call(case: &Case) -> Found {
    let term: &Term = &find(CLAIM).expect("a test reads claims.toml").terms[CALL];
    let found = values(CALL, term, case.runs);
    let Some(value) = found.first() else { return case.not_measured("syscall getppid of container, process", RUN) };
    let Interval { median, low: Some(low), high: Some(high) } = value.found else {
        return case.open(
            case.say("too few blocks for an interval.".into(), "블록이 너무 적어 신뢰구간이 없습니다.".into()),
            RUN.into(),
        );
    };
    let (file, run) = &case.runs[value.run];
    let cells = run.cells.iter().filter(|c| value.cells.contains(&c.id));
    let seen = cells.map(|cell: &Cell| evidence(file, cell, ratio(value))).collect();
    let equal = (low <= 1.0 && 1.0 <= high) || value.floor.is_some_and(|floor| (median - 1.0).abs() <= floor);
    let (ratio, numbers) = (ratio(value), numbers(value));
    let why = match (equal, says(case.card, &numbers)) {
        (true, _) => (
            format!("{ratio}: no difference can be told from none."),
            format!("{ratio}: 차이가 없는 것과 구별되지 않습니다."),
        ),
        (false, true) => (
            format!("{ratio}: they differ, and the card {CLAIM} says by how much."),
            format!("{ratio}: 둘은 다르고, {CLAIM} 카드에 얼마나 다른지 적혀 있습니다."),
        ),
        (false, false) => (
            format!("{ratio}: they differ, and the card {CLAIM} does not say by how much."),
            format!("{ratio}: 둘은 다르지만, {CLAIM} 카드에 얼마나 다른지 적혀 있지 않습니다."),
        ),
    };
    let fix = (
        format!("Quote that ratio in the number of [{CLAIM}]."),
        format!("[{CLAIM}]의 number에 그 비율을 인용하십시오."),
    );
    case.decide(equal || says(case.card, &numbers), why, fix, seen)
}

fn ratio(value: &Value) -> String {
    format!("getppid, {} ÷ {}: {}", value.arm, value.base, shown(value))
}

/// The ratio and its ends, as factors and as shares.
fn numbers(value: &Value) -> Vec<Candidate> {
    let ends = [Some(value.found.median), value.found.low, value.found.high].into_iter().flatten();
    ends.flat_map(|r| [Candidate::of(String::new(), r, None), Candidate::percent(String::new(), r - 1.0)]).collect()
}

fn says(card: &str, numbers: &[Candidate]) -> bool {
    let table: toml::Table = toml::from_str(card).unwrap_or_default();
    let number = table.get(CLAIM).and_then(|card| card.get("number")).and_then(toml::Value::as_str).unwrap_or_default();
    Quoted::parse(number).is_some_and(|quoted| numbers.iter().any(|c| quoted.is(c)))
}
