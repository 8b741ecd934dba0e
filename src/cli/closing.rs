//! The end of a run on the terminal, in 80 columns and 30 lines: a sentence per question, a table with intervals and bars,
//! what was skipped and the remedy, where the files are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::export::not_for_publication;
use super::list::wrap;
use super::out::Out;
use crate::error::Result;
use crate::model::Unit;
use crate::results::schema::{Cell, Comparison, Interval, Run, Status, Summary};
use crate::results::summarize::floor_of;
use crate::units::show;
use crate::units::three_digits;

const WIDTH: usize = 79;
const BAR: usize = 10;

pub(super) fn print(run: &Run, dir: &Path, charts: &[PathBuf], out: &mut Out) -> Result<()> {
    out.line("")?;
    for text in sentences(run) {
        out.line(wrap(&text, WIDTH, "  ").trim_start_matches("  "))?;
    }
    table(run, out)?;
    skipped(run, out)?;
    limited(run, out)?;
    if let Some(reasons) = not_for_publication(run) {
        out.line(wrap(&format!("not for publication: {reasons}"), WIDTH, "  ").trim_start_matches("  "))?;
    }
    let chart = told_charts(charts);
    out.line(format!("files: {}/ (run.json, samples.csv{chart})", dir.display()))
}

/// ", boot-stages.png and 2 more charts": each counts once, in however many formats it was saved.
fn told_charts(files: &[PathBuf]) -> String {
    let names: BTreeSet<_> = files.iter().filter_map(|file| file.file_stem()).collect();
    let first = files.iter().rev().find(|file| file.file_stem() == files[0].file_stem());
    let Some(first) = first.and_then(|file| file.file_name()) else { return String::new() };
    let more = match names.len() - 1 {
        0 => String::new(),
        1 => " and 1 more chart".into(),
        n => format!(" and {n} more charts"),
    };
    format!(", {}{more}", first.display())
}

/// One question of the closing sentences: which metric answers it, and how it is told.
struct Told {
    experiment: &'static str,
    metric: &'static str,
    lead: &'static str,
}

const TOLD: &[Told] = &[
    Told { experiment: "boot", metric: "create_to_ready", lead: "Start, first system call to ready record" },
    Told { experiment: "memory", metric: "per_instance", lead: "One more instance, private + kernel memory" },
    Told {
        experiment: "memory",
        metric: "private",
        lead: "One more instance, private memory alone (no memory cgroup to weigh the kernel's part: needs root)",
    },
    Told {
        experiment: "syscall",
        metric: "getppid",
        lead: "One system call, getppid (in a bare VM our guest kernel answers, not Linux)",
    },
    Told { experiment: "cpu", metric: "spin_unit", lead: "Plain computation, the control" },
    Told { experiment: "boot", metric: "starts_per_second", lead: "Starts per second" },
    Told { experiment: "boot", metric: "create_to_exit", lead: "Whole command, first system call to its end" },
];

fn sentences(run: &Run) -> Vec<String> {
    let mut all: Vec<String> = super::objects::sentence(run).into_iter().collect();
    for told in TOLD {
        let has = |metric: &str| run.summaries.iter().any(|s| s.metric == metric);
        let said = (told.metric == "create_to_exit" && has("create_to_ready"))
            || (told.metric == "private" && has("per_instance"));
        if said {
            continue;
        }
        all.extend(sentence(run, told));
    }
    all
}

/// "Start, …: process 0.21 ms [0.20, 0.22]; our container, … 1.52 ms [1.50, 1.55] (×7.2)."
fn sentence(run: &Run, told: &Told) -> Option<String> {
    let unit = run.header.metrics.iter().find(|m| m.experiment == told.experiment && m.id == told.metric)?.unit;
    if let Some(text) = no_difference(run, told) {
        return Some(text);
    }
    let mut parts = Vec::new();
    for cell in plain_cells(run, told.experiment) {
        let Some(s) = summary(run, cell, told.metric) else { continue };
        let name = name_of(run, cell);
        let against = comparison(run, cell, told.metric).map_or(String::new(), |c| format!(" ({})", ratio(c, run)));
        parts.push(format!("{name} {}{against}", with_interval(&s.interval, unit)));
    }
    (!parts.is_empty()).then(|| format!("{}: {}.", told.lead, parts.join("; ")))
}

/// Two equal arms that may differ by this much: saying "no difference" would mislead.
const TOO_NOISY: f64 = 0.5;

/// The fair name; with the case, where one arm has several.
fn name_of(run: &Run, cell: &Cell) -> String {
    let name = run.header.arms.iter().find(|a| a.id == cell.arm).map_or(cell.arm.as_str(), |a| a.name.as_str());
    format!("{name}{}", case_of(cell))
}

