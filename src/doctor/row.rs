//! One line of the report: a capability, its state, what was seen, and what to do about it.

use serde::Serialize;

use crate::lang::Said;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Ok,
    /// It works, with less than there could be, or numbers need a word of caution.
    Limited,
    Missing,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            State::Ok => "ok",
            State::Limited => "limited",
            State::Missing => "missing",
        }
    }

    /// As a reader sees it; at most eight columns wide.
    pub fn word(self) -> Said {
        let korean = match self {
            State::Ok => "정상",
            State::Limited => "제한",
            State::Missing => "없음",
        };
        Said::fixed(self.name(), korean)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// One word for scripts; it never changes.
    pub id: String,
    /// Two or three words for people.
    pub what: Said,
    pub state: State,
    pub seen: Said,
    /// The remedy, line by line; a line that begins with "$ " is a command to copy. Empty: nothing to do.
    #[serde(rename = "try")]
    pub remedy: Vec<Said>,
}

impl Row {
    pub fn ok(id: &str, what: impl Into<Said>, seen: impl Into<Said>) -> Row {
        Row { id: id.into(), what: what.into(), state: State::Ok, seen: seen.into(), remedy: Vec::new() }
    }

    pub fn limited(id: &str, what: impl Into<Said>, seen: impl Into<Said>) -> Row {
        Row { state: State::Limited, ..Row::ok(id, what, seen) }
    }

    pub fn missing(id: &str, what: impl Into<Said>, seen: impl Into<Said>) -> Row {
        Row { state: State::Missing, ..Row::ok(id, what, seen) }
    }

    #[must_use]
    pub fn try_this<S: Into<Said>>(mut self, lines: impl IntoIterator<Item = S>) -> Row {
        self.remedy.extend(lines.into_iter().map(Into::into).filter(|line: &Said| !line.is_empty()));
        self
    }
}
