//! The data of a chapter, `lab-guides/NN-topic.toml`: its questions, its checks, and what a results file must hold to be
//! checked. One file for both languages.

use serde::Deserialize;

use super::outcome::Kind;
use crate::error::{Error, Result};
use crate::lang::Lang;
use crate::lang::Said;
use crate::said;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    pub chapter: u32,
    /// As in the page's front matter, when it is repeated here.
    #[serde(default)]
    pub minutes: Option<u32>,
    #[serde(default, rename = "question")]
    pub questions: Vec<Question>,
    #[serde(default, rename = "check")]
    pub checks: Vec<Check>,
    #[serde(default)]
    pub needs: Needs,
}

/// What `guide predict` asks.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Short, unique in its chapter: `--answer ID=VALUE`.
    pub id: String,
    pub kind: Ask,
    /// Of a number: "×", "%", "MiB"; empty for a bare one.
    #[serde(default)]
    pub unit: String,
    /// Of a choice or an order: what is typed.
    #[serde(default)]
    pub options: Vec<String>,
    pub text: Text,
}

/// The kind of answer that a question wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ask {
    Number,
    /// One of the options.
    Choice,
    /// All options, each once.
    Order,
    YesNo,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// "ch02-card-C10": unique in a chapter, the same in every version.
    pub id: String,
    pub kind: Kind,
    /// Of the chapter's ten.
    #[serde(default)]
    pub points: u32,
    /// The claim of a card: "C10".
    #[serde(default)]
    pub claim: Option<String>,
    /// Why this version cannot check it: then it gives no points and costs none.
    #[serde(default)]
    pub later: Option<Text>,
    /// Three steps, each telling more.
    #[serde(default)]
    pub hints: Texts,
    /// Told after a pass.
    #[serde(default)]
    pub explanation: Text,
}

/// What the results files of a chapter must hold to be used by its checks.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Needs {
    /// "boot/process"; "boot/container" is also held by `boot/container-rootless`, which is the container of who is not root;
    /// "memory/vm-bare{configured}" by any case that has that key.
    #[serde(default)]
    pub cells: Vec<String>,
    /// Orders of the run that are wanted, each in a file of its own: "blocks", "sequential".
    #[serde(default)]
    pub orders: Vec<String>,
    /// So many blocks, where they are randomised; 0: as many as an interval needs.
    #[serde(default)]
    pub blocks: usize,
}

impl Needs {
    /// Randomised blocks, unless the chapter asks for more.
    pub fn orders(&self) -> Vec<&str> {
        if self.orders.is_empty() { vec!["blocks"] } else { self.orders.iter().map(String::as_str).collect() }
    }
}

/// A sentence in both languages; one string counts for both.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "OneOrBoth<String>")]
pub struct Text {
    pub en: String,
    pub ko: String,
}