/// When no arm differs from the first, that is the whole sentence.
fn no_difference(run: &Run, told: &Told) -> Option<String> {
    let cells: Vec<&Cell> =
        plain_cells(run, told.experiment).filter(|c| summary(run, c, told.metric).is_some()).collect();
    let others: Vec<&Comparison> = cells.iter().filter_map(|c| comparison(run, c, told.metric)).collect();
    let floor = floor_of(&run.noise, told.experiment, told.metric)?;
    if others.is_empty() || others.iter().any(|c| c.detectable || c.ratio.low.is_none()) {
        return None;
    }
    if floor > TOO_NOISY {
        return Some(format!("{}: this run was too noisy to tell (floor {:.0} %).", told.lead, floor * 100.0));
    }
    let (lead, n, percent) = (told.lead, cells.len(), floor * 100.0);
    Some(format!("{lead}: no difference detectable ({n} arms, floor {percent:.1}\u{a0}%)."))
}

/// " cache=cold"; how many were weighed together is the same for all and not said.
fn case_of(cell: &Cell) -> String {
    cell.case.iter().filter(|(key, _)| *key != "n").map(|(key, value)| format!(" {key}={value}")).collect()
}

/// Arms as they are: not the A/A twin, and the case that has no sizes.
fn plain_cells<'a>(run: &'a Run, experiment: &'a str) -> impl Iterator<Item = &'a Cell> {
    run.cells
        .iter()
        .filter(move |c| c.experiment == experiment && c.status == Status::Measured)
        .filter(|c| !c.arm.contains('#') && !c.case.contains_key("configured"))
}

fn summary<'a>(run: &'a Run, cell: &Cell, metric: &str) -> Option<&'a Summary> {
    run.summaries.iter().find(|s| s.cell == cell.id && s.metric == metric)
}

fn comparison<'a>(run: &'a Run, cell: &Cell, metric: &str) -> Option<&'a Comparison> {
    run.comparisons
        .iter()
        .find(|c| c.experiment == cell.experiment && c.metric == metric && c.arm == cell.arm && c.case == cell.case)
}

fn ratio(c: &Comparison, run: &Run) -> String {
    if c.ratio.low.is_none() {
        return "too few blocks to compare".into();
    }
    if !c.detectable {
        let floor = floor_of(&run.noise, &c.experiment, &c.metric).unwrap_or(0.0);
        return format!("no difference detectable, floor {:.1}\u{a0}%", floor * 100.0);
    }
    format!("×{}", three_digits(c.ratio.median))
}

/// "1.52 ms [1.50, 1.55]": the interval in the unit and the digits of the median.
pub(super) fn with_interval(i: &Interval, unit: Unit) -> String {
    let text = show(i.median, unit);
    let (Some(low), Some(high)) = (i.low, i.high) else { return format!("{text} [too few blocks]") };
    format!("{text} [{}, {}]", like(low, i.median, &text), like(high, i.median, &text))
}

/// A number as `text` shows `median`: the same unit, unnamed, and the same digits.
fn like(value: f64, median: f64, text: &str) -> String {
    let number = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let digits = number.split_once('.').map_or(0, |(_, d)| d.len());
    let scale = if median == 0.0 { 1.0 } else { number.parse::<f64>().unwrap_or(1.0) / median };
    format!("{:.digits$}", value * scale)
}

/// The columns of the table; each with the farther end of its interval.
const COLUMNS: &[(&str, &str, &str)] = &[
    ("boot", "create_to_ready", "create→ready"),
    ("memory", "per_instance", "one more"),
    ("syscall", "getppid", "getppid"),
    ("cpu", "spin_unit", "spin unit"),
];

