//! `guide hint` and `guide reset`: help, and a fresh start.

use super::{Reader, check, exit};
use crate::cli::out::Out;
use crate::error::{Error, Result};
use crate::guide::chapters::{Check, Data};
use crate::guide::outcome::Status;
use crate::guide::work;
use crate::lang::Said;
use crate::said;

/// One step further each time it is asked; the last step stays.
pub(super) fn run(reader: &mut Reader, chapter: u32, named: Option<&str>, out: &mut Out) -> Result<u8> {
    let data = reader.content.data(chapter)?;
    let Some(check) = choose(reader, chapter, &data, named, out)? else {
        out.text(reader.say(
            reader.lang.choose(
                "Nothing fails in this chapter: there is nothing to hint at.",
                "이 장에는 실패한 확인이 없습니다.",
            ),
            "",
            "",
        ))?;
        return Ok(exit::OK);
    };
    let steps = check.hints.of(reader.lang);
    if steps.is_empty() {
        return Err(Error::usage(
            said!("give a hint for {id}", "{id}의 힌트를 줄 수 없습니다", id = check.id),
            said!("it has none", "힌트가 없음"),
        )
        .try_this(Said::verbatim(format!("{} guide check {chapter}", reader.called))));
    }
    let given = reader.progress.chapter(chapter).hints.entry(check.id.clone()).or_default();
    *given = (*given + 1).min(steps.len());
    let step = *given;
    reader.keep(out);
    let head = format!("{} ({step}/{})", check.id, steps.len());
    out.text(format!("{}\n{}", reader.paint.bold(&head), reader.say(&steps[step - 1], "  ", "  ")))?;
    if step < steps.len() {
        let more = reader.lang.choose("More:", "더 보기:");
        out.text(format!("  {more} {}\n", reader.command(&format!("hint {chapter} {}", check.id))))?;
    }
    Ok(exit::OK)
}

/// The named check, else the first that failed the last time; checked now when it never was.
fn choose<'a>(
    reader: &mut Reader,
    chapter: u32,
    data: &'a Data,
    named: Option<&str>,
    out: &Out,
) -> Result<Option<&'a Check>> {
    if let Some(name) = named {
        let full = format!("ch{chapter:02}-{name}"); // "work" is enough
        let found = data.checks.iter().find(|c| c.id == name || c.id == full);
        let ids: Vec<&str> = data.checks.iter().map(|c| c.id.as_str()).collect();
        return found.map(Some).ok_or_else(|| {
            Error::usage(
                said!("give a hint for {name:?}", "{name:?}의 힌트를 줄 수 없습니다"),
                said!("this chapter has no such check", "이 장에는 그런 검사가 없음"),
            )
            .try_this(said!("checks: {ids}", "검사: {ids}", ids = ids.join(" ")))
        });
    }
    if reader.progress.checked(chapter).is_none() {
        let checked = check::one(reader, chapter, &[], None, out)?;
        checked.remember(reader, chapter);
    }
    let failed = |c: &&Check| {
        reader.progress.checked(chapter).is_some_and(|checked| checked.statuses.get(&c.id) == Some(&Status::Fail))
    };
    Ok(data.checks.iter().find(failed))
}

/// One chapter's task, or every one.
pub(super) fn reset(reader: &mut Reader, chapter: Option<u32>, out: &mut Out) -> Result<u8> {
    let chapters: Vec<u32> = match chapter {
        Some(chapter) => {
            reader.content.topic(chapter)?;
            vec![chapter]
        }
        None => reader.content.chapters().into_iter().map(|(n, _)| n).filter(|n| has_task(*n)).collect(),
    };
    let lang = reader.lang;
    for chapter in chapters {
        let done = work::reset(&reader.here, chapter)?;
        let folder = done.folder.strip_prefix(&reader.here).unwrap_or(&done.folder).display().to_string();
        let words = if done.changed {
            lang.choose(format!("{folder}: as it was shipped"), format!("{folder}: 받은 그대로 되돌렸습니다"))
        } else {
            lang.choose(format!("{folder}: it is as it was shipped"), format!("{folder}: 이미 받은 그대로입니다"))
        };
        out.text(reader.say(&words, "", "  "))?;
        for copy in done.kept {
            let name = copy.strip_prefix(&reader.here).unwrap_or(&copy).display().to_string();
            let words =
                lang.choose(format!("your file is kept as {name}"), format!("고친 파일은 {name}에 남아 있습니다"));
            out.text(reader.say(&words, "  ", "  "))?;
        }
        let progress = reader.progress.chapter(chapter);
        progress.hints.clear();
        progress.checked = None;
    }
    reader.keep(out);
    let words = lang.choose(
        "Predictions stay locked; results files stay where they are.",
        "예측은 잠긴 그대로이고, 결과 파일도 그대로 있습니다.",
    );
    out.text(reader.say(words, "", ""))?;
    Ok(exit::OK)
}

fn has_task(chapter: u32) -> bool {
    work::as_shipped(chapter, work::WORK).is_some()
}
