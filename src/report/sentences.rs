//! The verdict sentences: one per question, the same on the terminal and in the report.
//!
//! The terminal has 80 columns and says what a ratio is, not how sure; the report gives every ratio its interval and n.
//! A sentence says what was seen, never why: no cause is tested here.

use super::page::Sentence;
use super::words::{self, Words};
use super::{inventory, names};
use crate::charts::versus;
use crate::id::ArmId;
use crate::lang::Lang;
use crate::model::{Kind, Unit};
use crate::results::derive::Verdict as Found;
use crate::results::derive::{Pair, Relation, kind_of, pairs};
use crate::results::query::{floor_of, plain_cells, summary};
use crate::results::schema::{Cell, Interval, MetricInfo, Run, Status, Summary, Warning};
use crate::units::{beside, show, three_digits};

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// For the end of a run on the terminal.
    Short,
    /// Every value with its n, every ratio with its interval and pairs.
    Full,
}

/// One question: which metric answers it, and how it is told.
struct Told {
    experiment: &'static str,
    metric: &'static str,
    lead: &'static Words,
    rank: u8,
}

const fn told(experiment: &'static str, metric: &'static str, lead: &'static Words, rank: u8) -> Told {
    Told { experiment, metric, lead, rank }
}

const TOLD: &[Told] = &[
    told("boot", "create_to_ready", &words::LEAD_CREATE_TO_READY, 1),
    told("boot", "command_to_ready", &words::LEAD_COMMAND_TO_READY, 5),
    told("memory", "per_instance", &words::LEAD_PER_INSTANCE, 2),
    told("memory", "private", &words::LEAD_PRIVATE, 2),
    told("memory", "daemon", &words::LEAD_DAEMON, 3),
    told("syscall", "getppid", &words::LEAD_GETPPID, 3),
    told("cpu", "spin_unit", &words::LEAD_SPIN, 6),
    told("boot", "starts_per_second", &words::LEAD_STARTS, 3),
    told("boot", "create_to_exit", &words::LEAD_WHOLE, 3),
];

/// Behind it stands what a size of a machine's memory costs.
const LAST_OF_MEMORY: &str = "daemon";

/// Everything that this run says, in the order of the questions.
pub fn sentences(run: &Run, lang: Lang, detail: Detail) -> Vec<Sentence> {
    let mut all = against_machines(run, lang, detail);
    all.extend(inventory::sentence(run, lang));
    for told in TOLD {
        if !said_better(run, told.metric) {
            all.extend(sentence(run, told, lang, detail));
        }
        if told.metric == LAST_OF_MEMORY {
            all.extend(configured_against_touched(run, lang));
        }
    }
    all
}

/// Is there another metric that tells the same, and more?
fn said_better(run: &Run, metric: &str) -> bool {
    let has = |metric: &str| run.summaries.iter().any(|s| s.metric == metric);
    (metric == "create_to_exit" && has("create_to_ready")) || (metric == "private" && has("per_instance"))
}

fn sentence(run: &Run, told: &Told, lang: Lang, detail: Detail) -> Option<Sentence> {
    let m = names::metric(run, told.experiment, told.metric)?;
    let found: Vec<(&Cell, &Summary, Vec<Pair>)> = plain_cells(run, told.experiment)
        .filter_map(|cell| Some((cell, summary(run, cell, told.metric)?, pairs(run, cell, told.metric))))
        .collect();
    let conclusion = no_difference(run, told, &found, lang);
    let mut parts: Vec<String> = conclusion.iter().cloned().collect();
    if conclusion.is_none() || detail == Detail::Full {
        parts.extend(found.iter().map(|(cell, s, against)| {
            let name = names::of_cell(run, cell, lang);
            let against = if conclusion.is_some() { &[] } else { against.as_slice() }; // said once for all
            format!("{name} {}", value(run, m, s, against, lang, detail))
        }));
    }
    (!found.is_empty()).then(|| Sentence { lead: told.lead.of(lang).into(), parts, rank: told.rank })
}

/// "1.52 ms [1.50, 1.55] (paired ×7.2)". Against virtual machines there are sentences of their own.
fn value(run: &Run, m: &MetricInfo, s: &Summary, against: &[Pair], lang: Lang, detail: Detail) -> String {
    let mut text = with_interval(&s.interval, m.unit, lang);
    if detail == Detail::Full {
        text += &format!(", n = {}", s.n);
    }
    let against = against.iter().filter(|p| p.relation != Relation::Machine);
    let ratios: Vec<String> = against.map(|p| ratio(run, p, lang, detail)).collect();
    if !ratios.is_empty() {
        text += &format!(" ({})", ratios.join("; "));
    }
    text
}

