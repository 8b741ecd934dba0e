//! A page of the guide, `lab-guides/NN-topic.md` or `lab-guides/ko/NN-topic.md`: front matter, a title, fifteen sections.
//!
//! ```text
//! ---
//! chapter: 2
//! minutes: 40
//! ---
//! # 2. Start time
//! ## 1. Question
//! …
//! ## 15. Sources
//! ```

use crate::error::{Error, Result};
use crate::lang::Lang;
use crate::lang::Said;
use crate::said;

/// The sections of every page, in this order.
pub const HEADINGS: [(&str, &str); 15] = [
    ("Question", "질문"),
    ("You will be able to", "배우게 될 것"),
    ("Needs", "필요한 것"),
    ("Concept", "개념"),
    ("Predict", "예측하기"),
    ("Worked example", "풀이 예제"),
    ("Run", "실행하기"),
    ("Observe", "관찰하기"),
    ("Explain", "설명하기"),
    ("Modify", "바꿔 보기"),
    ("Make", "만들기"),
    ("Check", "확인하기"),
    ("Claim card", "주장 카드"),
    ("Traps", "함정"),
    ("Sources", "출처"),
];

/// The section that asks for a prediction: what stands below it is told only after one is stored.
pub const PREDICT: usize = 5;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub chapter: u32,
    /// "Start time", without the number.
    pub title: String,
    pub minutes: u32,
    /// As in the front matter: "–", "U; K for VMs".
    pub needs: String,
    /// Claim ids of its cards.
    pub claims: Vec<String>,
    /// Chart ids that it draws.
    pub charts: Vec<String>,
    /// Of a translated page: SHA-256 of the English file that it follows.
    pub follows: Option<String>,
    pub sections: Vec<Section>,
}

/// One numbered section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// From 1.
    pub number: usize,
    pub title: String,
    /// Markdown below the heading.
    pub body: String,
}

/// A fenced block: what stands after the opening fence, and its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// "sh", "sh later", "rust src/vm/vcpu.rs#run-loop", "text".
    pub info: String,
    pub lines: Vec<String>,
}

impl Page {
    /// Fenced blocks of the whole page, in order.
    pub fn blocks(&self) -> Vec<Block> {
        self.sections.iter().flat_map(|s| blocks(&s.body)).collect()
    }

    /// Command lines that this version runs, in order.
    pub fn commands(&self) -> Vec<String> {
        self.blocks().into_iter().filter(|b| b.info == "sh").flat_map(|b| b.lines).filter(|l| !l.is_empty()).collect()
    }
}

/// Reads a page; `name` is told in errors.
pub fn parse(text: &str, name: &str, lang: Lang) -> Result<Page> {
    let bad = |cause: Said| {
        Error::usage(said!("read {name}", "{name}을(를) 읽을 수 없습니다"), cause).try_this(said!(
            "lab-guides/README.md explains the form of a page",
            "lab-guides/README.md가 쪽의 형식을 설명합니다"
        ))
    };
    let (front, rest) = front_matter(text)
        .ok_or_else(|| bad(said!("it does not begin with front matter (---)", "머리말(---)로 시작하지 않음")))?;
    let value = |key: &str| front.iter().find(|(k, _)| *k == key).map(|(_, v)| (*v).to_owned());
    let number = |key: &str| {
        let text =
            value(key).ok_or_else(|| bad(said!("its front matter has no {key}", "머리말에 {key}이(가) 없음")))?;
        text.parse::<u32>()
            .map_err(|_| bad(said!("{key}: {text:?} is no whole number", "{key}: {text:?}은(는) 정수가 아님")))
    };
    let (chapter, minutes) = (number("chapter")?, number("minutes")?);
    let (title, sections) = split(rest);
    let page = Page {
        chapter,
        title: value("title").or(title).ok_or_else(|| bad(said!("it has no title", "제목이 없음")))?,
        minutes,
        needs: value("needs").unwrap_or_else(|| "–".into()),
        claims: value("claims").map_or_else(Vec::new, |v| ids(&v)),
        charts: value("charts").map_or_else(Vec::new, |v| ids(&v)),
        follows: value("follows"),
        sections,
    };
    headings(&page, lang).map_err(bad)?;
    Ok(page)
}

/// Are these the fifteen headings, in order?
fn headings(page: &Page, lang: Lang) -> Result<(), Said> {
    for (i, (english, korean)) in HEADINGS.iter().enumerate() {
        let wanted = lang.choose(english, korean);
        let Some(section) = page.sections.get(i) else {
            return Err(said!(
                "section {number}, {wanted}, is missing",
                "{number}절 {wanted}이(가) 없음",
                number = i + 1
            ));
        };
        if section.number != i + 1 || section.title != *wanted {
            let found = format!("{}. {}", section.number, section.title);
            return Err(said!(
                "its section {number} is {found:?}, not \"{right}. {wanted}\"",
                "{number}절이 \"{right}. {wanted}\"이 아니라 {found:?}임",
                number = i + 1,
                right = i + 1
            ));
        }
    }
    match page.sections.get(HEADINGS.len()) {
        Some(more) => Err(said!("it has a section more: {title}", "절이 하나 더 있음: {title}", title = more.title)),
        None => Ok(()),
    }
}

