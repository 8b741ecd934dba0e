//! `guide check N`: what is done, what is not, and what to do about it.

use std::path::PathBuf;

use super::args::{Check, On};
use super::chosen::{self, Set, Sets, Why};
use super::{Reader, exit};
use crate::cli::out::Out;
use crate::error::Result;
use crate::guide::chapters::Data;
use crate::guide::checks::{Case, Grades, Source, check};
use crate::guide::files::{PassedOver, Results};
use crate::guide::grades::{self, Graded};
use crate::guide::outcome::{Outcome, Status};
use crate::guide::state::{Full, Kept};
use crate::guide::terminal;
use crate::guide::work::{LIMITS, work_dir};
use crate::lang::Lang;
use crate::lang::particles::settled;

pub(super) fn run(reader: &mut Reader, args: &Check, out: &mut Out) -> Result<u8> {
    let chapters: Vec<u32> = match args.chapter {
        Some(chapter) => vec![chapter],
        None => reader.content.chapters().into_iter().map(|(number, _)| number).collect(),
    };
    let mut graded = Vec::new();
    let mut done = Vec::new();
    for chapter in chapters {
        let checked = one(reader, chapter, &args.files, args.on.as_ref(), out)?;
        checked.remember(reader, chapter);
        done.push((checked.grades.any(Status::Fail), checked.grades.any(Status::Pass)));
        if args.json {
            graded.push(checked.graded(chapter, reader.lang));
        } else {
            out.text(checked.text(reader, chapter))?;
        }
    }
    reader.keep(out);
    if args.json {
        let value = serde_json::to_value(&graded).expect("a sheet is plain data");
        let value = if args.all { value } else { value[0].clone() };
        out.line(serde_json::to_string_pretty(&value).expect("it is JSON"))?;
    }
    Ok(code(&done))
}

/// 0: nothing failed · 1: something did · 3: nothing could be checked.
fn code(done: &[(bool, bool)]) -> u8 {
    match (done.iter().any(|(failed, _)| *failed), done.iter().any(|(_, passed)| *passed)) {
        (true, _) => exit::FAILED,
        (false, true) => exit::OK,
        (false, false) => exit::NOTHING_RAN,
    }
}

/// A chapter that was checked.
pub(super) struct Checked {
    pub(super) grades: Grades,
    pub(super) source: Source,
    why: Why,
    results: Vec<Results>,
    passed_over: Vec<PassedOver>,
    /// Is there own data too, though the reference was asked for?
    own_too: bool,
    title: String,
    later: Vec<String>,
}

pub(super) fn one(reader: &mut Reader, chapter: u32, files: &[PathBuf], on: Option<&On>, out: &Out) -> Result<Checked> {
    let page = reader.page(chapter, out)?.page;
    let data = reader.content.data(chapter)?;
    let log = reader.log()?;
    let Sets { preferred, quotable, own_too } = chosen::sets(reader, chapter, &data, &log, files, on)?;
    let commands = page.commands();
    let bench = commands.iter().find(|c| c.contains(" bench ")).cloned().unwrap_or_default();
    let quotable = chosen::when_needed(reader, quotable);
    let work_dir = work_dir(&reader.here, chapter);
    let mut best: Option<(Grades, Set)> = None;
    for set in preferred {
        let case = Case {
            chapter,
            data: &data,
            log: &log,
            results: &set.results,
            quotable: &quotable,
            source: &set.source,
            work_dir: work_dir.clone(),
            lang: reader.lang,
            called: &reader.called,
            bench: &bench,
            limits: LIMITS,
        };
        let grades = check(&case, &mut reader.progress);
        let worth = |grades: &Grades| (grades.is_full(), grades.points);
        if best.as_ref().is_none_or(|(so_far, _)| worth(&grades) > worth(so_far)) {
            best = Some((grades, set));
        }
    }
    let (grades, Set { why, source, results, passed_over }) = best.expect("there is at least one set");
    Ok(Checked { later: later(&data), grades, source, why, results, passed_over, own_too, title: page.title })
}

/// Ids of checks that wait for a later version.
fn later(data: &Data) -> Vec<String> {
    data.checks.iter().filter(|c| c.later.is_some()).map(|c| c.id.clone()).collect()
}

impl Checked {
    /// The points; and full marks on own data with their evidence, so that no later run takes them away.
    pub(super) fn remember(&self, reader: &mut Reader, chapter: u32) {
        let progress = reader.progress.chapter(chapter);
        progress.checked = Some(self.grades.checked(&self.source));
        if self.source == Source::Own && self.grades.is_full() && !matches!(self.why, Why::Full(_)) {
            let at = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            progress.full = Some(Full { at, files: self.results.iter().map(Kept::of).collect() });
        }
    }

    fn graded(self, chapter: u32, lang: Lang) -> Graded {
        let over = |p: PassedOver| grades::PassedOver { file: p.file, why: p.why.of(lang).to_owned(), fix: p.fix };
        let passed_over = self.passed_over.into_iter().map(over).collect();
        let mut graded = Graded::new(chapter, self.grades, &self.source, &self.results, self.own_too, crate::BUILD);
        (graded.chosen, graded.passed_over) = (self.why.name().into(), passed_over);
        graded
    }

