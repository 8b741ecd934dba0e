//! The final table, in the shape that coursework asks for: metric, VM, container, process, difference, better, n.

use super::comparison::percent;
use super::names;
use super::page::{Block, Entry, Section, Table, code, number, text};
use super::words::{self, Words};
use crate::charts::versus;
use crate::lang::Lang;
use crate::results::coursework::{Contest, Line, contests};
use crate::results::derive::{Verdict, n_for, percentile};
use crate::results::schema::{ArmInfo, Run, Summary};
use crate::units::show;

const P95: f64 = 0.95;

pub(super) fn section(run: &Run, lang: Lang) -> Section {
    let contests = contests(run);
    let how = if contests.is_empty() { &words::NO_FINAL_TABLE } else { &words::HOW_TO_READ_FINAL_TABLE };
    let mut blocks = vec![Block::Text(how.of(lang).into())];
    let (plain, with_knobs): (Vec<&Contest>, Vec<&Contest>) = contests.iter().partition(|c| !c.has_knobs());
    blocks.extend(plain.into_iter().flat_map(|contest| of_contest(run, contest, lang)));
    if !with_knobs.is_empty() {
        let tables = with_knobs.into_iter().flat_map(|contest| of_contest(run, contest, lang)).collect();
        blocks.push(Block::Fold(words::WITH_KNOBS.of(lang).into(), tables));
    }
    Section { id: "final-table", title: words::FINAL_TABLE.of(lang).into(), blocks }
}

/// The table, and of which metrics it has no p95.
fn of_contest(run: &Run, contest: &Contest, lang: Lang) -> Vec<Block> {
    let without: Vec<String> =
        contest.lines.iter().filter(|line| !has_p95(line)).map(|line| title(line, None, lang)).collect();
    let mut blocks: Vec<Block> = table(run, contest, lang).block().into_iter().collect();
    if !without.is_empty() {
        let needed = n_for(P95).to_string();
        blocks.push(Block::Text(words::NO_P95.with(lang, &[&without.join(", "), &needed])));
    }
    blocks
}

fn has_p95(line: &Line) -> bool {
    [line.machine, line.container, line.process].into_iter().flatten().any(|s| percentile(s, P95).is_some())
}

fn table(run: &Run, contest: &Contest, lang: Lang) -> Table {
    let titles: Vec<String> = [
        (&words::METRIC, ""),
        (&words::VM_COLUMN, "#"),
        (&words::CONTAINER_COLUMN, "#"),
        (&words::PROCESS_COLUMN, "#"),
        (&words::DIFFERENCE_COLUMN, "#"),
        (&words::BETTER_COLUMN, ""),
        (&words::N, "#"),
    ]
    .iter()
    .map(|(title, mark)| format!("{mark}{}", title.of(lang)))
    .collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let name = |arm: Option<&ArmInfo>| match arm {
        Some(arm) => format!("{} ({})", names::plain(run, &arm.id, lang), code(&arm.id)),
        None => words::NOT_MEASURED.of(lang).to_owned(),
    };
    let caption = words::FINAL_TABLE_CAPTION.with(lang, &[&name(contest.machine), &name(contest.container)]);
    let mut table = Table::new(caption, &titles);
    for line in &contest.lines {
        table.row(median_row(line, lang));
        if has_p95(line) {
            table.row(p95_row(line, lang));
        }
    }
    table
}

fn median_row(line: &Line, lang: Lang) -> Vec<Entry> {
    let median = |s: Option<&Summary>| match s {
        Some(s) => number(show(s.interval.median, line.metric.unit), s.interval.median),
        None => text(words::NOT_MEASURED.of(lang)),
    };
    let (difference, better) = difference(line, lang);
    vec![
        text(title(line, None, lang)),
        median(line.machine),
        median(line.container),
        median(line.process),
        difference,
        text(better),
        number(line.n().to_string(), line.n() as f64),
    ]
}

/// Only values: no difference of two tails is tested here.
fn p95_row(line: &Line, lang: Lang) -> Vec<Entry> {
    let value = |s: Option<&Summary>| match s.map(|s| percentile(s, P95)) {
        Some(Some(value)) => number(show(value, line.metric.unit), value),
        Some(None) => text(words::TOO_FEW_BEYOND.with(lang, &[&n_for(P95).to_string()])),
        None => text(words::NOT_MEASURED.of(lang)),
    };
    vec![
        text(title(line, Some(words::P95.of(lang)), lang)),
        value(line.machine),
        value(line.container),
        value(line.process),
        text(words::NOT_TESTED.of(lang)),
        text(words::NOT_TESTED.of(lang)),
        number(line.n().to_string(), line.n() as f64),
    ]
}

/// "create→ready, p95 (`boot create_to_ready`)".
fn title(line: &Line, statistic: Option<&str>, lang: Lang) -> String {
    let m = line.metric;
    let case = line.case.behind_a_name();
    let statistic = statistic.map_or(String::new(), |s| format!(", {s}"));
    let id = code(&format!("{} {}", m.experiment, m.id));
    format!("{}{case}{statistic} ({id})", m.title_in(lang))
}

