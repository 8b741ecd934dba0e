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
pub struct Error {
    pub kind: Kind,
    /// Follows "could not": an infinitive, "open /dev/kvm".
    pub doing: String,
    pub cause: String,
    /// A command or a step for the reader; empty when there is none.
    pub try_this: String,
}

impl Error {
    /// `doing` completes the sentence "could not …".
    pub fn new(doing: impl Into<String>, cause: impl fmt::Display) -> Error {
        Error { kind: Kind::Failed, doing: doing.into(), cause: cause.to_string(), try_this: String::new() }
    }

    /// Bad arguments or a bad file: exit code 2.
    pub fn usage(doing: impl Into<String>, cause: impl fmt::Display) -> Error {
        Error::new(doing, cause).kind(Kind::Usage)
    }

    /// Not possible on this machine or for this user, with the reason: the cell is Skipped, exit code 3.
    pub fn unavailable(doing: impl Into<String>, cause: impl fmt::Display) -> Error {
        Error::new(doing, cause).kind(Kind::Unavailable)
    }

    /// Did a signal ask us to stop?
    pub fn is_signal(&self) -> bool {
        matches!(self.kind, Kind::Signal(_))
    }

    #[must_use]
    pub fn try_this(mut self, advice: impl Into<String>) -> Error {
        self.try_this = advice.into();
        self
    }

    #[must_use]
    pub fn kind(mut self, kind: Kind) -> Error {
        self.kind = kind;
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not {}\ncause: {}", self.doing, self.cause)?;
        if !self.try_this.is_empty() {
            write!(f, "\ntry:   {}", self.try_this)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// `…().doing(|| format!("open {path}"))?` gives any low-level error its context, and what a machine is short of its remedy.
pub trait Context<T> {
    fn doing<S: Into<String>>(self, doing: impl FnOnce() -> S) -> Result<T>;
}

impl<T, E: fmt::Display + 'static> Context<T> for std::result::Result<T, E> {
    fn doing<S: Into<String>>(self, doing: impl FnOnce() -> S) -> Result<T> {
        self.map_err(|cause| {
            let remedy = shortage::remedy(&cause);
            Error::new(doing(), cause).try_this(remedy)
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
}
