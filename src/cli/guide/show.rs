//! `guide show N`: a chapter, part by part. What stands below Predict is shown once a prediction is stored.

use super::args::Show;
use super::{Reader, exit};
use crate::cli::out::Out;
use crate::error::{Error, Result};
use crate::guide::pages::{PREDICT, Page, Section};
use crate::guide::terminal::render;
use crate::lang::Lang;
use crate::lang::Said;
use crate::lang::counted;
use crate::lang::particles::settled;
use crate::said;
use crate::shell::called_as;

/// Sections that are read together: first and last.
const PARTS: &[(usize, usize)] = &[(1, PREDICT), (6, 7), (8, 9), (10, 11), (12, 15)];

pub(super) fn run(reader: &mut Reader, args: &Show, out: &mut Out) -> Result<u8> {
    let shown = reader.page(args.chapter, out)?;
    let locked = is_locked(reader, args.chapter)?;
    let read = reader.progress.shown(args.chapter);
    let Some((first, last)) = range(args, read, locked)? else {
        out.text(all_read(reader, args.chapter, &shown.page))?;
        return Ok(exit::OK);
    };
    let mut text = String::new();
    if first == 1 {
        text += &title(&shown.page, shown.lang);
    }
    for section in shown.page.sections.iter().filter(|s| (first..=last).contains(&s.number)) {
        text += &format!("\n## {}. {}\n\n{}\n", section.number, section.title, section.body);
    }
    out.text(render(&text, reader.paint))?;
    out.text(how_to_go_on(reader, args.chapter, &shown.page, last, locked))?;
    if last > read {
        reader.progress.chapter(args.chapter).shown = last;
        reader.keep(out);
    }
    Ok(exit::OK)
}

/// Locked: it asks something, and nothing is answered yet. A chapter without questions has nothing to lock.
fn is_locked(reader: &Reader, chapter: u32) -> Result<bool> {
    let asks = !reader.content.data(chapter)?.questions.is_empty();
    Ok(asks && reader.log().map_or(true, |log| log.of(chapter).is_none()))
}

/// The sections to show; None: all of them were read.
fn range(args: &Show, read: usize, locked: bool) -> Result<Option<(usize, usize)>> {
    if let Some(section) = args.section.map(|k| k as usize) {
        if locked && section > PREDICT {
            return Err(Error::usage(
                said!("show section {section}", "{section}절을 보여 줄 수 없습니다"),
                said!("it is told after your prediction", "예측한 뒤에 볼 수 있음"),
            )
            .try_this(Said::verbatim(format!("{} guide predict {}", called_as(), args.chapter))));
        }
        return Ok(Some((section, section)));
    }
    let end = if locked { PREDICT } else { PARTS.last().map_or(PREDICT, |part| part.1) };
    if args.all {
        return Ok(Some((1, end)));
    }
    let next = PARTS.iter().copied().find(|(_, last)| *last > read && *last <= end);
    Ok(next.or(locked.then_some((1, PREDICT))))
}

fn title(page: &Page, lang: Lang) -> String {
    let about = lang.choose(counted(page.minutes as usize, "minute"), format!("{}분", page.minutes));
    format!("# {}. {}\n\n*{about}*\n", page.chapter, page.title)
}

fn how_to_go_on(reader: &Reader, chapter: u32, page: &Page, last: usize, locked: bool) -> String {
    let lang = reader.lang;
    let (words, command) = if locked && last >= PREDICT {
        (
            lang.choose("Predict before you read on", "계속 읽기 전에 예측하십시오").to_owned(),
            format!("predict {chapter}"),
        )
    } else if let Some((from, to)) = PARTS.iter().find(|(from, _)| *from == last + 1) {
        let names: Vec<String> = page.sections.iter().filter(|s| (*from..=*to).contains(&s.number)).map(name).collect();
        (format!("{}: {}", lang.choose("Next", "다음"), names.join(", ")), format!("show {chapter}"))
    } else if last == page.sections.len() {
        (lang.choose("That is the whole chapter", "이 장은 여기까지입니다").to_owned(), format!("check {chapter}"))
    } else {
        return String::new(); // a section that was asked for by itself
    };
    format!("\n{}\n  {}\n", reader.say(&words, "── ", "   ").trim_end(), reader.command(&command))
}

fn name(section: &Section) -> String {
    section.title.clone()
}

fn all_read(reader: &Reader, chapter: u32, page: &Page) -> String {
    let lang = reader.lang;
    let mut text = reader.say(
        &lang.choose(
            format!("You have read all of chapter {chapter}, {}.", page.title),
            settled(&format!("{chapter}장 {}을(를) 모두 읽으셨습니다.", page.title)),
        ),
        "",
        "",
    );
    let rows = [
        (format!("show {chapter} --all"), lang.choose("all of it again", "전체를 다시")),
        (format!("show {chapter} --section 7"), lang.choose("one section again", "한 절만 다시")),
        (format!("check {chapter}"), lang.choose("is it done?", "다 되었는지 확인")),
    ];
    for (command, what) in rows {
        text += &format!("  {}   {what}\n", reader.command(&command));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(all: bool, section: Option<u32>) -> Show {
        Show { chapter: 2, all, section }
    }

    #[test]
    fn nothing_below_predict_is_shown_before_a_prediction() {
        let of = |args: Show, read, locked| range(&args, read, locked).ok().flatten();
        assert_eq!(of(args(false, None), 0, true), Some((1, PREDICT)));
        assert_eq!(of(args(false, None), PREDICT, true), Some((1, PREDICT)));
        assert_eq!(of(args(true, None), 15, true), Some((1, PREDICT)));
        assert_eq!(of(args(false, Some(5)), 0, true), Some((5, 5)));
        assert!(range(&args(false, Some(6)), 0, true).unwrap_err().try_this.contains("predict 2"));
    }

    #[test]
    fn with_one_it_goes_on_part_by_part() {
        let mut read = 0;
        let mut parts = Vec::new();
        while let Some((first, last)) = range(&args(false, None), read, false).unwrap() {
            parts.push((first, last));
            read = last;
        }
        assert_eq!(parts, PARTS);
        assert_eq!(range(&args(true, None), 5, false).unwrap(), Some((1, 15)));
    }
}
