//! The end of a run on the terminal, in 80 columns and 30 lines: a sentence per question, a table with intervals and bars,
//! what was skipped and the remedy, where the files are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::final_table;
use super::list::{labelled, padded, wrap};
use super::out::Out;
use crate::error::Result;
use crate::id::ArmId;
use crate::lang::{Lang, counted};
use crate::model::Unit;
use crate::report::Sentence;
use crate::report::sentences::{Detail, blocks_publication, case_of, sentences};
use crate::results::files::{RUN, SAMPLES};
use crate::results::query::summary;
use crate::results::schema::{Interval, Run, Status};
use crate::shell::{called_as, quoted_path};
use crate::units::{Scale, beside, show};

/// Of the smallest terminal that is in use, with the prompt below.
const HEIGHT: usize = 29;
const BAR: usize = 10;

pub(super) fn print(run: &Run, dir: &Path, charts: &[PathBuf], out: &mut Out) -> Result<()> {
    out.line("")?;
    texts(run, dir, charts, out).iter().try_for_each(|text| out.line(text))
}

/// In order, each of one line or of several.
fn texts(run: &Run, dir: &Path, charts: &[PathBuf], out: &Out) -> Vec<String> {
    let mut below = table(run, out);
    if out.width() >= final_table::WIDTH {
        below.extend(final_table::lines(run, out));
    }
    let (lang, width) = (out.lang(), out.width());
    below.extend(skipped(run, lang, width));
    below.extend(limited(run, lang, width));
    let reasons = blocks_publication(run, lang);
    if !reasons.is_empty() {
        let blocks_publication =
            format!("{}: {}", out.say("not for publication", "공개용 수치가 아님"), reasons.join("; "));
        below.push(wrapped(&blocks_publication, width));
    }
    let (dir_shown, drawn) = (dir.display(), told_charts(charts, lang));
    let kept = if dir.join(RUN).exists() { "run.json, samples.csv" } else { SAMPLES };
    let files = format!("{}: {dir_shown}/ ({kept}{drawn})", out.say("files", "파일"));
    below.push(wrapped(&files, width));
    let taken = 1 + height(&below);
    let mut all = fitting(sentences(run, lang, Detail::Short), HEIGHT.saturating_sub(taken), dir, out);
    all.extend(below);
    all
}

/// ", boot-stages.png and 2 more charts": each counts once, in however many formats it was saved.
fn told_charts(files: &[PathBuf], lang: Lang) -> String {
    let names: BTreeSet<_> = files.iter().filter_map(|file| file.file_stem()).collect();
    let first = files.iter().rev().find(|file| file.file_stem() == files[0].file_stem());
    let Some(first) = first.and_then(|file| file.file_name()) else { return String::new() };
    let more = match names.len() - 1 {
        0 => String::new(),
        n => lang.choose(format!(" and {}", counted(n, "more chart")), format!(" 외 차트 {n}개")),
    };
    format!(", {}{more}", first.display())
}

fn wrapped(text: &str, width: usize) -> String {
    wrap(text, width, "  ").trim_start_matches("  ").to_owned()
}

fn height(texts: &[String]) -> usize {
    texts.iter().map(|t| t.lines().count()).sum()
}

/// The sentences that fit into so many lines, in their order; what matters least is left out first, and that is told. The
/// first question's answer is always there.
fn fitting(mut all: Vec<Sentence>, lines: usize, dir: &Path, out: &Out) -> Vec<String> {
    let command = format!("{} report {}", called_as(), quoted_path(dir)); // on one line, so that it can be pasted
    let more = format!("{}: {command}", out.say("more", "더 보기"));
    let mut left_out = false;
    loop {
        let mut texts: Vec<String> = all.iter().map(|s| wrapped(&s.text(), out.width())).collect();
        texts.extend(left_out.then(|| more.clone()));
        let least = all.iter().enumerate().max_by_key(|(_, s)| s.rank).map(|(i, s)| (i, s.rank));
        match least {
            Some((i, rank)) if height(&texts) > lines && rank > 0 => drop(all.remove(i)),
            _ => return texts,
        }
        left_out = true;
    }
}

/// The columns of the table; each with the farther end of its interval.
const COLUMNS: &[(&str, &str, &str)] = &[
    ("boot", "create_to_ready", "create→ready"),
    ("memory", "per_instance", "one more"),
    ("syscall", "getppid", "getppid"),
    ("cpu", "spin_unit", "spin unit"),
];

/// Columns of a label beside its values, of a value, and before the values below a label.
const LABEL: usize = 22;
const COLUMN: usize = 14;
const INDENT: usize = 2;

