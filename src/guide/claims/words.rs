//! A verdict in sentences: the numbers, the condition under which they were taken, and what was left out.

use super::rule::{Kind, Term};
use super::terms::Named;
use super::value::Value;
use super::{Decided, Verdict, Why, missing};
use crate::lang::Lang;
use crate::model::Unit;
use crate::units::{beside, show};

pub(super) fn reason(decided: &Decided, runs: &[Named], lang: Lang) -> String {
    let claim = decided.claim;
    let mut sentences = vec![match &decided.why {
        Why::Rule => format!("{}.", decided.numbers().join("; ")),
        Why::Open => lang.choose(
            format!("{}: the intervals leave it open.", decided.numbers().join("; ")),
            format!("{}: 신뢰구간만으로는 판정할 수 없습니다.", decided.numbers().join("; ")),
        ),
        Why::Later => missing::later(&claim.later, lang),
        Why::Missing(missing) => missing.reason(lang),
    }];
    if decided.verdict != Verdict::NotTestable {
        sentences.extend(backends(decided, runs, lang));
        let part = claim.part.of(lang);
        sentences.extend((!part.is_empty()).then(|| part.to_owned()));
    }
    sentences.join(" ")
}

/// A number of a virtual machine is never without the backend that it was taken on.
fn backends(decided: &Decided, runs: &[Named], lang: Lang) -> Option<String> {
    let mut told: Vec<String> = Vec::new();
    for value in &decided.values {
        for arm in runs[value.run].1.header.arms.iter().filter(|a| a.id == value.arm || a.id == value.base) {
            let text = arm.backend.as_ref().map(|backend| format!("{}: {backend}", arm.id));
            told.extend(text.filter(|text| !told.contains(text)));
        }
    }
    let list = told.join(", ");
    (!told.is_empty()).then(|| lang.choose(format!("KVM backend of {list}."), format!("KVM 백엔드 {list}.")))
}

/// "container ÷ vm-bare, boot create_to_ready: ×1.20 [1.18, 1.21]".
pub(super) fn number(value: &Value, term: &Term) -> String {
    let what = match term.kind {
        Kind::Ratio => format!("{} ÷ {}, {} {}", value.arm, value.base, term.experiment, value.metric),
        Kind::Value => format!("{}, {} {}", value.arm, term.experiment, value.metric),
        Kind::Objects => format!("{}, {}", value.arm, term.metric.trim_end_matches(':')),
        Kind::Slope => format!("{}, {} / {}", value.arm, value.metric, term.along),
    };
    format!("{what}: {}", shown(value))
}

/// "×1.20 [1.18, 1.21]", "9.12 µs [9.08, 9.20]"; a count that is the same everywhere needs no interval.
pub(in crate::guide) fn shown(value: &Value) -> String {
    let found = &value.found;
    let unit = value.unit.unwrap_or(Unit::BytesPerByte); // a ratio has none
    let sign = if value.unit.is_none() { "×" } else { "" };
    let text = format!("{sign}{}", show(found.median, unit));
    match (found.low, found.high) {
        (Some(low), Some(high)) if value.unit == Some(Unit::Count) && low >= high => text,
        (Some(low), Some(high)) => {
            format!("{text} [{}, {}]", beside(found.median, low, unit), beside(found.median, high, unit))
        }
        _ => format!("{text} [–]"),
    }
}
