//! `guide list`, `guide progress` and `guide next`: what there is, how far it is done, what to do now.

use serde_json::json;

use super::{Reader, exit};
use crate::cli::out::Out;
use crate::error::Result;
use crate::guide::outcome::Status;
use crate::guide::pages::{PREDICT, Page};
use crate::guide::predictions::Log;
use crate::guide::terminal::render;

pub(super) fn list(reader: &Reader, json: bool, out: &mut Out) -> Result<u8> {
    let pages = pages(reader)?;
    if json {
        let rows: Vec<_> = pages
            .iter()
            .map(|p| json!({ "chapter": p.chapter, "title": p.title, "minutes": p.minutes, "needs": p.needs, "claims": p.claims, "charts": p.charts }))
            .collect();
        out.line(serde_json::to_string_pretty(&rows).expect("rows are plain data"))?;
        return Ok(exit::OK);
    }
    let lang = reader.lang;
    let mut text =
        lang.choose("| | chapter | min | needs |\n", "| | 장 | 분 | 필요한 것 |\n").to_owned() + "|---|---|---|---|\n";
    for page in &pages {
        text += &format!("| {} | {} | {} | {} |\n", page.chapter, page.title, page.minutes, page.needs);
    }
    let total: u32 = pages.iter().map(|p| p.minutes).sum();
    text += &lang.choose(
        format!("\n{total} minutes in all. U: user namespaces or root; R: root; K: /dev/kvm that runs guest code. Without them: `--on reference`.\n"),
        format!("\n모두 {total}분. U: 사용자 네임스페이스 또는 root, R: root, K: 게스트 코드를 실행하는 /dev/kvm. 없으면 `--on reference`.\n"),
    );
    out.text(render(&text, reader.paint))?;
    out.text(format!("  {}\n", reader.command(&format!("show {}", pages.first().map_or(0, |p| p.chapter)))))?;
    Ok(exit::OK)
}

/// Every page in the reader's language, without a word about those that lack one.
fn pages(reader: &Reader) -> Result<Vec<Page>> {
    let chapters = reader.content.chapters().into_iter();
    chapters.map(|(number, _)| Ok(reader.content.page(number, reader.lang)?.page)).collect()
}

pub(super) fn run(reader: &Reader, json: bool, out: &mut Out) -> Result<u8> {
    let (pages, log) = (pages(reader)?, reader.log().unwrap_or_default());
    if json {
        let rows: Vec<_> = pages.iter().map(|page| row_json(reader, &log, page)).collect();
        out.line(serde_json::to_string_pretty(&rows).expect("rows are plain data"))?;
        return Ok(exit::OK);
    }
    let lang = reader.lang;
    let mut text = lang
        .choose("| | chapter | min | read | predicted | points |\n", "| | 장 | 분 | 읽음 | 예측 | 점수 |\n")
        .to_owned()
        + "|---|---|---|---|---|---|\n";
    for page in &pages {
        let read = reader.progress.shown(page.chapter);
        let predicted =
            log.of(page.chapter).map_or("–".to_owned(), |e| e.at.get(..10).unwrap_or_default().to_owned());
        text += &format!(
            "| {} | {} | {} | {read}/{} | {predicted} | {} |\n",
            page.chapter,
            page.title,
            page.minutes,
            page.sections.len(),
            points(reader, page.chapter)
        );
    }
    out.text(render(&text, reader.paint))?;
    out.text(format!("\n  {}\n", reader.command("next")))?;
    Ok(exit::OK)
}

/// "6/10", or with the data that it is from.
fn points(reader: &Reader, chapter: u32) -> String {
    reader.progress.checked(chapter).map_or("–".into(), |c| {
        let stamp = if c.data == "own" { String::new() } else { format!(" ({})", c.data) };
        format!("{}/{}{stamp}", c.points, c.possible)
    })
}

fn row_json(reader: &Reader, log: &Log, page: &Page) -> serde_json::Value {
    let checked = reader.progress.checked(page.chapter);
    json!({
        "chapter": page.chapter,
        "title": page.title,
        "minutes": page.minutes,
        "sections_read": reader.progress.shown(page.chapter),
        "predicted_at": log.of(page.chapter).map(|e| e.at.clone()),
        "points": checked.map(|c| c.points),
        "possible": checked.map(|c| c.possible),
        "data": checked.map(|c| c.data.clone()),
    })
}

/// The first thing that is not done: in a chapter that was begun, else in the order of chapters.
pub(super) fn next(reader: &Reader, out: &mut Out) -> Result<u8> {
    let log = reader.log().unwrap_or_default();
    let mut pages = pages(reader)?;
    pages.sort_by_key(|p| reader.progress.shown(p.chapter) == 0 && log.of(p.chapter).is_none());
    for page in pages {
        if let Some((why, command)) = open(reader, &log, &page)? {
            let head = format!("{}. {}: {why}", page.chapter, page.title);
            out.text(format!("{}  {}\n", reader.say(&head, "", ""), reader.paint.bold(&command)))?;
            return Ok(exit::OK);
        }
    }
    let words = reader.lang.choose("Every chapter is done. The instructor's sheet:", "모든 장을 마쳤습니다. 채점표:");
    out.text(format!("{}  {}\n", reader.say(words, "", ""), reader.command("check --all --json")))?;
    Ok(exit::OK)
}

/// What is open in a chapter, and the command for it.
fn open(reader: &Reader, log: &Log, page: &Page) -> Result<Option<(String, String)>> {
    let (lang, number) = (reader.lang, page.chapter);
    let guide = |rest: &str| format!("{} guide {rest}", reader.called);
    let asks = !reader.content.data(number)?.questions.is_empty();
    let read = reader.progress.shown(number);
    let checked = reader.progress.checked(number);
    let failing = checked.and_then(|c| c.statuses.iter().find(|(_, status)| **status == Status::Fail));
    let (why, command) = if read < PREDICT && log.of(number).is_none() {
        (lang.choose("read until the prediction", "예측까지 읽으십시오"), guide(&format!("show {number}")))
    } else if asks && log.of(number).is_none() {
        (lang.choose("predict", "예측하십시오"), guide(&format!("predict {number}")))
    } else if read < page.sections.len() && checked.is_none() {
        (
            lang.choose("read on, and run what it says", "계속 읽고, 적힌 대로 실행하십시오"),
            guide(&format!("show {number}")),
        )
    } else if checked.is_none() {
        (lang.choose("check it", "확인하십시오"), guide(&format!("check {number}")))
    } else if let Some((id, _)) = failing {
        let why = lang.choose(
            format!("{id} fails; the last check gave {}", points(reader, number)),
            format!("{id} 실패. 지난 확인은 {}점", points(reader, number)),
        );
        return Ok(Some((why, guide(&format!("hint {number} {id}")))));
    } else {
        return Ok(None);
    };
    Ok(Some((why.to_owned(), command)))
}