fn table(run: &Run, out: &Out) -> Vec<String> {
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
    let most = (out.width() - BAR - 1 - INDENT) / COLUMN; // with the label on a line of its own
    let titles: Vec<&str> = titles.take(most.min(3)).collect();
    let beside_label = out.width().saturating_sub(titles.len() * COLUMN + BAR + 1);
    let room = if beside_label < LABEL { INDENT } else { LABEL };
    let Some(first) = titles.first() else { return Vec::new() };
    let unit = |title: &str| if title == "one more" { Unit::Bytes } else { Unit::Nanoseconds };
    let longest = rows.iter().filter_map(|(_, r)| r.get(first)).map(|i| i.median).fold(0.0, f64::max);
    let mut head = padded(if room == LABEL { out.say("arm", "대상") } else { "" }, room);
    titles
        .iter()
        .enumerate()
        .for_each(|(i, t)| head += &format!("{:>14}{}", t, if i == 0 { " ".repeat(BAR + 1) } else { String::new() }));
    let mut lines = vec![out.bold(head.trim_end())];
    for (arm, values) in rows {
        let mut line = String::new();
        for (i, title) in titles.iter().enumerate() {
            let value = values.get(title);
            line += &format!("{:>14}", value.map_or("–".into(), |v| with_error(v, unit(title))));
            if i == 0 {
                let share = value.map_or(0.0, |v| v.median / longest);
                line += &format!(" {:<BAR$}", bar(share));
            }
        }
        lines.extend(labelled(&arm, room, line.trim_end(), out.width()));
    }
    lines
}

/// "1.52 ±0.03 ms".
fn with_error(i: &Interval, unit: Unit) -> String {
    let (Some(reach), Unit::Nanoseconds | Unit::Bytes) = (i.reach(), unit) else { return show(i.median, unit) };
    let scale = Scale::of(unit, i.median);
    format!("{} ±{} {}", scale.number(i.median), beside(i.median, reach, unit), scale.unit)
}

/// A bar of eighths of a character.
pub(super) fn bar(share: f64) -> String {
    let eighths = (share.clamp(0.0, 1.0) * BAR as f64 * 8.0).round() as usize;
    let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
    "█".repeat(eighths / 8) + rest
}

/// Equal reasons are told once, with what they cost.
fn skipped(run: &Run, lang: Lang, width: usize) -> Vec<String> {
    let mut reasons: BTreeMap<(String, String, bool), Vec<ArmId>> = BTreeMap::new();
    for cell in run.cells.iter().filter(|c| c.status != Status::Measured) {
        let key = (cell.reason_in(lang).to_owned(), cell.fix_in(lang).to_owned(), cell.status == Status::Failed);
        let names = reasons.entry(key).or_default();
        if !names.contains(&cell.arm) {
            names.push(cell.arm.clone());
        }
    }
    let told = reasons.into_iter().map(|((reason, fix, failed), arms)| {
        let word = if failed { lang.choose("failed", "실패") } else { lang.choose("skipped", "건너뜀") };
        let fix = if fix.is_empty() { String::new() } else { format!(" — {}: {fix}", lang.choose("try", "해결")) };
        wrapped(&format!("{word}: {} ({reason}){fix}", arms.join(", ")), width)
    });
    told.collect()
}

