//! The final table at the end of a run: metric, VM, container, process, difference, better, n, in 80 columns.

use unicode_width::UnicodeWidthStr;

use super::list::{padded, wrap};
use super::out::Out;
use crate::charts::versus;
use crate::lang::Lang;
use crate::results::coursework::{Contest, Line, contests};
use crate::results::derive::{Pair, Verdict, percentile};
use crate::results::schema::{ArmInfo, Run, Summary};
use crate::units::{show, three_digits};

pub(super) const WIDTH: usize = 79;
/// Metrics of the terminal, by experiment; the report has all.
const ROWS: &[(&str, &str, &str)] = &[
    ("boot", "create_to_ready", "create→ready"),
    ("boot", "starts_per_second", "starts/s"),
    ("boot", "create_to_exit", "create→exit"),
    ("memory", "per_instance", "one more"),
    ("memory", "private", "one more, private"),
    ("syscall", "getppid", "getppid"),
    ("cpu", "spin_unit", "spin unit"),
];

/// More do not fit into a small terminal.
const MOST_METRICS: usize = 3;

/// Of the first container and each virtual machine as it is by default; where each has knobs, of the first; the report has every
/// pair. Empty without a pair.
pub(super) fn lines(run: &Run, out: &Out) -> Vec<String> {
    let pairs: Vec<Contest> =
        contests(run).into_iter().filter(|c| c.container.is_some() && c.machine.is_some()).collect();
    let first = pairs.first().and_then(|c| c.container).map(|arm| &arm.id);
    let plain = |c: &&Contest| !c.has_knobs() && c.container.map(|arm| &arm.id) == first;
    let shown: Vec<&Contest> = pairs.iter().filter(plain).collect();
    let shown = if shown.is_empty() { pairs.iter().take(1).collect() } else { shown };
    shown.into_iter().flat_map(|contest| of_contest(contest, out)).collect()
}

fn of_contest(contest: &Contest, out: &Out) -> Vec<String> {
    let (Some(container), Some(machine)) = (contest.container, contest.machine) else { return Vec::new() };
    let named = ROWS.iter().flat_map(|(experiment, metric, title)| {
        let mine = contest.lines.iter().filter(|l| l.metric.experiment == *experiment && l.metric.id == *metric);
        mine.map(|line| (*title, line))
    });
    let begun = contest.lines.iter().any(|l| l.metric.id == "create_to_ready"); // that tells more than the whole life
    let named = named.filter(|(_, line)| !begun || line.metric.id != "create_to_exit");
    let told: Vec<(&str, &Line)> = named.take(MOST_METRICS).collect();
    if told.is_empty() {
        return Vec::new();
    }
    let lang = out.lang();
    let (one, other) = (&container.id, with_backend(machine));
    let title = lang.choose(
        format!("{one} against {other}; paired (VM − container) / VM"),
        format!("{one} 대 {other}, 짝지은 (VM − 컨테이너) / VM"),
    );
    let mut all = wrapped(&title);
    let english = ["metric", "VM", "container", "process", "difference", "better", "n"];
    let korean = ["지표", "VM", "컨테이너", "프로세스", "차이", "나은 쪽", "n"];
    all.push(out.bold(&row(lang.choose(english, korean))));
    all.extend(told.iter().flat_map(|(title, line)| of_line(title, line, lang)));
    all.extend(notes(&told, lang).iter().flat_map(|note| wrapped(note)));
    all
}

fn wrapped(text: &str) -> Vec<String> {
    wrap(text, WIDTH, "  ").trim_start().lines().map(str::to_owned).collect()
}

/// A machine's number goes with its KVM backend.
fn with_backend(arm: &ArmInfo) -> String {
    arm.backend.as_ref().map_or_else(|| arm.id.to_string(), |backend| format!("{} ({backend})", arm.id))
}

fn row(cells: [&str; 7]) -> String {
    let [metric, machine, container, process, difference, better, n] = cells;
    let to_the_right = |text: &str, columns: usize| " ".repeat(columns.saturating_sub(text.width())) + text;
    let numbers = [(machine, 10), (container, 10), (process, 10), (difference, 11)];
    let numbers: String = numbers.map(|(text, columns)| to_the_right(text, columns)).concat();
    padded(metric, 18) + &numbers + "  " + &padded(better, 12) + &to_the_right(n, 5)
}

