//! The twelve rules of Hoefler & Belli, "Scientific Benchmarking of Parallel Computing Systems", SC'15, as checks of a run:
//! each that it breaks is told by its number, with what breaks it.

use super::page::{Block, Section, Table, number, text};
use super::results::{measured_experiments, metrics};
use super::words::{self, Words};
use crate::charts::{self, Chart, Look};
use crate::host::NOT_OFFERED;
use crate::lang::Lang;
use crate::model::Kind;
use crate::results::derive::{N_FOR_INTERVAL, kind_of, n_for, percentile};
use crate::results::schema::{MetricInfo, Run, Status, Summary};

/// One finding: the rule's number, and what in this run breaks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    pub rule: u32,
    pub what: String,
}

/// In the order of the rules; empty: it breaks none of those that can be told from the file.
pub fn broken(run: &Run, lang: Lang) -> Vec<Broken> {
    let checks: [(u32, Option<String>); 8] = [
        (1, base_without_value(run, lang)),
        (2, subset_without_reason(run, lang)),
        (5, without_interval(run, lang)),
        (7, unsound_comparison(run, lang)),
        (8, no_tail(run, lang)),
        (9, unknown_factors(run, lang)),
        (11, no_bound(run, lang)),
        (12, no_plot(run, lang)),
    ];
    checks.into_iter().filter_map(|(rule, what)| Some(Broken { rule, what: what? })).collect()
}

pub(super) fn section(run: &Run, lang: Lang) -> Section {
    let titles = [&format!("#{}", words::RULE.of(lang)), words::RULE_SAYS.of(lang), words::RULE_BROKEN_BY.of(lang)];
    let mut table = Table::new(words::RULES_CAPTION.of(lang), &titles);
    for broken in broken(run, lang) {
        let says = words::RULES.iter().find(|(n, _)| *n == broken.rule).map_or("", |(_, w)| w.of(lang));
        table.row(vec![number(broken.rule.to_string(), f64::from(broken.rule)), text(says), text(broken.what)]);
    }
    let told = if table.rows.is_empty() { &words::NO_RULE_BROKEN } else { &words::RULES_TEXT };
    let mut blocks = vec![Block::Text(told.of(lang).into())];
    blocks.extend(table.block());
    blocks.push(Block::Text(words::RULES_KEPT.of(lang).into()));
    Section { id: "rules", title: words::RULES_TITLE.of(lang).into(), blocks }
}

/// 1: a ratio needs its base case in absolute numbers.
fn base_without_value(run: &Run, lang: Lang) -> Option<String> {
    let first = |x: &str| run.cells.iter().find(|c| c.experiment == x);
    let missing = measured_experiments(run).into_iter().filter_map(first).filter(|c| c.status != Status::Measured);
    let missing: Vec<&str> = missing.map(|c| c.id.as_str()).collect();
    (!missing.is_empty()).then(|| words::BROKEN_BASE.with(lang, &[&missing.join(", ")]))
}

/// 2: a subset needs its reason.
fn subset_without_reason(run: &Run, lang: Lang) -> Option<String> {
    let mut found = Vec::new();
    let all = run.header.all_experiments();
    let left_out = all.iter().map(|x| x.id.as_str()).filter(|x| !run.header.plan.experiments.iter().any(|e| e == x));
    let left_out: Vec<&str> = left_out.collect();
    if !left_out.is_empty() {
        found.push(words::BROKEN_SUBSET.with(lang, &[&left_out.join(", ")]));
    }
    if run.cells.iter().any(|c| c.status != Status::Measured && c.reason.is_empty()) {
        found.push(words::BROKEN_NO_REASON.of(lang).to_owned());
    }
    if run.ended != "complete" {
        found.push(words::NOT_COMPLETE.with(lang, &[&run.ended]));
    }
    (!found.is_empty()).then(|| found.join(" "))
}

