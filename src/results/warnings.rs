//! What a reader of the numbers must know: each warning has a code, a sentence with cause and next step, and says whether
//! the run is unfit for publication because of it.

use super::derive::course::carry_over;
use super::query::values_of;
use super::schema::{ArmInfo, Cell, Header, NoiseFloor, Status, Summary, Warning};

use crate::lang::counted;
use crate::units::show_ns;

/// Load of other programs, in runnable tasks, from which on a run is disturbed.
const MUCH_LOAD: f64 = 1.0;
const ENOUGH_BLOCKS: usize = 20;

/// What warnings follow from.
pub(super) struct Facts<'a> {
    pub header: &'a Header,
    pub cells: &'a [Cell],
    pub summaries: &'a [Summary],
    pub noise: &'a [NoiseFloor],
}

pub(super) fn warnings(run: &Facts) -> Vec<Warning> {
    let mut all = Vec::new();
    let mut warn = |code: &str, unfit: bool, text: String| all.push(Warning { code: code.into(), text, unfit });
    if run.header.plan.mode == "quick" {
        warn("quick", true, "a quick run (--thorough gives numbers to publish)".into());
    }
    if run.header.plan.order == "sequential" {
        warn(
            "sequential",
            true,
            "arms ran one after the other: what drifted is charged to the arm that ran then".into(),
        );
    }
    if run.header.profile != "release" {
        warn("profile", true, format!("isolab itself was built as {}; use --release", run.header.profile));
    }
    if let Some(load) = run.header.host.load.map(|[minute, ..]| minute).filter(|l| *l > MUCH_LOAD) {
        warn("load", true, format!("other programs were running (load {load:.1})"));
    }
    let measured = |arm: &str| run.cells.iter().any(|c| c.arm == arm && c.status == Status::Measured);
    let emulated = |a: &&ArmInfo| a.backend.as_ref().is_some_and(|b| b.starts_with("software")) && measured(&a.id);
    let emulated = run.header.arms.iter().find(emulated);
    if let Some(arm) = emulated {
        warn("software-kvm", true, format!("{} on a software KVM backend, not on hardware virtualisation", arm.id));
    }
    few_blocks(run, &mut warn);
    drifting(run, &mut warn);
    correlated(run, &mut warn);
    carried_over(run, &mut warn);
    short_batches(run, &mut warn);
    failures(run, &mut warn);
    all
}

type Warn<'a> = dyn FnMut(&str, bool, String) + 'a;

fn few_blocks(run: &Facts, warn: &mut Warn) {
    let fewest = run.summaries.iter().map(|s| s.n).min();
    if let Some(n) = fewest.filter(|n| *n < ENOUGH_BLOCKS && run.header.plan.mode != "quick") {
        warn(
            "few-blocks",
            true,
            format!("fewest blocks in a cell: {n}; {ENOUGH_BLOCKS} or more give intervals that hold (--blocks)"),
        );
    }
}

fn is_headline(run: &Facts, s: &Summary) -> bool {
    run.header.metrics.iter().any(|m| m.headline && m.experiment == s.cell.experiment() && m.id == s.metric)
}

fn drifting(run: &Facts, warn: &mut Warn) {
    let worst = run
        .summaries
        .iter()
        .filter(|s| is_headline(run, s))
        .filter_map(|s| Some((s.drift?, s)))
        .max_by(|a, b| a.0.abs().total_cmp(&b.0.abs()));
    if let Some((drift, s)) = worst {
        let percent = drift * 100.0;
        warn(
            "drift",
            true,
            format!("drift: {} of {} {percent:+.0} % from the first to the last third", s.metric, s.cell),
        );
    }
}

/// Far above chance even for the worst of some hundred columns.
const Z_WORST_OF_MANY: f64 = 4.0;