fn ratio(run: &Run, p: &Pair, lang: Lang, detail: Detail) -> String {
    let told = match versus::nothing_found(p, lang) {
        Some(nothing) => nothing,
        None if detail == Detail::Full => versus::paired(p, lang),
        None => {
            let apart = versus::apart(p, lang).map_or(String::new(), |apart| format!("; {apart}"));
            words::PAIRED_RATIO.with(lang, &[&three_digits(p.ratio.median)]) + &apart
        }
    };
    let base_is_plain = p.relation == Relation::Base && run.header.plan.base.is_none();
    match (base_is_plain, detail) {
        (true, Detail::Short) => told,
        (false, Detail::Short) => words::OF_ARM.with(lang, &[&told, &p.base]),
        (_, Detail::Full) => words::OF_ARM_PAIRS.with(lang, &[&told, &p.base, &p.pairs.to_string()]),
    }
}

/// The question that everybody came with: each container against each virtual machine, all metrics in one sentence.
fn against_machines(run: &Run, lang: Lang, detail: Detail) -> Vec<Sentence> {
    let mut all: Vec<(ArmId, ArmId, Sentence)> = Vec::new();
    let room = |told: &&Told| detail == Detail::Full || told.rank <= 3;
    for told in TOLD.iter().filter(|told| !said_better(run, told.metric)).filter(room) {
        let Some(m) = names::metric(run, told.experiment, told.metric) else { continue };
        let containers = plain_cells(run, told.experiment).filter(|c| kind_of(run, &c.arm).is_container());
        for (cell, pair) in containers.flat_map(|c| pairs(run, c, told.metric).into_iter().map(move |p| (c, p))) {
            if kind_of(run, &pair.base) != Kind::Machine {
                continue;
            }
            let title = m.title_in(lang);
            let mut part = format!("{title}{} {}", names::case(cell), versus::versus(&pair, m, lang));
            if detail == Detail::Full {
                part += &words::SO_MANY_PAIRS.with(lang, &[&pair.pairs.to_string()]);
            }
            let known = all.iter().position(|(arm, base, _)| *arm == pair.arm && *base == pair.base);
            let place = known.unwrap_or_else(|| {
                let [arm, base] = [&pair.arm, &pair.base].map(|id| names::arm(run, id, lang));
                let lead = words::LEAD_AGAINST_MACHINE.with(lang, &[&arm, &base]);
                let knobs = pair.arm.has_knobs() || pair.base.has_knobs();
                let rank = if knobs { 4 } else { 2 * u8::from(!all.is_empty()) };
                all.push((pair.arm, pair.base, Sentence { lead, parts: Vec::new(), rank }));
                all.len() - 1
            });
            all[place].2.parts.push(part);
        }
    }
    all.into_iter().map(|(.., sentence)| sentence).collect()
}

/// Two equal arms that may differ by this much: saying "no difference" would mislead.
const TOO_NOISY: f64 = 0.5;

/// When no arm differs from the first, that is the whole sentence.
fn no_difference(run: &Run, told: &Told, found: &[(&Cell, &Summary, Vec<Pair>)], lang: Lang) -> Option<String> {
    let others: Vec<&Pair> = found.iter().flat_map(|(_, _, against)| against).collect();
    let floor = floor_of(&run.noise, told.experiment, told.metric)?;
    if others.is_empty() || others.iter().any(|a| a.verdict != Found::NoDifferenceDetectable) {
        return None;
    }
    if floor > TOO_NOISY {
        return Some(words::TOO_NOISY.with(lang, &[&format!("{:.0}", floor * 100.0)]));
    }
    Some(words::NO_DIFFERENCE_ARMS.with(lang, &[&found.len().to_string(), &percent(floor)]))
}

fn percent(share: f64) -> String {
    format!("{:.1}\u{a0}%", share * 100.0)
}

/// Does the host pay for the configured guest RAM, or for what the guest touched? The smallest and the largest machine of each arm.
fn configured_against_touched(run: &Run, lang: Lang) -> Vec<Sentence> {
    let Some(metric) = names::metric(run, "memory", "host_bytes") else { return Vec::new() };
    let sized = run.cells.iter().filter(|c| c.status == Status::Measured && !c.arm.is_repeated());
    let sized: Vec<(&Cell, &Summary, u64)> =
        sized.filter_map(|c| Some((c, summary(run, c, "host_bytes")?, c.case.bytes("configured")?))).collect();
    let of_arms = sized.chunk_by(|a, b| a.0.arm == b.0.arm);
    of_arms.filter_map(|sized| configured_of_arm(run, sized, metric.unit, lang)).collect()
}

