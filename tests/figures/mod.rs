//! One number, one source: every figure that a chart, the report, the terminal and a verdict show is one that
//! `results::derive` makes of that file, for an arm that is named beside it. A figure that somebody computed elsewhere, or
//! that was changed, is none.
mod pool;

use std::collections::BTreeSet;
use std::path::Path;

use crate::common::{World, code};
use isolab::charts::{self, Drawing, Look};
use isolab::guide::claims;
use isolab::lang::Lang;
use isolab::report;
use isolab::results::derive::between;
use isolab::results::read;
use isolab::results::schema::Run;
use pool::{Kind, Pool};

/// Figures in a text that are not of the samples, with their reason.
const OTHERS: &[(&str, &str)] = &[
    ("95 %", "the level of every interval, and a percentile's name"),
    ("5 %", "a percentile's name, and the drift that matters"),
    ("38 % faster", "how to read a difference"),
    ("1 %", "the level of the drift's test"),
];

/// A number as it stands in a text.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    /// Where it begins and ends.
    place: (usize, usize),
    value: f64,
    decimals: usize,
    /// How much of the base unit its unit is.
    per: f64,
    pub(crate) kind: Kind,
    /// An end of the interval behind the figure before.
    in_bracket: bool,
    text: String,
}

impl Shown {
    fn is_other(&self) -> bool {
        OTHERS.iter().any(|(text, _)| self.text.replace('\u{a0}', " ").starts_with(text))
    }

    /// Half of the last digit is what rounding may take.
    pub(crate) fn shows(&self, value: f64) -> bool {
        let half = 0.5 * 10f64.powi(-(self.decimals as i32));
        (value.abs() / self.per - self.value.abs()).abs() <= half * (1.0 + 1e-6)
    }
}

const UNITS: &[(&str, f64, Kind)] = &[
    ("ns", 1.0, Kind::Time),
    ("µs", 1e3, Kind::Time),
    ("ms", 1e6, Kind::Time),
    ("s", 1e9, Kind::Time),
    ("KiB", 1024.0, Kind::Bytes),
    ("MiB", 1_048_576.0, Kind::Bytes),
    ("GiB", 1_073_741_824.0, Kind::Bytes),
    ("B", 1.0, Kind::Bytes),
    ("/s", 1.0, Kind::PerSecond),
    ("%", 1.0, Kind::Percent),
];

/// Every figure with a unit or behind ×, and the ends in brackets behind one, which have its unit.
fn figures(text: &str) -> Vec<Shown> {
    let bytes = text.as_bytes();
    let mut found: Vec<Shown> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let from = at;
        while at < bytes.len()
            && (bytes[at].is_ascii_digit() || (bytes[at] == b'.' && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)))
        {
            at += 1;
        }
        let number = &text[from..at];
        let before = text[..from].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '#' | '=')) {
            continue; // part of a word
        }
        let Ok(value) = number.parse::<f64>() else { continue };
        let decimals = number.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let rest = text[at..].trim_start_matches([' ', '\u{a0}']);
        let ends = |unit: &str| rest[unit.len()..].chars().next().is_none_or(|c| !c.is_ascii_alphanumeric());
        let unit = UNITS.iter().find(|(unit, ..)| rest.starts_with(unit) && ends(unit));
        let of_bracket = || {
            let last = found.last()?;
            let between = &text[last.place.1..from];
            let opens = between.contains(['[', '(']);
            let goes_on = last.in_bracket && !between.contains([']', ')']);
            ((opens || goes_on) && between.chars().count() < 9).then_some((last.per, last.kind))
        };
        let known =
            unit.map(|(_, per, kind)| (*per, *kind)).or_else(|| (before == Some('×')).then_some((1.0, Kind::Bare)));
        if let Some((per, kind)) = known.or_else(of_bracket) {
            let (place, text) = ((from, at), text[from..].chars().take(12).collect());
            found.push(Shown { place, value, decimals, per, kind, in_bracket: known.is_none(), text });
        }
    }
    found
}

/// Lines of a text, or sentences of a chart's; each with the metric that the heading above it names.
struct Piece<'a> {
    text: &'a str,
    metric: Option<String>,
    /// The arms stand above the table: its "container" is the one that is named there.
    of_any_arm: bool,
}

impl<'a> Piece<'a> {
    fn of(text: &'a str) -> Piece<'a> {
        Piece { text, metric: None, of_any_arm: false }
    }
}

fn lines<'a>(text: &'a str, pool: &Pool) -> Vec<Piece<'a>> {
    let mut metric: Option<String> = None;
    let mut all = Vec::new();
    for line in text.lines() {
        let named = pool.metric_in(line).map(str::to_owned);
        if !line.trim_start().starts_with('|') {
            metric.clone_from(&named);
        }
        let own = named.or_else(|| metric.clone().filter(|_| line.starts_with('|')));
        all.push(Piece { metric: own, ..Piece::of(line) });
    }
    all
}

