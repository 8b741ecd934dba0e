//! K1: a prediction exists, and it is older than every run in use. What it says is never graded.

use super::super::chapters::Check;
use super::super::files::Results;
use super::super::outcome::Outcome;
use super::super::predictions::{Entry, Order};
use super::{Case, Source, failed, passed, to_measure, whole};
use crate::lang::particles::settled;

pub(super) fn check(case: &Case, check: &Check) -> Outcome {
    let (lang, chapter) = (case.lang, case.chapter);
    let predict = format!("{} guide predict {chapter}", case.called);
    let Some(entry) = case.log.of(chapter) else { return missing(case, check, predict) };
    let stored = lang.choose(format!("stored on {}", entry.when()), format!("{}에 저장됨", entry.when()));
    if case.source != &Source::Own {
        return passed(check, stored, lang); // the reference runs are older than every reader
    }
    if case.results.is_empty() {
        let why = lang.choose(format!("{stored}, but there is no run yet"), format!("{stored}. 아직 실행이 없습니다"));
        return failed(check, why, to_measure(case));
    }
    let order = |file: &Results| case.log.order(entry, file.run.header.prediction_sha256.as_deref());
    let wrong = case.results.iter().map(|file| (file, order(file))).find(|(_, order)| *order != Order::Before);
    let mut outcome = match wrong {
        None => {
            let names: Vec<&str> = case.results.iter().map(|f| f.name.as_str()).collect();
            let names = names.join(", ");
            passed(
                check,
                lang.choose(format!("{stored}, before {names}"), format!("{stored}. {names}보다 먼저입니다")),
                lang,
            )
        }
        Some((file, order)) => too_late(case, check, entry, file, order),
    };
    let told = |file: &Results| {
        let head = file.run.header.prediction_sha256.as_deref().unwrap_or("no prediction");
        whole(file, format!("began {}, with {head}; the prediction is {}", file.run.header.started, entry.sha256))
    };
    outcome.evidence = case.results.iter().map(told).collect();
    outcome
}

fn missing(case: &Case, check: &Check, predict: String) -> Outcome {
    let lang = case.lang;
    let why = match case.log.broken_at {
        Some(line) => lang.choose(
            format!("the log of predictions was changed by hand: line {line} does not follow from the ones before"),
            format!("예측 기록이 손으로 고쳐졌습니다. {line}번째 줄이 앞의 줄과 이어지지 않습니다"),
        ),
        None => {
            lang.choose("no prediction is stored for this chapter".into(), "이 장의 예측이 저장되지 않았습니다".into())
        }
    };
    let then = lang.choose("then measure", "그다음 측정");
    let fix = if case.source == &Source::Own { format!("{predict}\n{then}:\n{}", to_measure(case)) } else { predict };
    failed(check, why, fix)
}

fn too_late(case: &Case, check: &Check, entry: &Entry, file: &Results, order: Order) -> Outcome {
    let (lang, name) = (case.lang, &file.name);
    let why = match order {
        Order::Unknown => lang.choose(
            format!("{name} names a prediction that this user has not stored here: it is from another machine or user"),
            format!("{name}에 적힌 예측은 이 사용자가 여기에 저장한 것이 아닙니다. 다른 기계나 다른 사용자의 것입니다"),
        ),
        _ => lang.choose(
            format!("{name} began before the prediction was stored ({})", entry.when()),
            settled(&format!("{name}은(는) 예측이 저장되기({}) 전에 시작되었습니다", entry.when())),
        ),
    };
    failed(check, why, to_measure(case))
}