/// Where each sample resembles the one before, there is less information than n says, and intervals are too narrow.
fn correlated(run: &Facts, warn: &mut Warn) {
    let z = |s: &Summary| s.lag1.unwrap_or(0.0) * (s.n as f64).sqrt();
    let worst = run.summaries.iter().filter(|s| is_headline(run, s)).max_by(|a, b| z(a).total_cmp(&z(b)));
    if let Some(s) = worst.filter(|s| z(s) > Z_WORST_OF_MANY) {
        let r = s.lag1.unwrap_or(0.0);
        let text = format!(
            "samples of {} of {} resemble the ones before (lag-1 autocorrelation {r:.2}): its interval is too narrow",
            s.metric, s.cell
        );
        warn("autocorrelation", false, text);
    }
}

/// What ran before slows what runs now, by more than the noise floor.
fn carried_over(run: &Facts, warn: &mut Warn) {
    if let Some((cell, p)) = carry_over(run.cells, run.noise) {
        let text = format!(
            "{} starts {:.0} % slower after {} than after {}: raise --settle",
            cell.id,
            p.relative * 100.0,
            p.slower_after,
            p.faster_after
        );
        warn("carry-over", false, text);
    }
}

/// Reading the timer is in every batch; below one hundredth of it nobody has to know.
const READINGS_IN_A_BATCH: f64 = 100.0;

fn short_batches(run: &Facts, warn: &mut Warn) {
    let enough_ns = READINGS_IN_A_BATCH * run.header.timer.cost_ns;
    let shortest = run.cells.iter().filter(|c| c.status == Status::Measured).flat_map(|cell| {
        run.header.metrics.iter().filter_map(move |m| {
            let calls = m.per_batch.filter(|_| m.experiment == cell.experiment)? as f64;
            let batches = cell.columns.inner.get(&m.id)?.iter().flatten();
            Some((batches.copied().reduce(f64::min)? * calls, cell, m))
        })
    });
    let worst = shortest.min_by(|a, b| a.0.total_cmp(&b.0));
    if let Some((took_ns, cell, m)) = worst.filter(|(ns, ..)| *ns < enough_ns) {
        let text = format!(
            "a batch of {} of {} took {}, less than {READINGS_IN_A_BATCH} readings of the timer ({}): they are in the number",
            m.id,
            cell.id,
            show_ns(took_ns),
            show_ns(enough_ns)
        );
        warn("short-batch", true, text);
    }
}

fn failures(run: &Facts, warn: &mut Warn) {
    for cell in run.cells.iter().filter(|c| c.status == Status::Measured) {
        let failed = cell.columns.failed.iter().flatten().count();
        if failed > 0 {
            let all = cell.columns.failed.len();
            warn(
                "failures",
                true,
                format!("{failed} of {} of {} failed: {}", counted(all, "sample"), cell.id, cell.reason),
            );
        }
    }
    let empty = run
        .cells
        .iter()
        .filter(|c| c.status == Status::Measured)
        .find(|c| c.columns.values.keys().all(|m| values_of(c, m).is_empty()));
    if let Some(cell) = empty {
        warn("no-values", true, format!("{} was measured but gave no value", cell.id));
    }
}

#[cfg(test)]
mod tests {
    use super::super::example;
    use super::*;

    /// A run whose shortest batch of `calls` took `shortest_ns` a call; the timer costs 20 ns.
    fn with_batches(calls: Option<u64>, shortest_ns: f64) -> Vec<String> {
        let mut run = example::boot(20);
        run.header.metrics[0].per_batch = calls;
        for (place, cell) in run.cells.iter_mut().enumerate() {
            let batches = if place == 1 { vec![180.0, shortest_ns] } else { vec![200.0; 2] };
            cell.columns.inner.insert("create_to_ready".into(), vec![batches]);
        }
        let facts = Facts { header: &run.header, cells: &run.cells, summaries: &run.summaries, noise: &run.noise };
        warnings(&facts).into_iter().filter(|w| w.code == "short-batch").map(|w| w.text).collect()
    }

    #[test]
    fn a_batch_is_long_beside_a_reading_of_the_timer_or_the_run_says_so() {
        assert!(with_batches(Some(1000), 2.1).is_empty(), "2100 ns are more than a hundred readings");
        assert!(with_batches(None, 1.9).is_empty(), "what is timed by itself has no batch");
        let told = with_batches(Some(1000), 1.9);
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("boot/process#2") && told[0].contains("1.90 µs"), "{told:?}");
    }
}
