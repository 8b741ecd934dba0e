//! `guide claims`: the verdict of every claim's rule on some results files, with the numbers that it rests on.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Reader, exit};
use crate::cli::latest;
use crate::cli::out::Out;
use crate::error::Result;
use crate::guide::claims::terms::Named;
use crate::guide::claims::{Claim, Decided, Verdict, all, decide, find, source};
use crate::guide::files::Results;
use crate::lang::Lang;
use crate::lang::counted;
use crate::lang::particles::settled;

pub(super) fn run(reader: &Reader, files: &[PathBuf], only: Option<&str>, json: bool, out: &mut Out) -> Result<u8> {
    let chosen: Vec<&'static Claim> =
        only.map_or_else(|| Ok(all().iter().collect()), |id| find(id).map(|c| vec![c]))?;
    let newest = [PathBuf::from(latest::DEFAULT)];
    let files = if files.is_empty() { &newest[..] } else { files };
    files.iter().try_for_each(|file| latest::check(file, out))?;
    let results = files.iter().map(|p| Results::load(p, p.display().to_string())).collect::<Result<Vec<Results>>>()?;
    let runs: Vec<Named> = results.iter().map(|r| (r.name.clone(), &r.run)).collect();
    let decided: Vec<Decided> = chosen.into_iter().map(|claim| decide(claim, &runs)).collect();
    if json {
        let rows: Vec<Value> = decided.iter().map(|d| row(d, &runs, reader.lang)).collect();
        let files: Vec<Value> = results
            .iter()
            .map(
                |r| json!({ "file": r.name, "sha256": r.sha256, "run": r.run.header.id, "host": r.run.header.host.id }),
            )
            .collect();
        let all = json!({ "files": files, "claims": rows });
        out.line(serde_json::to_string_pretty(&all).expect("rows are plain data"))?;
    } else {
        out.text(text(reader, &decided, &runs))?;
    }
    Ok(if decided.iter().any(Decided::is_decided) { exit::OK } else { exit::NOTHING_RAN })
}

/// Those that were decided first; then those that could not be, with the reason.
fn text(reader: &Reader, decided: &[Decided], runs: &[Named]) -> String {
    let lang = reader.lang;
    let names: Vec<&str> = runs.iter().map(|(name, _)| name.as_str()).collect();
    let mut text = reader.say(&sum(decided, &names.join(", "), lang), "", "");
    let (known, open): (Vec<&Decided>, Vec<&Decided>) = decided.iter().partition(|d| d.is_decided());
    for d in known {
        text += "\n";
        text += &reader.say(title(d.claim, lang), &lead(reader, d), INDENT);
        text += &reader.say(&d.reason(runs, lang), INDENT, INDENT);
        text += &reader.say(&condition(d, lang), INDENT, INDENT);
    }
    if !open.is_empty() {
        text += "\n";
    }
    for d in open {
        text += &reader.say(title(d.claim, lang), &lead(reader, d), INDENT);
        let fix = d.fix(lang);
        let next = if fix.is_empty() { String::new() } else { format!(" {fix}") };
        text += &reader.say(&format!("{}{next}", d.reason(runs, lang)), INDENT, INDENT);
    }
    text
}

const INDENT: &str = "       ";

fn lead(reader: &Reader, d: &Decided) -> String {
    reader.paint.bold(&format!("{} {}  ", d.claim.id, d.verdict.letter()))
}

fn title(claim: &Claim, lang: Lang) -> &str {
    lang.choose(&claim.english, &claim.quote)
}

/// "52 claims on results/latest: T 2 · C 5 …": the letters with their meaning.
fn sum(decided: &[Decided], files: &str, lang: Lang) -> String {
    let letters = [
        (Verdict::True, lang.choose("true", "참")),
        (Verdict::Condition, lang.choose("true with a condition", "조건부로 참")),
        (Verdict::False, lang.choose("false", "거짓")),
        (Verdict::CannotTell, lang.choose("cannot tell", "판정할 수 없음")),
        (Verdict::NotTestable, lang.choose("not testable here", "여기서는 시험할 수 없음")),
    ];
    let count = |v: Verdict| decided.iter().filter(|d| d.verdict == v).count();
    let parts: Vec<String> = letters.iter().map(|(v, word)| format!("{} {word}: {}", v.letter(), count(*v))).collect();
    let (n, parts) = (decided.len(), parts.join(" · "));
    lang.choose(
        format!("{} of the seed notes on {files}. {parts}.", counted(n, "claim")),
        settled(&format!("{files}(으)로 판정한 주장 {n}개. {parts}.")),
    )
}

/// What to know before the verdict is believed.
fn condition(d: &Decided, lang: Lang) -> String {
    let rule = d.claim.rule.of(lang);
    lang.choose(format!("Rule: {rule}"), format!("규칙: {rule}"))
}

fn row(d: &Decided, runs: &[Named], lang: Lang) -> Value {
    let claim = d.claim;
    let sources: Vec<&str> = claim.sources.iter().filter_map(|key| source(key)).collect();
    json!({
        "id": claim.id,
        "verdict": d.verdict,
        "quote": claim.quote,
        "english": claim.english,
        "seed": claim.seed,
        "also": claim.also,
        "chapters": claim.chapters,
        "experiments": claim.experiments,
        "metrics": claim.metrics,
        "arms": claim.arms,
        "later": claim.later,
        "rule": claim.rule.of(lang),
        "part": claim.part.of(lang),
        "why": d.reason(runs, lang),
        "fix": d.fix(lang),
        "expected": claim.reason.of(lang),
        "trap": claim.trap.of(lang),
        "sources": sources,
        "numbers": numbers(d, runs),
    })
}

fn numbers(d: &Decided, runs: &[Named]) -> Vec<Value> {
    let number = |(value, text): (&crate::guide::claims::value::Value, String)| {
        let (file, run) = &runs[value.run];
        let cells = run.cells.iter().filter(|c| value.cells.contains(&c.id));
        let cells: Vec<Value> = cells.map(|c| json!({ "id": c.id, "sha256": c.hash })).collect();
        json!({
            "term": value.term,
            "text": text,
            "arm": value.arm,
            "base": value.base,
            "metric": value.metric,
            "median": value.found.median,
            "ci_low": value.found.low,
            "ci_high": value.found.high,
            "unit": value.unit.map_or("ratio", crate::model::Unit::name),
            "noise_floor": value.floor,
            "file": file,
            "cells": cells,
        })
    };
    d.values.iter().zip(d.numbers()).map(number).collect()
}
