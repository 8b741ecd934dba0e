//! `isolab doctor`: what this machine can do, and the remedy for what it cannot.

use unicode_width::UnicodeWidthStr;

use super::args::Doctor;
use super::exit;
use super::list::{padded, wrap};
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
    let lang = out.lang();
    out.line(
        wrap(&format!("{}: {}", out.say("This machine", "이 기계"), report.machine.of(lang)), WIDTH, "  ").trim_start(),
    )?;
    for group in &report.groups {
        heading(group.title.of(lang), out)?;
        group.rows.iter().try_for_each(|row| one(row, out))?;
    }
    software(report, out)?;
    heading(&format!("{} {}", out.say("Level", "수준"), report.level), out)?;
    out.line(wrap(&format!("{}.", report.level_means.of(lang)), WIDTH, "  "))?;
    for chapter in &report.chapters {
        let (number, title) = (chapter.chapter, chapter.title.of(lang));
        let name = out.say(format!("  chapter {number:<2} {title}"), format!("  {number}장  {title}"));
        out.line(entry(&name, 46, chapter.data.of(lang)))?;
    }
    if report.chapters.iter().any(|c| !c.complete) {
        out.line(out.say("  The rest comes from the reference results.", "  나머지는 참조 결과를 씁니다."))?;
    }
    if !report.with_root.is_empty() {
        heading(out.say("With root you would gain", "루트라면 더 할 수 있는 것"), out)?;
        report.with_root.iter().try_for_each(|gain| out.line(entry("  -", 4, gain.of(lang))))?;
    }
    Ok(())
}

fn heading(title: &str, out: &mut Out) -> Result<()> {
    out.line("")?;
    out.line(out.bold(title))
}

/// "  ok       KVM              /dev/kvm opens …", and below it the remedy.
fn one(row: &Row, out: &mut Out) -> Result<()> {
    let lang = out.lang();
    let plain = padded(&format!("  {}", row.state.word().of(lang)), NAME);
    let text = entry(&format!("{plain}{}", row.what.of(lang)), SEEN, row.seen.of(lang));
    out.line(text.replacen(&plain, &out.state(row.state, &plain), 1))?;
    let indent = " ".repeat(NAME + 2);
    for (i, line) in row.remedy.iter().map(|line| line.of(lang)).enumerate() {
        let is_command = line.starts_with("$ ") || line.contains('=') && !line.contains(' ');
        // A command stays on one line, however long, so that it can be copied.
        let text = if is_command { format!("{indent}{line}") } else { wrap(line, WIDTH, &indent) };
        let sign = if i == 0 { "→ " } else { "  " };
        out.line(format!("{}{sign}{}", &indent[2..], text.trim_start()))?;
    }
    Ok(())
}

fn software(report: &Report, out: &mut Out) -> Result<()> {
    heading(out.say("Hypervisors and container software found", "찾은 하이퍼바이저와 컨테이너 소프트웨어"), out)?;
    if report.software.is_empty() {
        return out.line(out.say("  none; isolab needs none", "  없음. isolab에는 필요 없음"));
    }
    for found in &report.software {
        out.line(entry(&format!("  {}", found.name), 22, found.seen.of(out.lang())))?;
        out.line(wrap(found.sentence.of(out.lang()), WIDTH, &" ".repeat(22)))?;
    }
    Ok(())
}

/// A name, and its text in the columns from `column` on.
fn entry(name: &str, column: usize, text: &str) -> String {
    let name = name.trim_end();
    let wrapped = wrap(text, WIDTH, &" ".repeat(column));
    if name.width() >= column {
        return format!("{name}\n{wrapped}");
    }
    padded(name, column) + wrapped.trim_start()
}