/// Which figures are none of the pool's, and how many were looked at.
fn strangers(piece: &Piece, pool: &Pool) -> (Vec<Shown>, usize) {
    let arms = if piece.of_any_arm { BTreeSet::new() } else { pool.arms_in(piece.text) };
    let in_table = piece.text.starts_with('|');
    let all = figures(piece.text);
    let looked_at: Vec<&Shown> = all.iter().filter(|f| !f.is_other()).collect();
    let n = looked_at.len();
    let strange = looked_at.into_iter().filter(|f| !pool.holds(f, &arms, piece.metric.as_deref(), in_table)).cloned();
    (strange.collect(), n)
}

#[derive(Default)]
struct Tally {
    looked_at: usize,
    strange: Vec<String>,
    changed: usize,
    noticed: usize,
}

impl Tally {
    /// Every piece as it is, and again with one figure of it changed in its last digit but one.
    fn hold(&mut self, what: &str, pieces: &[Piece], pool: &Pool) {
        for piece in pieces {
            let (strange, n) = strangers(piece, pool);
            self.looked_at += n;
            self.strange.extend(strange.iter().map(|f| format!("{what}: {:?} in {:.300}", f.text, piece.text)));
            for figure in figures(piece.text).iter().filter(|f| f.text.len() > 2).take(3) {
                let Some(text) = altered(piece.text, figure) else { continue };
                let changed = Piece { text: &text, metric: piece.metric.clone(), ..*piece };
                self.changed += 1;
                self.noticed += usize::from(strangers(&changed, pool).0.len() > strange.len());
            }
        }
    }

    /// Whoever does not see the drawing is told every figure of it, the same one.
    fn drawn(&mut self, what: &str, drawing: &Drawing) {
        let told = figures(&drawing.alt);
        for text in texts(&drawing.svg) {
            for figure in figures(&text).iter().filter(|f| !f.is_other()) {
                self.looked_at += 1;
                let same = |f: &Shown| (f.value, f.kind, f.per) == (figure.value, figure.kind, figure.per);
                if !told.iter().any(same) {
                    self.strange.push(format!("{what}, drawn: {:?} in {text:?}", figure.text));
                }
            }
        }
    }
}

/// What stands in the texts of a drawing.
fn texts(svg: &str) -> Vec<String> {
    let whole = svg.split("<text ").skip(1).filter_map(|rest| rest.split("</text>").next());
    whole.filter_map(|rest| rest.split_once('>')).map(|(_, text)| text.to_owned()).collect()
}

/// The figure a fifth larger.
fn altered(text: &str, figure: &Shown) -> Option<String> {
    let (from, to) = figure.place;
    let other = format!("{:.*}", figure.decimals, figure.value * 1.17);
    (other != text[from..to]).then(|| format!("{}{other}{}", &text[..from], &text[to..]))
}

/// What a text says of the host, of definitions and of what was asked for is no figure of the samples.
fn without_words(text: &str, run: &Run, lang: Lang) -> String {
    let mut text = text.replace(&run.header.host.line(), "");
    for m in &run.header.metrics {
        text = text.replace(m.definition_in(lang), "").replace(&m.definition, "");
    }
    for w in &run.warnings {
        text = text.replace(w.text_in(lang), "").replace(w.text_in(lang).trim_end_matches('.'), "");
    }
    text
}

fn reference(path: &str) -> Run {
    read::load(&Path::new("results/reference").join(path)).unwrap()
}

/// Sections of a report that hold figures of the samples; the others tell of machine, plan and files, or the samples.
const OF_SAMPLES: [&str; 5] = ["verdict", "results", "final-table", "comparison", "discussion"];