/// The same for a list of sentences.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "OneOrBoth<Vec<String>>")]
pub struct Texts {
    pub en: Vec<String>,
    pub ko: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrBoth<T> {
    One(T),
    Both { en: T, ko: T },
}

impl From<OneOrBoth<String>> for Text {
    fn from(from: OneOrBoth<String>) -> Text {
        match from {
            OneOrBoth::One(one) => Text { en: one.clone(), ko: one },
            OneOrBoth::Both { en, ko } => Text { en, ko },
        }
    }
}

impl From<OneOrBoth<Vec<String>>> for Texts {
    fn from(from: OneOrBoth<Vec<String>>) -> Texts {
        match from {
            OneOrBoth::One(one) => Texts { en: one.clone(), ko: one },
            OneOrBoth::Both { en, ko } => Texts { en, ko },
        }
    }
}

impl Text {
    pub fn of(&self, lang: Lang) -> &str {
        lang.choose(&self.en, &self.ko)
    }
}

impl Texts {
    pub fn of(&self, lang: Lang) -> &[String] {
        lang.choose(&self.en, &self.ko)
    }
}

/// Reads `NN-topic.toml`; `name` is told in errors.
pub fn parse(text: &str, name: &str) -> Result<Data> {
    let bad = |cause: Said| {
        Error::usage(said!("read {name}", "{name}을(를) 읽을 수 없습니다"), cause).try_this(said!(
            "lab-guides/README.md explains the files of a chapter",
            "lab-guides/README.md가 장의 파일을 설명합니다"
        ))
    };
    let data: Data = toml::from_str(text).map_err(|cause| bad(Said::verbatim(cause.to_string().trim_end())))?;
    match faults(&data).as_slice() {
        [] => Ok(data),
        [first, ..] => Err(bad(first.clone())),
    }
}

/// What the types alone do not refuse.
fn faults(data: &Data) -> Vec<Said> {
    let mut faults = Vec::new();
    for (i, question) in data.questions.iter().enumerate() {
        if data.questions[..i].iter().any(|q| q.id == question.id) {
            faults.push(said!("the question {id:?} stands twice", "질문 {id:?}이(가) 두 번 있음", id = question.id));
        }
        if matches!(question.kind, Ask::Choice | Ask::Order) && question.options.len() < 2 {
            faults.push(said!(
                "the question {id:?} has no options to choose from",
                "질문 {id:?}에 고를 선택지가 없음",
                id = question.id
            ));
        }
    }
    for (i, check) in data.checks.iter().enumerate() {
        if data.checks[..i].iter().any(|c| c.id == check.id) {
            faults.push(said!("the check {id:?} stands twice", "검사 {id:?}이(가) 두 번 있음", id = check.id));
        }
        if check.kind == Kind::Card && check.claim.is_none() && data.chapter != 0 {
            faults.push(said!("the card {id:?} names no claim", "카드 {id:?}에 주장이 적혀 있지 않음", id = check.id));
        }
    }
    faults
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) const EXAMPLE: &str = r#"
chapter = 2
[[question]]
id = "factor"
kind = "number"
unit = "×"
text.en = "How many times as long as a process?"
text.ko = "프로세스의 몇 배입니까?"
[[question]]
id = "rank"
kind = "order"
options = ["process", "container", "vm-bare"]
text = { en = "Fastest first.", ko = "빠른 것부터." }
[[check]]
id = "ch02-prediction"
kind = "prediction"
points = 1
hints.en = ["a", "b", "c"]
hints.ko = ["가", "나", "다"]
explanation = "the same in both"
[[check]]
id = "ch02-card-C10"
kind = "card"
points = 3
claim = "C10"
later = "needs an engine: later"
[needs]
cells = ["boot/process", "boot/container"]
"#;

    #[test]
    fn a_chapter_is_read_whole() {
        let data = parse(EXAMPLE, "02.toml").unwrap();
        assert_eq!((data.questions.len(), data.checks.len(), data.needs.cells.len()), (2, 2, 2));
        assert_eq!(data.questions[0].text.of(Lang::Ko), "프로세스의 몇 배입니까?");
        assert_eq!(data.checks[0].hints.of(Lang::Ko)[2], "다");
        assert_eq!(data.checks[0].explanation.of(Lang::Ko), "the same in both");
        assert_eq!(data.checks[1].later.as_ref().unwrap().of(Lang::En), "needs an engine: later");
    }

    #[test]
    fn a_fault_is_named_with_the_file() {
        for (wrong, right, cause) in [
            ("id = \"rank\"", "id = \"factor\"", "stands twice"),
            ("claim = \"C10\"", "", "names no claim"),
            ("points = 3", "pionts = 3", "pionts"),
            ("options = [\"process\", \"container\", \"vm-bare\"]", "", "no options"),
        ] {
            let error = parse(&EXAMPLE.replace(wrong, right), "02-start-time.toml").unwrap_err().to_string();
            assert!(error.contains("02-start-time.toml") && error.contains(cause), "{error}");
        }
    }
}
