//! What was measured: per experiment its charts, and a table for each metric. One table has one metric, so one
//! definition; one row has one arm with one set of values, so nothing is averaged over unlike things.

use super::names;
use super::page::{Block, Column, Entry, Figure, Section, Table, code, number, text};
use super::words::{self, Words};
use crate::charts;
use crate::lang::Lang;
use crate::model::Unit;
use crate::results::derive::spread::harmonic_mean;
use crate::results::derive::{n_for, percentile};
use crate::results::query::summary;
use crate::results::schema::{Cell, MetricInfo, Outliers, Run, Status, Summary};
use crate::units::{show, show_count};

/// Pixels that a chart is drawn for.
const WIDTH: u32 = 1000;

/// Charts of these names belong to this experiment; others stand at the end.
const BELONGS: &[(&str, &str)] =
    &[("boot", "boot"), ("memory", "memory"), ("cost", "syscall"), ("cpu", "cpu"), ("inventory", "inventory")];

pub(super) fn section(run: &Run, lang: Lang) -> Section {
    let mut figures = figures(run, lang);
    let mut blocks = Vec::new();
    for experiment in measured_experiments(run) {
        blocks.push(Block::Heading(experiment_title(run, experiment, lang)));
        let (mine, others) = figures.into_iter().partition(|f: &Figure| belongs(f.id) == Some(experiment));
        figures = others;
        blocks.extend::<Vec<Block>>(mine.into_iter().map(Block::Figure).collect());
        blocks.extend(tables(run, experiment, lang));
    }
    if !figures.is_empty() {
        blocks.push(Block::Heading(words::THE_RUN_ITSELF.of(lang).into()));
        blocks.extend(figures.into_iter().map(Block::Figure));
    }
    if blocks.is_empty() {
        blocks.push(Block::Text(words::NOTHING_MEASURED.of(lang).into()));
    } else {
        blocks.insert(0, Block::Text(words::HOW_TO_READ_TABLES.of(lang).into()));
    }
    Section { id: "results", title: words::RESULTS.of(lang).into(), blocks }
}

/// Every chart that has data in this run, with the name of its file beside the report.
fn figures(run: &Run, lang: Lang) -> Vec<Figure> {
    let look = charts::Look { lang, width: WIDTH, ..charts::Look::default() };
    let draw = |chart: &charts::Chart| {
        let drawing = (chart.draw)(&[run], charts::Look { of_run: false, ..look })?;
        let alone = (chart.draw)(&[run], look)?.svg;
        let file = format!("{}.svg", look.file_stem(chart.id));
        Some(Figure { id: chart.id, title: words::CHART.with(lang, &[chart.id]), file, alone, drawing })
    };
    charts::ALL.iter().filter_map(draw).collect()
}

fn belongs(chart: &str) -> Option<&'static str> {
    BELONGS.iter().find(|(prefix, _)| chart.starts_with(prefix)).map(|(_, experiment)| *experiment)
}

/// In the order of the run.
pub(super) fn measured_experiments(run: &Run) -> Vec<&str> {
    let mut all: Vec<&str> = Vec::new();
    for cell in run.cells.iter().filter(|c| c.status == Status::Measured) {
        if !all.contains(&cell.experiment.as_str()) {
            all.push(&cell.experiment);
        }
    }
    all
}

fn experiment_title(run: &Run, experiment: &str, lang: Lang) -> String {
    let all = run.header.all_experiments();
    let known = all.iter().find(|x| x.id == experiment);
    known.map_or_else(|| experiment.to_owned(), |x| format!("{} ({})", x.question_in(lang), code(experiment)))
}

fn tables(run: &Run, experiment: &str, lang: Lang) -> Vec<Block> {
    let (headline, others): (Vec<&MetricInfo>, Vec<&MetricInfo>) =
        metrics(run, experiment).into_iter().partition(|m| m.headline);
    if headline.iter().all(|m| m.unit == Unit::Count) {
        return counts(run, experiment, lang);
    }
    let (mut first, mut folded) = (Vec::new(), Vec::new());
    for m in headline.into_iter().chain(others) {
        for cells in alike(run, m) {
            let by_size = of_one_size(&cells, m);
            let to = if m.headline && !by_size { &mut first } else { &mut folded };
            to.extend(statistics(run, m, &cells, by_size, lang).block());
        }
    }
    if !folded.is_empty() {
        first.push(Block::Fold(words::OTHER_METRICS.of(lang).into(), folded));
    }
    first
}

/// The cells that have this metric, apart by what was varied in them: a table has one definition.
fn alike<'a>(run: &'a Run, m: &MetricInfo) -> Vec<Vec<&'a Cell>> {
    let mut groups: Vec<Vec<&Cell>> = Vec::new();
    for cell in run.cells.iter().filter(|c| c.experiment == m.experiment && summary(run, c, &m.id).is_some()) {
        match groups.iter_mut().find(|g| g[0].case.keys().eq(cell.case.keys())) {
            Some(group) => group.push(cell),
            None => groups.push(vec![cell]),
        }
    }
    groups
}

/// `memory` tells the parts of one machine of a size by the names that it has for slopes over many.
fn of_one_size(cells: &[&Cell], m: &MetricInfo) -> bool {
    m.id != "host_bytes" && cells.iter().any(|c| c.case.contains_key("configured"))
}

/// Each once, also where a file tells one twice.
pub(super) fn metrics<'a>(run: &'a Run, experiment: &str) -> Vec<&'a MetricInfo> {
    let mut all: Vec<&MetricInfo> = Vec::new();
    for metric in run.header.metrics.iter().filter(|m| m.experiment == experiment) {
        if !all.iter().any(|m| m.id == metric.id) {
            all.push(metric);
        }
    }
    all
}