    fn text(&self, reader: &Reader, chapter: u32) -> String {
        let mut text = format!("\n{}\n", reader.paint.bold(&format!("{chapter}. {}", self.title)));
        text += &reader.say(&self.read(reader, chapter), "  ", "  ");
        text += &self.passed_over(reader);
        text.push('\n');
        let (later, now): (Vec<&Outcome>, Vec<&Outcome>) =
            self.grades.outcomes.iter().partition(|o| self.later.contains(&o.id));
        for (i, outcome) in now.iter().enumerate() {
            let same = |o: &&&Outcome| o.status == Status::Fail && (&o.why, &o.fix) == (&outcome.why, &outcome.fix);
            text += &entry(reader, outcome, now[..i].iter().find(same).map(|o| o.id.as_str()));
        }
        later.iter().for_each(|o| text += &reader.say(&format!("{}: {}", o.id, o.why), "  –      ", "         "));
        text += &self.sum(reader, chapter);
        text
    }

    /// Which files were read, why those, and whose they are.
    fn read(&self, reader: &Reader, chapter: u32) -> String {
        let lang = reader.lang;
        let names: Vec<&str> = self.results.iter().map(|r| r.name.as_str()).collect();
        let host = if let Source::Reference(host) = &self.source { Some(host.as_str()) } else { None };
        let again = format!("{} guide check {chapter} FILE…", reader.called);
        let mut words = self.why.told(&names.join(", "), host, &again, lang);
        if self.own_too {
            words += lang.choose(
                " You have data of your own for this chapter: that is what counts.",
                " 이 장에 쓸 자신의 데이터가 있습니다. 그것으로 확인해야 합니다.",
            );
        }
        words
    }

    fn passed_over(&self, reader: &Reader) -> String {
        if self.passed_over.is_empty() {
            return String::new();
        }
        let head = reader.lang.choose("Passed over:", "고르지 않은 파일:");
        let one = |p: &PassedOver| {
            let why = p.why.of(reader.lang).trim_end_matches('.');
            let told = reader.say(&format!("{}: {why}.", p.file), "  · ", "    ");
            told + &lines(reader, &p.fix, "    ", "    ")
        };
        reader.say(head, "  ", "  ") + &self.passed_over.iter().map(one).collect::<String>()
    }

    fn sum(&self, reader: &Reader, chapter: u32) -> String {
        let (lang, grades) = (reader.lang, &self.grades);
        let open = grades.outcomes.iter().filter(|o| o.status == Status::NotDecided && o.possible > 0).count();
        let mut words = lang.choose(
            format!("{} of {} points", grades.points, grades.possible),
            format!("{}점 만점에 {}점", grades.possible, grades.points),
        );
        if open > 0 {
            words += &lang.choose(
                format!("; not decided here: {open}, which cost nothing"),
                format!(". 여기서 판정하지 못한 것: {open}개 (점수를 잃지 않습니다)"),
            );
        }
        let failing = grades.outcomes.iter().find(|o| o.status == Status::Fail);
        let next = match failing {
            Some(outcome) => reader.command(&format!("hint {chapter} {}", outcome.id)),
            None => reader.command("next"),
        };
        format!("\n  {}\n  {next}\n", reader.paint.bold(&words))
    }
}

/// One check: sign, points, name; then why, what to do, what it means; or the check that said the same already.
fn entry(reader: &Reader, outcome: &Outcome, said_by: Option<&str>) -> String {
    let (paint, possible) = (reader.paint, outcome.possible);
    let sign = match outcome.status {
        Status::Pass => paint.green("✓"),
        Status::Fail => paint.red("✗"),
        Status::NotDecided => "–".to_owned(),
    };
    let counts = possible > 0 && outcome.status != Status::NotDecided;
    let points = if counts { format!("{}/{possible}", outcome.points) } else { "  –".to_owned() };
    let mut text = format!("  {sign} {points}  {}\n", paint.bold(&outcome.id));
    let indent = " ".repeat(9);
    if let Some(id) = said_by {
        let words =
            reader.lang.choose(format!("for the same reason as {id}"), settled(&format!("{id}와(과) 같은 이유입니다")));
        return text + &lines(reader, &words, &indent, &indent);
    }
    text += &lines(reader, &outcome.why, &indent, &indent);
    text += &lines(reader, &outcome.fix, "       → ", &indent);
    if outcome.status == Status::Pass {
        text += &reader.paint.dim(&lines(reader, &outcome.explanation, &indent, &indent));
    }
    text
}

/// Each line wrapped by itself. A compiler's drawing stays as it is, and a command can be copied.
fn lines(reader: &Reader, text: &str, first: &str, indent: &str) -> String {
    let mut out = String::new();
    for (i, line) in text.lines().filter(|l| !l.trim().is_empty()).enumerate() {
        let begin = if i == 0 { first } else { indent };
        let drawn = line.starts_with(' ') || line.contains(" | ") || line.ends_with(" |"); // by the compiler
        let is_command = line.strip_prefix(&reader.called).is_some_and(|rest| rest.starts_with(' '));
        out += &match is_command {
            true => terminal::command(line, begin, indent, reader.paint),
            false if drawn => format!("{begin}{line}\n"),
            false => reader.say(line, begin, indent),
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_tells_whether_something_failed_or_nothing_could_be_checked() {
        assert_eq!(code(&[(false, true), (false, false)]), exit::OK);
        assert_eq!(code(&[(true, true), (false, true)]), exit::FAILED);
        assert_eq!(code(&[(false, false)]), exit::NOTHING_RAN);
    }
}