/// The medians, and p95 where enough samples lie beyond it.
fn of_line(title: &str, line: &Line, lang: Lang) -> Vec<String> {
    let m = line.metric;
    let title = format!("{title}{}", line.case.behind_a_name());
    let summaries = [line.machine, line.container, line.process];
    let median = |s: Option<&Summary>| s.map_or("–".into(), |s| show(s.interval.median, m.unit));
    let [machine, container, process] = summaries.map(median);
    let (difference, better) = difference(line, lang);
    let n = line.n().to_string();
    let mut rows = vec![row([&title, &machine, &container, &process, &difference, better, &n])];
    let tails = summaries.map(|s| s.and_then(|s| percentile(s, 0.95)).map(|v| show(v, m.unit)));
    if tails.iter().any(Option::is_some) {
        let [machine, container, process] = tails.map(|t| t.unwrap_or_else(|| "–".into()));
        rows.push(row(["  p95", &machine, &container, &process, "–", "", &n]));
    }
    rows
}

fn difference(line: &Line, lang: Lang) -> (String, &'static str) {
    let Some(pair) = &line.pair else { return ("–".into(), "–") };
    let percent =
        format!("{}{} %", if pair.below() < 0.0 { "−" } else { "+" }, three_digits(pair.below().abs() * 100.0));
    match pair.verdict {
        Verdict::NotComparable => ("–".into(), lang.choose("not compar.", "비교 불가")),
        Verdict::TooFewPairs => ("–".into(), lang.choose("too few", "짝이 적음")),
        Verdict::NoDifferenceDetectable => (percent, lang.choose("none seen", "차이 없음")),
        found if (found == Verdict::Smaller) == (line.metric.better == "lower") => {
            (percent, lang.choose("container", "컨테이너"))
        }
        _ => (percent, "VM"),
    }
}

/// How small a difference could have been seen, and what the marks mean that stand in the table.
fn notes(told: &[(&str, &Line)], lang: Lang) -> Vec<String> {
    let pairs: Vec<_> = told.iter().filter_map(|(title, l)| Some((title, l.metric, l.pair.as_ref()?))).collect();
    let smallest = |(title, _, pair): &(&&str, _, &Pair)| Some(format!("{title} {:.1} %", pair.smallest? * 100.0));
    let seen: Vec<String> = pairs.iter().filter_map(smallest).collect();
    let mut notes = Vec::new();
    if !seen.is_empty() {
        let heading = lang.choose("smallest difference seen", "볼 수 있었던 가장 작은 차이");
        notes.push(format!("{heading}: {}", seen.join(", ")));
    }
    if let Some((_, m, pair)) = pairs.iter().find(|(.., p)| p.verdict == Verdict::NotComparable) {
        let why = versus::difference(pair, m, lang);
        notes.push(match lang {
            Lang::En => format!("not compar.: {}", why.trim_start_matches("not comparable: ")),
            Lang::Ko => why,
        });
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::example;

    fn titles(machines: &[&str]) -> Vec<String> {
        let others = machines.iter().map(|arm| (*arm, *arm, Some("svm")));
        let arms: Vec<_> = [("process", "p", None), ("container", "c", None), ("container:-net", "n", None)]
            .into_iter()
            .chain(others)
            .collect();
        let run = example::run(&arms, &[("boot", "create_to_ready", "ns", "lower")], 20, |arm, _, block| {
            Some(1e6 * example::noise(arm, block))
        });
        let lines = lines(&run, &Out::with_width(80, Lang::En));
        lines.into_iter().filter(|line| line.contains(" against ")).collect()
    }

    #[test]
    fn each_machine_has_its_table_with_the_first_container() {
        let both = titles(&["vm-bare", "vm-linux", "vm-linux:ram=1G"]);
        assert_eq!(both.len(), 2, "{both:?}");
        assert!(both[0].starts_with("container against vm-bare (svm)"), "{both:?}");
        assert!(both[1].starts_with("container against vm-linux (svm)"), "{both:?}");
        let knobs = titles(&["vm-linux:ram=1G", "vm-linux:ram=2G"]);
        assert_eq!(knobs.len(), 1, "{knobs:?}");
        assert!(titles(&[]).is_empty());
    }
}
