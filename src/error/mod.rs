//! The one error type: what we were doing, the cause, what to try.
//!
//! ```text
//! error: could not open /dev/kvm
//! cause: Permission denied (os error 13)
//! try:   sudo usermod -aG kvm $USER, then log in again
//! ```

pub mod shortage;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::lang::{Lang, Said};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of failure it is. It decides the exit code, and whether a cell is Skipped or Failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Something that should have worked did not (exit code 1).
    Failed,
    /// Bad arguments or a bad file (exit code 2).
    Usage,
    /// This machine or this user cannot do it (exit code 3; a cell is Skipped).
    Unavailable,
    /// The program was found, but may not be executed (126 in `run`, as docker).
    NotExecutable,
    /// The program was not found (127 in `run`, as docker).
    NotFound,
    /// This signal arrived: SIGINT, SIGTERM or SIGHUP (128 + its number).
    Signal(i32),
    /// The reader of our output is gone (`| head`): not an error to report.
    BrokenPipe,
}

/// What we were doing, why it failed, what to try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Kept", into = "Kept")]
pub struct Error {
    pub kind: Kind,
    /// Follows "could not": an infinitive, "open /dev/kvm". In Korean the whole sentence, "/dev/kvm을 열 수 없습니다".
    pub doing: Said,
    pub cause: Said,
    /// A command or a step for the reader; empty when there is none.
    pub try_this: Said,
}

/// As files and workers' replies have it: English, and what there is of Korean beside it.
#[derive(Serialize, Deserialize)]
struct Kept {
    kind: Kind,
    doing: String,
    cause: String,
    try_this: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ko: Option<[Option<String>; 3]>,
}

impl From<Error> for Kept {
    fn from(error: Error) -> Kept {
        let ko = [&error.doing, &error.cause, &error.try_this].map(|part| part.korean().map(str::to_owned));
        let ko = ko.iter().any(Option::is_some).then_some(ko);
        let [doing, cause, try_this] = [error.doing, error.cause, error.try_this].map(String::from);
        Kept { kind: error.kind, doing, cause, try_this, ko }
    }
}

impl From<Kept> for Error {
    fn from(kept: Kept) -> Error {
        let [doing, cause, try_this] = kept.ko.unwrap_or_default();
        Error {
            kind: kept.kind,
            doing: Said::from_parts(kept.doing, doing),
            cause: Said::from_parts(kept.cause, cause),
            try_this: Said::from_parts(kept.try_this, try_this),
        }
    }
}

impl Error {
    /// `doing` completes the sentence "could not …".
    pub fn new(doing: impl Into<Said>, cause: impl Into<Said>) -> Error {
        Error { kind: Kind::Failed, doing: doing.into(), cause: cause.into(), try_this: Said::default() }
    }

    /// Bad arguments or a bad file: exit code 2.
    pub fn usage(doing: impl Into<Said>, cause: impl Into<Said>) -> Error {
        Error::new(doing, cause).kind(Kind::Usage)
    }

    /// Not possible on this machine or for this user, with the reason: the cell is Skipped, exit code 3.
    pub fn unavailable(doing: impl Into<Said>, cause: impl Into<Said>) -> Error {
        Error::new(doing, cause).kind(Kind::Unavailable)
    }

    /// Did a signal ask us to stop?
    pub fn is_signal(&self) -> bool {
        matches!(self.kind, Kind::Signal(_))
    }

    #[must_use]
    pub fn try_this(mut self, advice: impl Into<Said>) -> Error {
        self.try_this = advice.into();
        self
    }

    #[must_use]
    pub fn kind(mut self, kind: Kind) -> Error {
        self.kind = kind;
        self
    }
}

impl Error {
    /// "could not open /dev/kvm: Permission denied", in one line.
    pub fn reason(&self) -> Said {
        Said::compose(&[&self.doing, &self.cause], |lang| format!("{}: {}", self.sentence(lang), self.cause.of(lang)))
    }

    /// The three answers, a line each.
    pub fn told(&self, lang: Lang) -> String {
        let (cause, advice) = (lang.choose("cause: ", "원인: "), lang.choose("try:   ", "해결: "));
        let mut text = format!("{}\n{cause}{}", self.sentence(lang), self.cause.of(lang));
        if !self.try_this.is_empty() {
            text += &format!("\n{advice}{}", self.try_this.of(lang));
        }
        text
    }

    fn sentence(&self, lang: Lang) -> String {
        match (lang, self.doing.korean()) {
            (Lang::Ko, Some(korean)) => korean.to_owned(),
            _ => format!("could not {}", &*self.doing),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told(Lang::En))
    }
}

impl std::error::Error for Error {}

/// `…().doing(|| format!("open {path}"))?` gives any low-level error its context, and what a machine is short of its remedy.
pub trait Context<T> {
    fn doing<S: Into<Said>>(self, doing: impl FnOnce() -> S) -> Result<T>;
}

impl<T, E: fmt::Display + 'static> Context<T> for std::result::Result<T, E> {
    fn doing<S: Into<Said>>(self, doing: impl FnOnce() -> S) -> Result<T> {
        self.map_err(|cause| {
            let remedy = shortage::remedy(&cause);
            Error::new(doing(), Said::verbatim(cause.to_string())).try_this(remedy)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reads_as_three_answers() {
        let e = Error::new("open /dev/kvm", "Permission denied (os error 13)").try_this("sudo usermod -aG kvm $USER");
        assert_eq!(
            e.to_string(),
            "could not open /dev/kvm\ncause: Permission denied (os error 13)\ntry:   sudo usermod -aG kvm $USER"
        );
        assert!(!Error::new("a", "b").to_string().contains("try:"), "no empty advice");
    }

    #[test]
    fn a_shortage_has_its_remedy_and_another_error_none() {
        let remedy = |cause: nix::errno::Errno| {
            let of_io: Error = Err::<(), _>(std::io::Error::from(cause)).doing(|| "x").unwrap_err();
            assert_eq!(of_io.try_this, Err::<(), _>(cause).doing(|| "x").unwrap_err().try_this);
            of_io.try_this
        };
        assert_eq!(remedy(nix::errno::Errno::EMFILE), shortage::OPEN_FILES);
        assert_eq!(remedy(nix::errno::Errno::ENOENT), "");
    }

    #[test]
    fn korean_stands_beside_the_english_and_is_not_needed() {
        let plain = r#"{"kind":"failed","doing":"open it","cause":"b","try_this":""}"#;
        let read: Error = serde_json::from_str(plain).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), plain, "files of before stay as they are, to the byte");
        assert_eq!(read.told(Lang::Ko), "could not open it\n원인: b");
        let both = Error::new(Said::fixed("open it", "열 수 없습니다"), "b").try_this(Said::fixed("c", "다"));
        let back: Error = serde_json::from_str(&serde_json::to_string(&both).unwrap()).unwrap();
        assert_eq!(back, both);
        assert_eq!(back.told(Lang::Ko), "열 수 없습니다\n원인: b\n해결: 다");
        assert_eq!(back.reason().of(Lang::Ko), "열 수 없습니다: b");
    }
}