/// 5: nondeterministic data need intervals.
fn without_interval(run: &Run, lang: Lang) -> Option<String> {
    let bare: Vec<&Summary> = headlines(run).map(|(_, s)| s).filter(|s| s.interval.low.is_none()).collect();
    let fewest = bare.iter().map(|s| s.n).min()?;
    Some(
        words::BROKEN_INTERVAL.with(lang, &[&bare.len().to_string(), &fewest.to_string(), &N_FOR_INTERVAL.to_string()]),
    )
}

/// 7: comparisons must be sound: in random order, with an interval, against a known noise floor.
fn unsound_comparison(run: &Run, lang: Lang) -> Option<String> {
    let mut found = Vec::new();
    if run.header.plan.order != "blocks" {
        found.push(words::BROKEN_SEQUENTIAL.of(lang));
    }
    let compared = run.comparisons.iter().any(|c| !c.arm.is_repeated());
    if compared && run.noise.is_empty() {
        found.push(words::BROKEN_NO_TWIN.of(lang));
    }
    if run.comparisons.iter().any(|c| !c.arm.is_repeated() && c.ratio.low.is_none()) {
        found.push(words::BROKEN_FEW_PAIRS.of(lang));
    }
    (!found.is_empty()).then(|| found.join(" "))
}

/// 8: is the median the right figure? Bad cases need percentiles, and those need many samples.
fn no_tail(run: &Run, lang: Lang) -> Option<String> {
    let timed = headlines(run).filter(|(m, _)| m.better != "none" && m.experiment == "boot");
    let few: Vec<&Summary> = timed.map(|(_, s)| s).filter(|s| percentile(s, 0.99).is_none()).collect();
    let fewest = few.iter().map(|s| s.n).min()?;
    Some(words::BROKEN_TAIL.with(lang, &[&fewest.to_string(), &n_for(0.99).to_string()]))
}

/// 9: all factors and the set-up must be told; these this machine or this build did not tell.
fn unknown_factors(run: &Run, lang: Lang) -> Option<String> {
    let (h, host) = (&run.header, &run.header.host);
    let factors: [(&Words, bool); 9] = [
        (&words::CPU_MODEL, host.cpu_model == NOT_OFFERED || host.cpu_model.is_empty()),
        (&words::FACTOR_CORES, host.physical_cores.is_none()),
        (&words::RAM, host.ram_bytes.is_none()),
        (&words::KERNEL, host.kernel == NOT_OFFERED || host.kernel.is_empty()),
        (&words::GOVERNOR, host.governor == NOT_OFFERED),
        (&words::MITIGATIONS, host.mitigations.is_empty()),
        (&words::LOAD, host.load.is_none()),
        (&words::FACTOR_PIN, h.plan.cpu.is_none()),
        (&words::COMMIT, h.commit.is_empty() || h.commit.contains("unknown") || h.commit.contains("dirty")),
    ];
    let unknown: Vec<&str> = factors.iter().filter(|(_, unknown)| *unknown).map(|(w, _)| w.of(lang)).collect();
    (!unknown.is_empty()).then(|| words::BROKEN_FACTORS.with(lang, &[&unknown.join(", ")]))
}

/// 11: a bound, where one can be: a plain process bounds a container, but nothing in the file bounds a virtual machine.
fn no_bound(run: &Run, lang: Lang) -> Option<String> {
    let boots = || run.cells.iter().filter(|c| c.experiment == "boot" && c.status == Status::Measured);
    let has_process = boots().any(|c| kind_of(run, &c.arm) == Kind::Process);
    let unbound: Vec<&str> = boots()
        .filter(|c| !c.arm.is_repeated() && kind_of(run, &c.arm) != Kind::Process)
        .filter(|c| !has_process || kind_of(run, &c.arm) != Kind::Container)
        .map(|c| c.arm.as_str())
        .collect();
    (!unbound.is_empty()).then(|| words::BROKEN_BOUND.with(lang, &[&unbound.join(", ")]))
}

/// 12: plot as much as is needed to interpret.
fn no_plot(run: &Run, lang: Lang) -> Option<String> {
    let measured = !measured_experiments(run).is_empty();
    let drawn = |chart: &Chart| (chart.draw)(&[run], Look { lang, ..Look::default() }).is_some();
    (measured && !charts::ALL.iter().any(drawn)).then(|| words::BROKEN_PLOT.of(lang).to_owned())
}