fn configured_of_arm(run: &Run, sized: &[(&Cell, &Summary, u64)], unit: Unit, lang: Lang) -> Option<Sentence> {
    let (smallest, largest) = (sized.iter().map(|s| s.2).min()?, sized.iter().map(|s| s.2).max()?);
    let ends = sized.iter().filter(|s| s.2 == smallest || s.2 == largest);
    let parts = ends.map(|(cell, s, _)| {
        let of = |key: &str| cell.case.get(key).map_or("?", String::as_str);
        words::CONFIGURED_TOUCHED.with(lang, &[of("configured"), of("touch"), &with_interval(&s.interval, unit, lang)])
    });
    let name = names::arm(run, &sized.first()?.0.arm, lang);
    let lead = words::LEAD_CONFIGURED.with(lang, &[&name]);
    Some(Sentence { lead, parts: parts.collect(), rank: 4 })
}

pub use super::names::case as case_of;

/// "1.52 ms [1.50, 1.55]": the interval in the unit and the digits of the median.
pub fn with_interval(i: &Interval, unit: Unit, lang: Lang) -> String {
    let text = show(i.median, unit);
    let (Some(low), Some(high)) = (i.low, i.high) else {
        return format!("{text} [{}]", words::TOO_FEW.of(lang));
    };
    format!("{text} [{}, {}]", beside(i.median, low, unit), beside(i.median, high, unit))
}

/// Why this run is not for publication, in half sentences; empty: it may be published. Leaks are many and alike, so the
/// first one stands for all.
pub fn blocks_publication(run: &Run, lang: Lang) -> Vec<String> {
    let told = |w: &Warning| w.text_in(lang).to_owned();
    let (leaks, others): (Vec<&Warning>, Vec<_>) =
        run.warnings.iter().filter(|w| w.blocks_publication).partition(|w| w.code == Warning::LEAK);
    let mut reasons: Vec<String> = others.into_iter().map(told).collect();
    if let [first, more @ ..] = leaks.as_slice() {
        let n = more.len();
        let rest =
            lang.choose(format!(", and {n} more (run.json has all)"), format!(", 그 밖에 {n}건(run.json에 모두 있음)"));
        reasons.push(told(first) + if more.is_empty() { "" } else { &rest });
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_size_of_memory_costs_is_said_once_whatever_else_was_measured() {
        use crate::results::example::{ExampleArm, run};
        let arms: [ExampleArm; 3] = [
            ("process{n=1,4}", "plain process", None),
            ("vm-bare{n=1,4}", "bare VM, no operating system", None),
            ("vm-bare{configured=64M,touch=0}", "bare VM, no operating system", None),
        ];
        let metrics = ["host_bytes", "per_instance", "private"].map(|id| ("memory", id, "bytes", "lower"));
        for weighed in [&["per_instance", "private"][..], &["private"], &[]] {
            let run = run(&arms, &metrics, 8, |arm, metric, _| {
                let sized = arm.contains("configured");
                (sized == (metric == "host_bytes") && (sized || weighed.contains(&metric))).then_some(1e6)
            });
            for detail in [Detail::Short, Detail::Full] {
                let said = sentences(&run, Lang::En, detail);
                let count = said.iter().filter(|s| s.lead.starts_with("Guest RAM")).count();
                assert_eq!(count, 1, "{weighed:?}: {said:#?}");
            }
        }
    }

    #[test]
    fn each_machine_has_its_own_sentence_of_sizes() {
        use crate::results::example::{ExampleArm, run};
        let arms: [ExampleArm; 2] = [
            ("vm-bare{configured=64M,touch=0}", "bare VM, no operating system", None),
            ("vm-linux{configured=1G,touch=0}", "Linux VM", None),
        ];
        let run = run(&arms, &[("memory", "host_bytes", "bytes", "lower")], 8, |arm, _, _| {
            Some(if arm.contains("linux") { 9e7 } else { 5e5 })
        });
        let said = sentences(&run, Lang::En, Detail::Short);
        let sizes: Vec<_> = said.iter().filter(|s| s.lead.starts_with("Guest RAM")).collect();
        let of = |name: &str| sizes.iter().find(|s| s.lead.contains(name)).unwrap_or_else(|| panic!("{said:#?}"));
        assert!(
            of("bare VM").parts.concat().contains("64M") && !of("bare VM").parts.concat().contains("1G"),
            "{said:#?}"
        );
        assert!(of("Linux VM").parts.concat().contains("1G"), "{said:#?}");
    }

    #[test]
    fn an_interval_has_the_unit_and_the_digits_of_its_median() {
        let interval = |low, median, high| Interval { median, low: Some(low), high: Some(high) };
        let text = |i, unit| with_interval(&i, unit, Lang::En);
        assert_eq!(text(interval(236e3, 1.58e6, 1.61e6), Unit::Nanoseconds), "1.58 ms [0.24, 1.61]");
        assert_eq!(text(interval(130.0, 138.2, 141.9), Unit::PerSecond), "138/s [130, 142]");
        assert_eq!(text(interval(4.0, 4.0, 5.0), Unit::Count), "4 [4, 5]");
        assert_eq!(text(interval(0.0, 0.0, 1.0), Unit::Bytes), "0 B [0, 1]");
    }
}
