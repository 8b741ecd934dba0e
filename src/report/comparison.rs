//! The final comparison: `(b − a) / a` with its sign, from the values that are shown, and beside it the paired difference
//! with its interval, which the verdict rests on. Never a ratio without n, interval and the base in absolute numbers.

use super::names;
use super::page::{Block, Entry, Section, Table, number, text, verbatim};
use super::results::{caption, measured_experiments, metrics, title};
use super::words::{self, Words};
use crate::charts::versus;
use crate::lang::Lang;
use crate::results::derive::spread::each_at_once;
use crate::results::derive::{Pair, Verdict, less_one, pairs};
use crate::results::query::summary;
use crate::results::schema::{Cell, MetricInfo, Run, Status};
use crate::units::{show, three_digits};

pub(super) fn section(run: &Run, lang: Lang) -> Section {
    let mut blocks: Vec<Block> = Vec::new();
    for experiment in measured_experiments(run) {
        let compared = metrics(run, experiment).into_iter().filter(|m| m.headline && m.better != "none");
        blocks.extend(compared.filter_map(|m| table(run, m, lang).block()));
    }
    let what = if blocks.is_empty() { &words::NOTHING_TO_COMPARE } else { &words::HOW_TO_READ_COMPARISON };
    blocks.insert(0, Block::Text(what.of(lang).into()));
    if let Some(note) = little(run, lang) {
        blocks.push(Block::Text(note));
    }
    Section { id: "comparison", title: words::COMPARISON.of(lang).into(), blocks }
}

fn table(run: &Run, m: &MetricInfo, lang: Lang) -> Table {
    let titles: Vec<String> = [
        (&words::COMPARED_B, ""),
        (&words::BASE_A, ""),
        (&words::MEDIAN_A, "#"),
        (&words::MEDIAN_B, "#"),
        (&words::RELATIVE, "#"),
        (&words::PAIRED, "#"),
        (&words::SMALLEST, "#"),
        (&words::PAIRS, "#"),
        (&words::VERDICT_COLUMN, ""),
    ]
    .iter()
    .map(|(title, mark)| format!("{mark}{}", title.of(lang)))
    .collect();
    let mut table =
        Table::new(caption(m, lang), &titles.iter().map(String::as_str).collect::<Vec<_>>()).titled(title(m, lang));
    for cell in run.cells.iter().filter(|c| c.experiment == m.experiment && !c.arm.is_repeated()) {
        if cell.status != Status::Measured {
            table.row(not_measured(run, cell, lang));
        }
        pairs(run, cell, &m.id).iter().filter_map(|a| row(run, cell, m, a, lang)).for_each(|r| table.row(r));
    }
    if table.rows.iter().all(|row| row.iter().any(|e| e.verbatim)) {
        table.rows.clear(); // nothing but holes: they stand below "skipped"
    }
    table
}

/// A hole stays a hole: no value, no percentage.
fn not_measured(run: &Run, cell: &Cell, lang: Lang) -> Vec<Entry> {
    let hole = || text(words::NOT_MEASURED.of(lang));
    let name = text(names::label(run, cell, lang));
    vec![name, hole(), hole(), hole(), hole(), hole(), hole(), number("0", 0.0), verbatim(cell.reason_in(lang))]
}

fn row(run: &Run, cell: &Cell, m: &MetricInfo, a: &Pair, lang: Lang) -> Option<Vec<Entry>> {
    let base = run.cells.iter().find(|c| c.experiment == cell.experiment && c.arm == a.base && c.case == cell.case)?;
    let (of_a, of_b) = (summary(run, base, &m.id)?.interval.median, summary(run, cell, &m.id)?.interval.median);
    let relative = match a.verdict {
        Verdict::TooFewPairs => text(words::TOO_FEW.of(lang)),
        Verdict::NotComparable => text(words::NOT_COMPARABLE.of(lang)),
        _ => a.relative().map_or_else(|| text(words::UNKNOWN.of(lang)), |share| number(percent(share), share)),
    };
    Some(vec![
        text(names::label(run, cell, lang)),
        text(names::label(run, base, lang)),
        number(show(of_a, m.unit), of_a),
        number(show(of_b, m.unit), of_b),
        relative,
        paired(a, lang),
        a.smallest.map_or_else(|| text(words::UNKNOWN.of(lang)), |s| number(format!("{}\u{a0}%", shown_share(s)), s)),
        number(a.pairs.to_string(), a.pairs as f64),
        text(verdict(m, a, lang)),
    ])
}

/// "+557 % [+548, +571]", from the ratios within blocks.
fn paired(a: &Pair, lang: Lang) -> Entry {
    let difference = less_one(&a.ratio);
    match difference.ends() {
        _ if a.verdict == Verdict::NotComparable => text(words::NOT_COMPARABLE.of(lang)),
        Some((low, high)) => {
            let ends = format!("[{}, {}]", percent_number(low), percent_number(high));
            number(format!("{} {ends}", percent(difference.median)), difference.median)
        }
        _ => text(words::TOO_FEW.of(lang)),
    }
}

/// With its sign: "+557 %", "−6.3 %".
pub(super) fn percent(share: f64) -> String {
    format!("{}\u{a0}%", percent_number(share))
}

/// Two digits behind the point at the most: the third is noise in any run.
fn percent_number(share: f64) -> String {
    format!("{}{}", if share < 0.0 { "−" } else { "+" }, shown_share(share.abs()))
}

fn shown_share(share: f64) -> String {
    let percent = share * 100.0;
    if percent < 10.0 { format!("{percent:.2}") } else { three_digits(percent) }
}

/// Better or worse for *this* metric; the sign alone does not tell.
fn verdict(m: &MetricInfo, a: &Pair, lang: Lang) -> String {
    if let Some(nothing) = versus::nothing_found(a, lang) {
        return nothing;
    }
    let better = (a.verdict == Verdict::Smaller) == (m.better == "lower");
    let side: &Words = if better { &words::B_IS_BETTER } else { &words::B_IS_WORSE };
    let apart = versus::apart(a, lang).map_or(String::new(), |apart| format!("; {apart}"));
    format!("{}{apart}", side.of(lang))
}

/// How long each start takes where several run at once.
fn little(run: &Run, lang: Lang) -> Option<String> {
    let mut told = Vec::new();
    for cell in run.cells.iter().filter(|c| !c.arm.is_repeated()) {
        let Some((at_once, each)) = each_at_once(run, cell) else { continue };
        let each = show(each, crate::model::Unit::Nanoseconds);
        told.push(format!("{} ×{at_once}: {each}", names::arm(run, &cell.arm, lang)));
    }
    (!told.is_empty()).then(|| words::LITTLE.with(lang, &[&told.join("; ")]))
}