/// Summaries of the metrics that are told first.
fn headlines(run: &Run) -> impl Iterator<Item = (&MetricInfo, &Summary)> {
    let experiments = measured_experiments(run);
    experiments.into_iter().flat_map(move |x| {
        metrics(run, x).into_iter().filter(|m| m.headline).flat_map(move |m| {
            let of = move |s: &&Summary| s.metric == m.id && s.cell.experiment() == x;
            run.summaries.iter().filter(of).map(move |s| (m, s))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::example::{self, noise};
    use crate::results::schema::Interval;

    #[track_caller]
    fn breaks(run: &Run, rule: u32) -> String {
        let all = broken(run, Lang::En);
        all.iter().find(|b| b.rule == rule).unwrap_or_else(|| panic!("rule {rule} is not among {all:?}")).what.clone()
    }

    fn keeps(run: &Run, rule: u32) -> bool {
        broken(run, Lang::En).iter().all(|b| b.rule != rule)
    }

    /// A run that keeps every rule that an edit below breaks.
    fn good() -> Run {
        let mut run = example::boot(1000);
        run.header.plan.experiments = run.header.all_experiments().iter().map(|x| x.id.clone()).collect();
        let host = &mut run.header.host;
        (host.cpu_model, host.kernel, host.governor) = ("A CPU".into(), "6.1".into(), "performance".into());
        (host.physical_cores, host.ram_bytes, host.load) = (Some(4), Some(8 << 30), Some([0.0; 3]));
        host.mitigations.insert("meltdown".into(), "Not affected".into());
        run
    }

    #[test]
    fn a_good_run_breaks_no_rule_but_the_plot_that_it_has_no_stages_for() {
        assert!(broken(&good(), Lang::En).iter().all(|b| b.rule == 12), "{:?}", broken(&good(), Lang::En));
    }

    #[test]
    fn each_rule_is_told_from_the_run() {
        let edited = |edit: &dyn Fn(&mut Run)| {
            let mut run = good();
            edit(&mut run);
            run
        };
        assert!(breaks(&edited(&|r| r.cells[0].status = Status::Failed), 1).contains("boot/process"));
        assert!(breaks(&edited(&|r| drop(r.header.plan.experiments.pop())), 2).contains("left out memory"));
        assert!(breaks(&edited(&|r| r.ended = "interrupted".into()), 2).contains("interrupted"));
        assert!(breaks(&edited(&|r| r.header.plan.order = "sequential".into()), 7).contains("one after the other"));
        assert!(breaks(&edited(&|r| r.noise.clear()), 7).contains("noise floor is not known"));
        assert!(breaks(&edited(&|r| r.header.host.governor = NOT_OFFERED.into()), 9).contains("frequency governor"));
        assert!(breaks(&edited(&|r| r.header.plan.cpu = None), 9).contains("not pinned"));
        let none = |i: &mut Interval| (i.low, i.high) = (None, None);
        assert!(breaks(&edited(&|r| none(&mut r.summaries[0].interval)), 5).contains("without an interval: 1."));
        assert!(breaks(&edited(&|r| none(&mut r.comparisons[1].ratio)), 7).contains("too few pairs"));
    }

    #[test]
    fn few_samples_have_no_tail_and_a_machine_has_no_bound() {
        assert!(breaks(&example::boot(30), 8).contains("n is 30 at the least, it takes 1000"));
        assert!(keeps(&good(), 8));
        let arms = [("process", "process", None), ("vm-bare", "bare VM, no operating system", Some("vmx"))];
        let metrics = [("boot", "create_to_ready", "ns", "lower")];
        let run = example::run(&arms, &metrics, 30, |arm, _, block| Some(1e6 * noise(arm, block)));
        assert!(breaks(&run, 11).contains("vm-bare") && keeps(&good(), 11));
    }
}