/// `(VM − container) / VM`, and who is better with it.
fn difference(line: &Line, lang: Lang) -> (Entry, String) {
    let Some(pair) = &line.pair else {
        let no = words::NOT_MEASURED.of(lang);
        return (text(no), no.to_owned());
    };
    match versus::nothing_found(pair, lang) {
        Some(nothing) if matches!(pair.verdict, Verdict::TooFewPairs | Verdict::NotComparable) => {
            (text(words::NOT_TESTED.of(lang)), nothing)
        }
        Some(nothing) => (number(percent(pair.below()), pair.below()), nothing),
        None => {
            let container_is_better = (pair.verdict == Verdict::Smaller) == (line.metric.better == "lower");
            let better: &Words = if container_is_better { &words::CONTAINER_COLUMN } else { &words::VM_COLUMN };
            let difference = versus::difference(pair, line.metric, lang);
            let told = words::BETTER_TOLD.with(lang, &[better.of(lang), &difference]);
            (number(percent(pair.below()), pair.below()), told)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::example::{ExampleArm, noise, run};

    const ARMS: [ExampleArm; 5] = [
        ("process", "process", None),
        ("process#2", "process, once more", None),
        ("container", "our container, no image, no engine", None),
        ("container:-seccomp", "our container, no image, no engine (-seccomp)", None),
        ("vm-bare", "bare VM, no operating system", Some("software")),
    ];

    fn start(blocks: u32, container: f64) -> Run {
        run(&ARMS, &[("boot", "create_to_ready", "ns", "lower")], blocks, |arm, _, block| {
            let times = if arm.starts_with("container") { container } else { 10.0 };
            Some(1e5 * noise(arm, block) * if arm.starts_with("process") { 1.0 } else { times })
        })
    }

    /// The first table's rows as text, and what is folded away.
    fn rows(run: &Run) -> (Vec<Vec<String>>, usize) {
        let blocks = section(run, Lang::En).blocks;
        let folded = blocks.iter().filter(|b| matches!(b, Block::Fold(..))).count();
        let table = blocks.into_iter().find_map(|b| if let Block::Table(t) = b { Some(t) } else { None }).unwrap();
        (table.rows.into_iter().map(|r| r.into_iter().map(|e| e.text).collect()).collect(), folded)
    }

    #[test]
    fn it_has_the_shape_of_coursework_and_says_the_sign_in_words() {
        let (found, folded) = rows(&start(30, 6.0));
        assert_eq!((found.len(), folded), (1, 1), "no p95 of 30 samples; the arm with a knob is folded: {found:?}");
        let row: Vec<&str> = found[0].iter().map(String::as_str).collect();
        assert!(
            matches!(row[..], [title, "1.02 ms", "615 µs", _, difference, better, "30"]
            if title.starts_with("create→ready") && difference.starts_with('+') && better.starts_with("container (container ")
                && better.ends_with("% faster)")),
            "{row:?}"
        );
        let slower = rows(&start(30, 12.0)).0;
        assert!(slower[0][4].starts_with('−') && slower[0][5].starts_with("VM (container"), "{slower:?}");
        assert!(slower[0][5].ends_with("slower)"), "{slower:?}");
    }

    #[test]
    fn p95_is_told_from_200_samples_on_and_a_text_says_where_it_is_not() {
        let (found, _) = rows(&start(200, 6.0));
        assert!(found.len() == 2 && found[1][0].contains(", p95") && found[1][4] == "not tested", "{found:?}");
        let said = |n| crate::report::final_table(&start(n, 6.0), Lang::En);
        assert!(said(199).contains("No p95 is told of create→ready") && !said(200).contains("No p95"));
    }

    #[test]
    fn memory_without_the_kernels_part_is_not_comparable_here_too() {
        let arms = [ARMS[0], ARMS[1], ("container-rootless", "our container, made without root", None), ARMS[4]];
        let user = run(&arms, &[("memory", "private", "bytes", "lower")], 12, |arm, _, block| {
            Some(6600.0 * noise(arm, block))
        });
        let (found, _) = rows(&user);
        assert!(found[0][4] == "not tested" && found[0][5].starts_with("not comparable: kernel memory"), "{found:?}");
        let sentences = crate::report::sentences::sentences(&user, Lang::En, crate::report::sentences::Detail::Short);
        let all: Vec<String> = sentences.iter().map(crate::report::Sentence::text).collect();
        assert!(!all.join(" ").contains("no difference") && all.join(" ").contains("not comparable"), "{all:?}");
    }

    #[test]
    fn what_was_not_measured_says_so() {
        let alone = run(&ARMS[..3], &[("boot", "create_to_ready", "ns", "lower")], 30, |_, _, _| Some(1e5));
        let (found, _) = rows(&alone);
        assert_eq!((found[0][1].as_str(), found[0][4].as_str()), ("not measured", "not measured"), "{found:?}");
        let none = run(&ARMS[..2], &[("boot", "create_to_ready", "ns", "lower")], 30, |_, _, _| Some(1e5));
        assert_eq!(section(&none, Lang::En).blocks.len(), 1, "a text, no table");
    }
}
