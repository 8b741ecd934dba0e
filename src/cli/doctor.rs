//! `isolab doctor`: what this machine can do, and the remedy for what it cannot.

use super::args::Doctor;
use super::exit;
use super::list::wrap;
use super::out::Out;
use crate::doctor::{Report, Row, examine};
use crate::error::Result;

/// The columns of a row: state, name, what was seen.
const NAME: usize = 10;
const SEEN: usize = 30;
const WIDTH: usize = 79;

pub(super) fn run(args: Doctor, out: &mut Out) -> Result<u8> {
    let report = examine()?;
    if args.json {
        out.line(serde_json::to_string(&report).expect("a report is plain data"))?;
    } else {
        print(&report, out)?;
    }
    Ok(exit::OK)
}

fn print(report: &Report, out: &mut Out) -> Result<()> {
    out.line(wrap(&format!("This machine: {}", report.machine), WIDTH, "  ").trim_start())?;
    for group in &report.groups {
        heading(group.title, out)?;
        group.rows.iter().try_for_each(|row| one(row, out))?;
    }
    software(report, out)?;
    heading(&format!("Level {}", report.level), out)?;
    out.line(wrap(&format!("{}.", report.level_means), WIDTH, "  "))?;
    for chapter in &report.chapters {
        out.line(entry(&format!("  chapter {:<2} {}", chapter.chapter, chapter.title), 46, chapter.data))?;
    }
    if report.chapters.iter().any(|c| !c.complete) {
        out.line("  The rest comes from the reference results.")?;
    }
    if !report.with_root.is_empty() {
        heading("With root you would gain", out)?;
        report.with_root.iter().try_for_each(|gain| out.line(entry("  -", 4, gain)))?;
    }
    Ok(())
}

fn heading(title: &str, out: &mut Out) -> Result<()> {
    out.line("")?;
    out.line(out.bold(title))
}

/// "  ok       KVM              /dev/kvm opens …", and below it the remedy.
fn one(row: &Row, out: &mut Out) -> Result<()> {
    let plain = format!("  {:<8}", row.state.name());
    let text = entry(&format!("{plain}{:<width$}", row.what, width = SEEN - NAME), SEEN, &row.seen);
    out.line(text.replacen(&plain, &out.state(row.state, &plain), 1))?;
    let indent = " ".repeat(NAME + 2);
    for (i, line) in row.remedy.iter().enumerate() {
        let is_command = line.starts_with("$ ") || line.contains('=') && !line.contains(' ');
        // A command stays on one line, however long, so that it can be copied.
        let text = if is_command { format!("{indent}{line}") } else { wrap(line, WIDTH, &indent) };
        let sign = if i == 0 { "→ " } else { "  " };
        out.line(format!("{}{sign}{}", &indent[2..], text.trim_start()))?;
    }
    Ok(())
}

fn software(report: &Report, out: &mut Out) -> Result<()> {
    heading("Hypervisors and container software found", out)?;
    if report.software.is_empty() {
        return out.line("  none; isolab needs none");
    }
    for found in &report.software {
        out.line(entry(&format!("  {}", found.name), 22, &found.seen))?;
        out.line(wrap(&found.sentence, WIDTH, &" ".repeat(22)))?;
    }
    Ok(())
}

/// A name, and its text in the columns from `column` on.
fn entry(name: &str, column: usize, text: &str) -> String {
    let name = name.trim_end();
    let wrapped = wrap(text, WIDTH, &" ".repeat(column));
    if name.chars().count() >= column {
        return format!("{name}\n{wrapped}");
    }
    format!("{name:<column$}{}", wrapped.trim_start())
}
