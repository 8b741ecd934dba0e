//! A run in other forms: JSON rows, a Markdown block to paste. From the results file alone.

use super::args::Report;
use super::exit;
use super::out::Out;
use crate::error::Result;
use crate::harness::runner::LEAK;
use crate::results::schema::{MetricInfo, Outliers, Run, Status};
use crate::results::{flat, store};
use crate::units::show;

pub(super) fn report(args: Report, out: &mut Out) -> Result<u8> {
    let run = store::load(&args.file)?;
    if args.form.json {
        json(&run, out)?;
    } else {
        markdown(&run, out)?;
    }
    Ok(exit::OK)
}

pub(super) fn json(run: &Run, out: &mut Out) -> Result<()> {
    let rows = serde_json::to_string_pretty(&flat::rows(run)).expect("rows are plain data");
    out.line(rows)
}

/// Numbers, host, backend, n, commit, command: what somebody needs to believe a number, or not.
pub(super) fn markdown(run: &Run, out: &mut Out) -> Result<()> {
    let h = &run.header;
    out.line("| arm | metric | median | 95 % interval | n | far from the rest |\n|---|---|--:|--:|--:|--:|")?;
    for cell in &run.cells {
        if cell.status != Status::Measured {
            out.line(format!("| {} | {} | – | {} | 0 | |", cell.arm, cell.experiment, cell.reason.replace('|', "/")))?;
            continue;
        }
        for s in run.summaries.iter().filter(|s| s.cell == cell.id) {
            let told = |m: &&MetricInfo| m.experiment == cell.experiment && m.id == s.metric && in_markdown(m);
            let Some(m) = h.metrics.iter().find(told) else { continue };
            let case: Vec<String> = cell.case.iter().map(|(k, v)| format!("{k}={v}")).collect();
            let case = if case.is_empty() { String::new() } else { format!(" ({})", case.join(" ")) };
            let (median, interval) =
                (show(s.interval.median, m.unit), interval_text(s.interval.low, s.interval.high, m.unit));
            let (arm, far) = (&cell.arm, outliers(&s.outliers));
            out.line(format!("| {arm}{case} | {} {} | {median} | {interval} | {} | {far} |", m.experiment, m.id, s.n))?;
        }
    }
    out.line("\nFar from the rest: beyond 1.5 (3) interquartile ranges, after Tukey; counted, none was dropped.")?;
    out.line(format!("\nHost: {}. KVM backend: {}.", h.host.line(), or_none(&h.host.kvm_backend)))?;
    out.line(format!("isolab {} ({}), {}, seed {}, {}.", h.version, h.commit, h.plan.mode, h.plan.seed, h.started))?;
    out.line(format!("Command: `{}`", command(run)))?;
    if let Some(reasons) = not_for_publication(run) {
        out.line(format!("\n**Not for publication:** {reasons}."))?;
    }
    run.warnings.iter().filter(|w| !w.unfit).try_for_each(|w| out.line(format!("\nNote: {}.", w.text)))
}

/// What a reader needs to believe the headline numbers too.
fn in_markdown(m: &MetricInfo) -> bool {
    m.headline || m.id == "lack_of_fit"
}

/// "7 (2)": all of them, and how many are severe.
fn outliers(o: &Outliers) -> String {
    let severe = o.low_severe + o.high_severe;
    format!("{} ({severe})", severe + o.low_mild + o.high_mild)
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}

fn interval_text(low: Option<f64>, high: Option<f64>, unit: crate::model::Unit) -> String {
    match (low, high) {
        (Some(low), Some(high)) => format!("{} – {}", show(low, unit), show(high, unit)),
        _ => "too few blocks".into(),
    }
}

/// The command that makes such a run again, as it was called.
pub(super) fn command(run: &Run) -> String {
    let rest: Vec<&str> = run.header.argv.iter().skip(1).map(String::as_str).collect();
    format!("{} {}", run.header.called_as, rest.join(" "))
}

/// Why not, in half sentences; None: it may be published.
pub(super) fn not_for_publication(run: &Run) -> Option<String> {
    let (leaks, others): (Vec<_>, Vec<_>) = run.warnings.iter().filter(|w| w.unfit).partition(|w| w.code == LEAK);
    let mut reasons: Vec<String> = others.into_iter().map(|w| w.text.clone()).collect();
    if let [first, more @ ..] = leaks.as_slice() {
        let more =
            if more.is_empty() { String::new() } else { format!(", and {} more (run.json has all)", more.len()) };
        reasons.push(format!("{}{more}", first.text));
    }
    (!reasons.is_empty()).then(|| reasons.join("; "))
}