type Front<'a> = Vec<(&'a str, &'a str)>;

fn front_matter(text: &str) -> Option<(Front<'_>, &str)> {
    let (front, rest) = text.strip_prefix("---\n")?.split_once("\n---\n")?;
    let pairs = front.lines().filter_map(|l| l.split_once(':')).map(|(k, v)| (k.trim(), v.trim()));
    Some((pairs.collect(), rest))
}

/// "C06 C07, C10" as a list; "–" is none.
fn ids(text: &str) -> Vec<String> {
    let words = text.trim_matches(['[', ']']).split([',', ' ']).filter(|w| !w.is_empty() && !["–", "-"].contains(w));
    words.map(str::to_owned).collect()
}

/// The title of `# N. Title`, and the sections.
fn split(text: &str) -> (Option<String>, Vec<Section>) {
    let (mut title, mut sections, mut fence) = (None, Vec::<Section>::new(), None);
    for line in text.lines() {
        fence = after(line, fence);
        match (fence, line.strip_prefix("## "), line.strip_prefix("# ")) {
            (None, Some(heading), _) => {
                let (number, title) = numbered(heading);
                sections.push(Section { number, title, body: String::new() });
            }
            (None, _, Some(heading)) => title = Some(numbered(heading).1),
            _ => {
                if let Some(section) = sections.last_mut() {
                    section.body.push_str(line);
                    section.body.push('\n');
                }
            }
        }
    }
    sections.iter_mut().for_each(|s| s.body = s.body.trim().to_owned());
    (title, sections)
}

/// "2. Start time" in its parts; 0 where there is no number.
fn numbered(heading: &str) -> (usize, String) {
    let parts = heading.split_once(". ").and_then(|(n, title)| Some((n.trim().parse().ok()?, title.trim().to_owned())));
    parts.unwrap_or_else(|| (0, heading.trim().to_owned()))
}

/// The fence that is open after this line, by its length. A line that closes one still belongs to it, so that what looks
/// like a heading inside a block is none.
fn after(line: &str, open: Option<usize>) -> Option<usize> {
    let ticks = line.trim_start().chars().take_while(|c| *c == '`').count();
    match open {
        None if ticks >= 3 => Some(ticks),
        Some(length) if ticks >= length && line.trim().chars().all(|c| c == '`') => None,
        same => same,
    }
}

/// Fenced blocks of a piece of Markdown.
pub fn blocks(markdown: &str) -> Vec<Block> {
    let (mut found, mut open) = (Vec::<Block>::new(), None);
    for line in markdown.lines() {
        let now = after(line, open);
        match (open, now, found.last_mut()) {
            (None, Some(_), _) => {
                let info = line.trim_start().trim_start_matches('`').trim().to_owned();
                found.push(Block { info, lines: Vec::new() });
            }
            (Some(_), Some(_), Some(block)) => block.lines.push(line.to_owned()),
            _ => {}
        }
        open = now;
    }
    found
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn example(lang: Lang) -> String {
        let mut text = "---\nchapter: 2\ntitle: Start time\nminutes: 40\nneeds: U; K for VMs\nclaims: C06 C07\n\
                        charts: boot-stages, boot-ecdf\n---\n\n# 2. Start time\n"
            .to_owned();
        for (i, heading) in HEADINGS.iter().enumerate() {
            let title = lang.choose(heading.0, heading.1);
            text += &format!("\n## {}. {title}\n\nWords of {title}.\n", i + 1);
            if heading.0 == "Run" {
                text += "\n```sh\nisolab bench -x boot\n```\n\n```sh later\nisolab bench -e docker\n```\n\n```text\n## no heading\n```\n";
            }
        }
        text
    }

    #[test]
    fn a_page_is_read_whole_in_both_languages() {
        for lang in [Lang::En, Lang::Ko] {
            let page = parse(&example(lang), "02.md", lang).unwrap();
            assert_eq!((page.chapter, page.minutes, page.sections.len()), (2, 40, 15));
            assert_eq!(
                (page.claims.len(), page.charts.as_slice()),
                (2, &["boot-stages".to_owned(), "boot-ecdf".into()][..])
            );
            assert_eq!(page.commands(), ["isolab bench -x boot"]);
            assert_eq!(page.blocks()[2].lines, ["## no heading"], "a fence hides what looks like a heading");
        }
    }

    #[test]
    fn what_is_wrong_with_a_page_is_told() {
        let page = example(Lang::En);
        for (wrong, cause) in [
            (page.replace("## 9. Explain", "## 9. Why"), "9. Explain"),
            (page.replace("minutes: 40", "minutes: long"), "no whole number"),
            (page.replace("\n## 15. Sources\n", ""), "Sources, is missing"),
            (page.replace("---\n", ""), "front matter"),
            (format!("{page}\n## 16. More\n"), "a section more"),
        ] {
            let error = parse(&wrong, "02-start-time.md", Lang::En).unwrap_err().to_string();
            assert!(error.contains("02-start-time.md") && error.contains(cause), "{error}");
        }
    }
}