fn table(run: &Run, out: &mut Out) -> Result<()> {
    let mut rows: Vec<(String, BTreeMap<&str, Interval>)> = Vec::new();
    for cell in &run.cells {
        for (experiment, metric, title) in COLUMNS {
            if cell.experiment != *experiment || cell.case.contains_key("configured") {
                continue;
            }
            let Some(s) = summary(run, cell, metric) else { continue };
            let label = format!("{}{}", cell.arm, case_of(cell));
            let place = rows.iter().position(|(row, _)| *row == label).unwrap_or_else(|| {
                rows.push((label, BTreeMap::new()));
                rows.len() - 1
            });
            rows[place].1.insert(title, s.interval);
        }
    }
    let titles = COLUMNS.iter().map(|c| c.2).filter(|t| rows.iter().any(|(_, r)| r.contains_key(t)));
    let titles: Vec<&str> = titles.take(3).collect(); // more do not fit in 80 columns
    let Some(first) = titles.first() else { return Ok(()) };
    let unit = |title: &str| if title == "one more" { Unit::Bytes } else { Unit::Nanoseconds };
    let longest = rows.iter().filter_map(|(_, r)| r.get(first)).map(|i| i.median).fold(0.0, f64::max);
    let mut head = format!("{:<22}", "arm");
    titles
        .iter()
        .enumerate()
        .for_each(|(i, t)| head += &format!("{:>14}{}", t, if i == 0 { " ".repeat(BAR + 1) } else { String::new() }));
    out.line(out.bold(head.trim_end()))?;
    for (arm, values) in rows {
        let mut line = format!("{arm:<22.22}");
        for (i, title) in titles.iter().enumerate() {
            let value = values.get(title);
            line += &format!("{:>14}", value.map_or("–".into(), |v| with_error(v, unit(title))));
            if i == 0 {
                let share = value.map_or(0.0, |v| v.median / longest);
                line += &format!(" {:<BAR$}", bar(share));
            }
        }
        out.line(line.trim_end())?;
    }
    Ok(())
}

/// "1.52 ±0.03 ms".
fn with_error(i: &Interval, unit: Unit) -> String {
    let text = show(i.median, unit);
    let (Some(low), Some(high), Some((number, unit_name))) = (i.low, i.high, text.split_once(' ')) else { return text };
    let farther = (high - i.median).max(i.median - low);
    format!("{number} ±{} {unit_name}", like(farther, i.median, &text))
}

/// A bar of eighths of a character.
pub(super) fn bar(share: f64) -> String {
    let eighths = (share.clamp(0.0, 1.0) * BAR as f64 * 8.0).round() as usize;
    let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
    "█".repeat(eighths / 8) + rest
}

/// Equal reasons are told once, with what they cost.
fn skipped(run: &Run, out: &mut Out) -> Result<()> {
    let mut reasons: BTreeMap<(String, String, bool), Vec<String>> = BTreeMap::new();
    for cell in run.cells.iter().filter(|c| c.status != Status::Measured) {
        let key = (cell.reason.clone(), cell.fix.clone(), cell.status == Status::Failed);
        let names = reasons.entry(key).or_default();
        if !names.contains(&cell.arm) {
            names.push(cell.arm.clone());
        }
    }
    for ((reason, fix, failed), arms) in reasons {
        let word = if failed { "failed" } else { "skipped" };
        let fix = if fix.is_empty() { String::new() } else { format!(" — try: {fix}") };
        out.line(wrap(&format!("{word}: {} ({reason}){fix}", arms.join(", ")), WIDTH, "  ").trim_start_matches("  "))?;
    }
    Ok(())
}

/// What ran with less than asked for. Root is spared: the arm that lacks something is not the one that root uses.
fn limited(run: &Run, out: &mut Out) -> Result<()> {
    let arms = run.header.arms.iter().filter(|a| !run.header.root && !a.id.contains('#'));
    for (arm, reason) in arms.filter_map(|a| Some((a, a.limited.as_ref()?))) {
        let fix = arm.limited_fix.as_deref().unwrap_or_default();
        let text = format!("limited: {} ({reason}) — try: {fix}", arm.id);
        out.line(wrap(&text, WIDTH, "  ").trim_start_matches("  "))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_in_two_formats_counts_once() {
        let told = |names: &[&str]| told_charts(&names.iter().map(PathBuf::from).collect::<Vec<_>>());
        assert_eq!(told(&[]), "");
        assert_eq!(told(&["r/a.svg", "r/a.png"]), ", a.png");
        assert_eq!(told(&["r/a.svg", "r/a.png", "r/b.svg", "r/b.png"]), ", a.png and 1 more chart");
    }

    #[test]
    fn an_interval_has_the_unit_and_the_digits_of_its_median() {
        let interval = |low, median, high| Interval { median, low: Some(low), high: Some(high) };
        let text = |i, unit| with_interval(&i, unit);
        assert_eq!(text(interval(236e3, 1.58e6, 1.61e6), Unit::Nanoseconds), "1.58 ms [0.24, 1.61]");
        assert_eq!(text(interval(130.0, 138.2, 141.9), Unit::PerSecond), "138/s [130, 142]");
        assert_eq!(text(interval(4.0, 4.0, 5.0), Unit::Count), "4 [4, 5]");
        assert_eq!(text(interval(0.0, 0.0, 1.0), Unit::Bytes), "0 B [0, 1]");
    }
}