/// What it is called, here and in the file.
pub(super) fn title(m: &MetricInfo, lang: Lang) -> String {
    let title = m.title_in(lang);
    format!("{title} ({}).", code(&format!("{} {}", m.experiment, m.id)))
}

/// Where it starts and ends, and which is better.
pub(super) fn caption(m: &MetricInfo, lang: Lang) -> String {
    format!("{} {}", m.definition_in(lang), better(m, lang))
}

pub(super) fn better(m: &MetricInfo, lang: Lang) -> &'static str {
    match m.better.as_str() {
        "lower" => words::LOWER_IS_BETTER.of(lang),
        "higher" => words::HIGHER_IS_BETTER.of(lang),
        _ => words::NEITHER_IS_BETTER.of(lang),
    }
}

/// A row per arm and case.
fn statistics(run: &Run, m: &MetricInfo, cells: &[&Cell], by_size: bool, lang: Lang) -> Table {
    let mean = if m.unit == Unit::PerSecond { &words::HARMONIC_MEAN } else { &words::MEAN };
    let titles: Vec<String> = [
        (&words::ARM, ""),
        (&words::N, "#"),
        (&words::MEDIAN, "#"),
        (&words::INTERVAL_95, "#"),
        (mean, "#"),
        (&words::STD, "#"),
        (&words::MIN, "#"),
        (&words::MAX, "#"),
        (&words::P95, "#"),
        (&words::P99, "#"),
        (&words::FAR, "#"),
    ]
    .iter()
    .map(|(title, mark)| format!("{mark}{}", title.of(lang)))
    .collect();
    let caption = if by_size { words::OF_ONE_SIZE.of(lang).to_owned() } else { caption(m, lang) };
    let mut table = Table::new(caption, &titles.iter().map(String::as_str).collect::<Vec<_>>()).titled(title(m, lang));
    for cell in cells {
        if let Some(s) = summary(run, cell, &m.id) {
            let mut row = vec![text(names::label(run, cell, lang))];
            row.extend(numbers(cell, m, s, lang));
            table.row(row);
        }
    }
    table
}

fn numbers(cell: &Cell, m: &MetricInfo, s: &Summary, lang: Lang) -> Vec<Entry> {
    let shown = |value: f64| number(show(value + 0.0, m.unit), value); // + 0.0: no "-0"
    let known = |value: Option<f64>, why: &Words| value.map_or_else(|| text(why.of(lang)), shown);
    let interval = match (s.interval.low, s.interval.high) {
        (Some(low), Some(high)) => {
            number(format!("{} – {}", show(low + 0.0, m.unit), show(high + 0.0, m.unit)), high - low)
        }
        _ => text(words::TOO_FEW.of(lang)),
    };
    let mean = match m.unit {
        Unit::PerSecond => known(harmonic_mean(cell, &m.id), &words::NO_MEAN),
        Unit::BytesPerByte => text(words::NO_MEAN.of(lang)),
        _ => shown(s.mean),
    };
    let at = |q: f64| match percentile(s, q) {
        Some(value) => shown(value),
        None => text(words::TOO_FEW_BEYOND.with(lang, &[&n_for(q).to_string()])),
    };
    let std = if s.n < 2 { text(words::ONE_VALUE.of(lang)) } else { shown(s.std) };
    let far = outliers(&s.outliers);
    vec![
        number(s.n.to_string(), s.n as f64),
        shown(s.interval.median),
        interval,
        mean,
        std,
        shown(s.min),
        shown(s.max),
        at(0.95),
        at(0.99),
        number(far.0, far.1),
    ]
}

/// "7 (2)": all of them, and how many are severe.
pub fn outliers(o: &Outliers) -> (String, f64) {
    let severe = o.low_severe + o.high_severe;
    let all = severe + o.low_mild + o.high_mild;
    (format!("{all} ({severe})"), all as f64)
}

/// Objects are counted, not timed: a row per arm, a column per kind; below the table what each kind is.
fn counts(run: &Run, experiment: &str, lang: Lang) -> Vec<Block> {
    let metrics = metrics(run, experiment);
    let mut table =
        Table::new(words::COUNTS_CAPTION.of(lang), &[words::ARM.of(lang), &format!("#{}", words::N.of(lang))]);
    for m in &metrics {
        table.columns.push(Column { title: m.title_in(lang), number: true });
    }
    for cell in run.cells.iter().filter(|c| c.experiment == experiment && c.status == Status::Measured) {
        let found: Vec<Option<&Summary>> = metrics.iter().map(|m| summary(run, cell, &m.id)).collect();
        let n = found.iter().flatten().map(|s| s.n).max().unwrap_or(0);
        let mut row = vec![text(names::label(run, cell, lang)), number(n.to_string(), n as f64)];
        row.extend(found.iter().map(|s| s.map_or_else(|| text(words::NOT_MEASURED.of(lang)), count)));
        table.row(row);
    }
    let definition = |m: &&MetricInfo| {
        let title = m.title_in(lang);
        format!("{title}: {}", m.definition_in(lang))
    };
    let definitions = metrics.iter().map(definition).collect();
    table
        .block()
        .into_iter()
        .chain([Block::Fold(words::WHAT_IS_COUNTED.of(lang).into(), vec![Block::List(definitions)])])
        .collect()
}

/// The count; with its range, where blocks differ.
#[expect(clippy::float_cmp, reason = "counts are exact")]
fn count(s: &Summary) -> Entry {
    let median = s.interval.median + 0.0;
    let range = if s.min == s.max {
        String::new()
    } else {
        format!(" ({}–{})", show_count(s.min + 0.0), show_count(s.max + 0.0))
    };
    number(format!("{}{range}", show_count(median)), median)
}