/// What ran with less than asked for. Root is spared: the arm that lacks something is not the one that root uses.
fn limited(run: &Run, lang: Lang, width: usize) -> Vec<String> {
    let arms = run.header.arms.iter().filter(|a| !run.header.root && !a.id.is_repeated());
    let told = arms.filter_map(|a| Some((a, a.limited_in(lang)?))).map(|(arm, (reason, fix))| {
        let (word, advice) = (lang.choose("limited", "일부만"), lang.choose("try", "해결"));
        wrapped(&format!("{word}: {} ({reason}) — {advice}: {fix}", arm.id), width)
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::example::{self, noise};

    /// Six arms of which every sentence has something to say.
    fn long() -> Run {
        let arms = [
            ("process", "process", None),
            ("process#2", "process, once more", None),
            ("process:vfork", "process (vfork)", None),
            ("container", "our container, no image, no engine", None),
            ("container:-seccomp", "our container, no image, no engine (-seccomp)", None),
            ("vm-bare", "bare VM, no operating system", Some("software")),
        ];
        let metrics = [
            ("boot", "create_to_ready", "ns", "lower"),
            ("boot", "command_to_ready", "ns", "lower"),
            ("syscall", "getppid", "ns", "lower"),
            ("cpu", "spin_unit", "ns", "lower"),
            ("memory", "per_instance", "bytes", "lower"),
        ];
        example::run(&arms, &metrics, 30, |arm, _, block| {
            let times = match arm {
                "process:vfork" => 0.5,
                "container" => 7.0,
                "container:-seccomp" => 6.0,
                "vm-bare" => 5.0,
                _ => 1.0,
            };
            Some(1e6 * times * noise(arm, block))
        })
    }

    #[test]
    fn it_fits_a_small_terminal_and_says_what_matters_most() {
        let shown = |line: &str| line.replace("\x1b[1m", "").replace("\x1b[0m", "").chars().count();
        for styled in [true, false] {
            let end = texts(&long(), Path::new("r"), &[], &Out::with_styles(styled)).join("\n");
            assert!(end.lines().all(|l| shown(l) <= 80) && end.contains('\x1b') == styled, "{end}");
        }
        let texts = texts(&long(), Path::new("results/2026-11-21-82751766"), &[], &Out::with_styles(false));
        let (end, lines) = (texts.join("\n"), height(&texts) + 1);
        assert!(lines <= 30, "{lines} lines\n{end}");
        assert!(end.lines().all(|l| shown(l) <= 80), "{end}");
        assert!(
            end.contains("Container against VM") && end.contains("Start, first system call to ready record"),
            "{end}"
        );
        let row = end.lines().find(|l| l.starts_with("one more ")).unwrap_or_default();
        assert!(row.contains("−41.7 %  VM             30") && row.contains("4.88 MiB  6.84 MiB"), "{end}");
        assert!(end.contains("smallest difference seen: create→ready 0.4 %"), "{end}");
        assert!(end.contains(" report results/") && !end.contains("the control"), "{end}");
        let words = end.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("against container paired ×0."), "an arm with a knob against itself: {end}");
    }

    #[test]
    fn it_fits_in_korean_too_and_says_why_in_korean() {
        use unicode_width::UnicodeWidthStr;
        let mut run = long();
        let cell = run.cells.last_mut().unwrap();
        (cell.status, cell.reason, cell.fix) = (Status::Skipped, "it is not there".into(), "make it".into());
        (cell.reason_ko, cell.fix_ko) = (Some("그것이 없음".into()), Some("만드십시오".into()));
        let end = texts(&run, Path::new("results/2026-11-21-82751766"), &[], &Out::in_korean()).join("\n");
        assert!(end.lines().all(|l| l.width() <= 80), "{end}");
        for words in ["건너뜀: vm-bare (그것이 없음) — 해결: 만드십시오", "대상", "더 보기: ", "파일: results/"]
        {
            assert!(end.contains(words), "{words}: {end}");
        }
        assert!(!end.contains("against") && !end.contains("skipped") && !end.contains("not there"), "{end}");
    }

    #[test]
    fn nothing_is_left_out_where_there_is_room() {
        let texts = texts(&example::boot(30), Path::new("results"), &[], &Out::with_styles(false));
        assert!(!texts.iter().any(|t| t.contains("more: isolab report")), "{texts:?}");
    }

    #[test]
    fn a_chart_in_two_formats_counts_once() {
        let told = |names: &[&str]| told_charts(&names.iter().map(PathBuf::from).collect::<Vec<_>>(), Lang::En);
        assert_eq!(told(&[]), "");
        assert_eq!(told(&["r/a.svg", "r/a.png"]), ", a.png");
        assert_eq!(told(&["r/a.svg", "r/a.png", "r/b.svg", "r/b.png"]), ", a.png and 1 more chart");
    }

    #[test]
    fn the_longest_labels_are_whole_at_80_and_60_columns() {
        use unicode_width::UnicodeWidthStr;
        let mut run = long();
        let names =
            ["vm-bare:populate:ram=1G", "container-rootless:+init:-caps:-cgroup:-dev:-ipc:-lo:-mask:-seccomp:-uts#2"];
        for (place, new) in names.iter().enumerate().rev() {
            let old = run.header.arms[4 + place].id.clone();
            run.header.arms[4 + place].id = (*new).into();
            run.cells.iter_mut().filter(|c| c.arm == old).for_each(|c| {
                c.id = c.id.replace(&*old, new).into();
                c.arm = (*new).into();
            });
            run.summaries.iter_mut().for_each(|s| s.cell = s.cell.replace(&*old, new).into());
        }
        for (width, lang) in [(79, Lang::En), (59, Lang::En), (79, Lang::Ko), (59, Lang::Ko)] {
            let lines = table(&run, &Out::with_width(width, lang));
            let text = lines.join("\n");
            assert!(lines.iter().all(|l| l.width() <= width), "{text}");
            let letters: String = text.split_whitespace().collect();
            assert!(names.iter().all(|name| letters.contains(name)), "{text}");
        }
    }
}
