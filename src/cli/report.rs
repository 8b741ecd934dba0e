//! `isolab report`: a results file as HTML and Markdown to hand in, as JSON rows, or as a Markdown block to paste.
//!
//! A file that does not follow from its own samples is reported all the same, with a banner, numbers computed again from
//! the samples, and exit code 1: whoever reads it must know, and so must a script.

use std::path::{Path, PathBuf};

use super::args::Report;
use super::out::Out;
use super::{exit, latest};
use crate::error::{Error, Result};
use crate::lang::Lang;
use crate::report::sentences::blocks_publication;
use crate::report::{code_span, command, final_table, html, in_table, in_text, markdown as whole, outliers, page};
use crate::results::derive::with_base;
use crate::results::schema::{MetricInfo, Run, Status};
use crate::results::verify::{Mismatch, recomputed, verify};
use crate::results::{files, flat, read, store, sudo_user};
use crate::said;
use crate::units::show;

pub(super) fn run(args: Report, out: &mut Out) -> Result<u8> {
    latest::check(&args.file, out)?;
    let (mut run, mismatches) = load(&args.file)?;
    if let Some(base) = &args.base {
        run = with_base(run, base)?;
    }
    if args.json {
        json(&run, out)?;
    } else if args.md {
        markdown(&run, out)?;
    } else {
        let files = write(&run, &args, &mismatches, out.lang())?;
        files.iter().try_for_each(|path| out.line(path.display()))?;
    }
    for m in &mismatches {
        let (what, place, expected, found) = (m.what, &m.place, &m.expected, &m.found);
        out.note(out.say(
            format!("does not follow from the samples: {what} {place}: expected {expected}, found {found}"),
            format!("표본에서 나오지 않음: {what} {place}: 기대 {expected}, 실제 {found}"),
        ));
    }
    Ok(if mismatches.is_empty() { exit::OK } else { exit::FAILED })
}

/// The run, with everything that follows from its samples computed again where the file says something else.
fn load(file: &Path) -> Result<(Run, Vec<Mismatch>)> {
    let run = read::load(file)?;
    let mismatches = verify(&run);
    if let Some(shape) = mismatches.iter().find(|m| m.what == "shape") {
        let (place, found, expected) = (&shape.place, &shape.found, &shape.expected);
        let cause = said!(
            "{place} has {found} where there must be {expected}: it was changed by hand",
            "{place}이(가) {expected}이어야 하는데 {found}임: 손으로 고쳐짐"
        );
        return Err(Error::usage(
            said!("report on {file}", "{file}의 보고서를 만들 수 없습니다", file = file.display()),
            cause,
        )
        .try_this(said!(
            "isolab recover DIR rebuilds it from samples.jsonl",
            "isolab recover DIR이 samples.jsonl에서 다시 만듭니다"
        )));
    }
    Ok(if mismatches.is_empty() { (run, mismatches) } else { (recomputed(run), mismatches) })
}

/// The charts that the Markdown shows, then the two reports.
fn write(run: &Run, args: &Report, mismatches: &[Mismatch], lang: Lang) -> Result<Vec<PathBuf>> {
    let dir = folder(args);
    sudo_user::make_folder(&dir).map_err(|e| {
        e.try_this(said!(
            "--into DIR, below a folder that you may write to",
            "--into DIR로, 쓸 수 있는 폴더 아래를 적으십시오"
        ))
    })?;
    let name = if args.file.is_dir() {
        files::RUN.into()
    } else {
        args.file.file_name().unwrap_or_default().to_string_lossy()
    };
    let prefix = if args.into.is_none() { files::prefix_beside(&args.file) } else { String::new() };
    let page = page(run, &name, mismatches, lang).with_files_named(&prefix);
    for figure in page.figures() {
        save(&dir.join(&figure.file), figure.alone.as_bytes())?;
    }
    let stem = prefix + lang.choose("report", "report.ko"); // one language does not overwrite the other
    let files = [(format!("{stem}.html"), html(&page)), (format!("{stem}.md"), whole(&page))];
    let files = files.map(|(name, text)| (dir.join(name), text));
    files.iter().try_for_each(|(path, text)| save(path, text.as_bytes()))?;
    Ok(files.map(|(path, _)| path).into())
}

fn save(path: &Path, bytes: &[u8]) -> Result<()> {
    store::write_atomically(path, bytes).map_err(|e| {
        e.try_this(said!(
            "--into DIR, a folder that you may write to and that has room",
            "--into DIR로, 쓸 수 있고 여유가 있는 폴더를 적으십시오"
        ))
    })
}

/// `--into`, or the folder of the results file.
fn folder(args: &Report) -> PathBuf {
    let beside = if args.file.is_dir() { Some(args.file.as_path()) } else { args.file.parent() };
    args.into.clone().unwrap_or_else(|| beside.map_or_else(PathBuf::new, Path::to_owned))
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
            out.line(format!(
                "| {} | {} | – | {} | 0 | |",
                in_table(&cell.arm),
                in_table(&cell.experiment),
                in_table(&cell.reason)
            ))?;
            continue;
        }
        for s in run.summaries.iter().filter(|s| s.cell == cell.id) {
            let told = |m: &&MetricInfo| m.experiment == cell.experiment && m.id == s.metric && in_markdown(m);
            let Some(m) = h.metrics.iter().find(told) else { continue };
            let case = if cell.case.is_empty() { String::new() } else { format!(" ({})", cell.case.joined(" ")) };
            let (median, interval) =
                (show(s.interval.median, m.unit), interval_text(s.interval.low, s.interval.high, m.unit));
            let (arm, far) = (in_table(&format!("{}{case}", cell.arm)), outliers(&s.outliers).0);
            let metric = in_table(&format!("{} {}", m.experiment, m.id));
            out.line(format!("| {arm} | {metric} | {median} | {interval} | {} | {far} |", s.n))?;
        }
    }
    out.line(format!("\n{}", final_table(run, Lang::En)))?;
    out.line("\nFar from the rest: beyond 1.5 (3) interquartile ranges, after Tukey; counted, none was dropped.")?;
    out.line(format!("\nHost: {}. KVM backend: {}.", in_text(&h.host.line()), in_text(or_none(&h.host.kvm_backend))))?;
    out.line(format!("isolab {} ({}), {}, seed {}, {}.", h.version, h.commit, h.plan.mode, h.plan.seed, h.started))?;
    out.line(format!("Command: {}", code_span(&command(run))))?;
    let reasons = blocks_publication(run, Lang::En);
    if !reasons.is_empty() {
        out.line(format!("\n**Not for publication:** {}.", in_text(&reasons.join("; "))))?;
    }
    run.warnings
        .iter()
        .filter(|w| !w.blocks_publication)
        .try_for_each(|w| out.line(format!("\nNote: {}.", in_text(&w.text))))
}

/// What a reader needs to believe the headline numbers too.
fn in_markdown(m: &MetricInfo) -> bool {
    m.headline || m.id == "lack_of_fit"
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