fn of_file(path: &str, tally: &mut Tally) {
    let run = reference(path);
    let pool = Pool::of(&run);
    for lang in [Lang::En, Lang::Ko] {
        for chart in charts::ALL {
            let Some(drawing) = (chart.draw)(&[&run], Look { lang, of_run: false, ..Look::default() }) else {
                continue;
            };
            let alt = without_words(&drawing.alt, &run, lang).replace(". ", ".\n");
            let mut arm = String::new();
            let sentences: Vec<String> = alt.lines().map(|line| follow(&mut arm, line, &pool)).collect();
            let pieces: Vec<Piece> = sentences.iter().map(|text| Piece::of(text)).collect();
            tally.hold(&format!("{path} {} {lang:?}", chart.id), &pieces, &pool);
            tally.drawn(&format!("{path} {} {lang:?}", chart.id), &drawing);
        }
        let page = report::page(&run, "run.json", &[], lang);
        for section in page.sections.iter().filter(|s| OF_SAMPLES.contains(&s.id)) {
            let one = report::Page { sections: vec![section.clone()], alarms: Vec::new(), ..page.clone() };
            let text = without_words(&report::markdown(&one), &run, lang);
            let text: String = text.lines().filter(|l| !l.starts_with("![")).map(|l| format!("{l}\n")).collect();
            let mut pieces = lines(&text, &pool);
            pieces.iter_mut().for_each(|piece| piece.of_any_arm = section.id == "final-table");
            tally.hold(&format!("{path} report {} {lang:?}", section.id), &pieces, &pool);
        }
    }
    let runs = [("run.json".to_owned(), &run)];
    for claim in claims::all() {
        for number in claims::decide(claim, &runs).numbers() {
            tally.hold(&format!("{path} {}", claim.id), &[Piece::of(&number)], &pool);
        }
    }
}

/// A sentence that goes on about the arm before: "N = 1: 92.0 KiB, …" stands behind its name.
fn follow(arm: &mut String, line: &str, pool: &Pool) -> String {
    if !pool.arms_in(line).is_empty() {
        line.clone_into(arm);
        return line.to_owned();
    }
    let is_its_id = |id: &&str| arm.contains(&format!("({id})"));
    let name = pool.arms_in(arm).into_iter().find(is_its_id).unwrap_or_default();
    format!("{line} {name}")
}

fn every_figure_that_is_shown_is_one_that_was_derived() {
    let mut tally = Tally::default();
    for path in ["software-kvm/run.json", "software-kvm/sequential.json", "svm/run.json"] {
        of_file(path, &mut tally);
    }
    let some: Vec<&String> = tally.strange.iter().take(400).collect();
    assert!(some.is_empty(), "{} of {}: {some:#?}", tally.strange.len(), tally.looked_at);
    let (noticed, changed) = (tally.noticed, tally.changed);
    eprintln!("{} figures, {noticed} of {changed} changed ones noticed", tally.looked_at);
    assert!(tally.looked_at > 3000, "{}", tally.looked_at);
    assert!(noticed * 100 > changed * 80, "a changed figure is found: {noticed} of {changed}");
}

fn compare_shows_what_was_derived_of_two_runs() {
    let world = World::new();
    let at = |path: &str| std::env::current_dir().unwrap().join("results/reference").join(path).display().to_string();
    let [a, b] = ["software-kvm/run.json", "svm/run.json"];
    let (first, second) = (reference(a), reference(b));
    for (force, expected) in [(false, between::ratios(&first, &second)), (true, between::absolute(&first, &second))] {
        let mut words = vec!["compare".to_owned(), at(a), at(b), "--json".to_owned()];
        words.extend(force.then(|| "--force".to_owned()));
        let told: serde_json::Value = serde_json::from_str(&world.run(&words).ends_with(code::OK).out).unwrap();
        let rows = told["rows"].as_array().unwrap();
        assert!(rows.len() == expected.len() && rows.len() > 10);
        for (row, derived) in rows.iter().zip(&expected) {
            assert_eq!((row["a"].as_f64(), row["b"].as_f64()), (Some(derived.a.median), Some(derived.b.median)));
            assert_eq!(
                (row["change"].as_f64(), row["intervals_overlap"].as_bool()),
                (derived.change, Some(derived.overlap))
            );
        }
    }
}

/// The lines of a bench, its closing sentences, bars and final table, against the file that it left.
fn the_terminal_shows_what_was_derived_of_the_file() {
    let world = World::new();
    let told = world.bench(&["-e", "fake,fake:ready=5,fake-engine", "-x", "boot", "--blocks", "12"]);
    let run = read::load(&world.run_dir().join("run.json")).unwrap();
    let pool = Pool::of(&run);
    let mut tally = Tally::default();
    let text = without_words(&told.ends_with(code::OK).out.replace("\n  ", " "), &run, Lang::En); // a sentence goes on so
    assert!(text.contains("fake"), "{told}");
    let pieces: Vec<Piece> = text.lines().map(Piece::of).collect();
    tally.hold("terminal", &pieces, &pool);
    assert_eq!(tally.strange, Vec::<String>::new());
    assert!(tally.looked_at > 5 && tally.noticed * 2 > tally.changed, "{text}");
}

crate::runner::tests!(
    every_figure_that_is_shown_is_one_that_was_derived,
    compare_shows_what_was_derived_of_two_runs,
    the_terminal_shows_what_was_derived_of_the_file
);
