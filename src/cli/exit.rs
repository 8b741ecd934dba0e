//! Exit codes: 0 nothing failed (skips allowed) · 1 something failed · 2 bad arguments or file · 3 nothing could run
//! here · 130, 143 a signal, after cleaning up. `run` answers as docker does: 125 our own failure, 126 not executable,
//! 127 not found, 128+n killed by signal n, else the program's own.

use std::ffi::OsStr;

use super::streams::to_stderr;
use super::{language, misuse};
use crate::escape::printable;
use clap::error::ErrorKind;

use crate::error::{Error, Kind};
use crate::lang::Lang;
use crate::{said, shell};

pub(super) const OK: u8 = 0;
pub(super) const FAILED: u8 = 1;
pub(super) const USAGE: u8 = 2;
pub(super) const NOTHING_RAN: u8 = 3;
pub(super) const OURS_IN_RUN: u8 = 125;
pub(super) const NOT_EXECUTABLE: u8 = 126;
pub(super) const NOT_FOUND: u8 = 127;

/// Prints the error on stderr and gives its exit code.
pub(super) fn code_of(error: &Error) -> u8 {
    complain(error);
    number(error)
}

pub(super) fn number(error: &Error) -> u8 {
    match error.kind {
        Kind::Usage => USAGE,
        Kind::Unavailable => NOTHING_RAN,
        Kind::Failed | Kind::NotExecutable | Kind::NotFound => FAILED,
        Kind::Signal(number) => 128 + number as u8,
        Kind::BrokenPipe => OK,
    }
}

/// The same for `run`, where the program's own codes come first.
pub(super) fn number_in_run(error: &Error) -> u8 {
    match error.kind {
        Kind::NotExecutable => NOT_EXECUTABLE,
        Kind::NotFound => NOT_FOUND,
        Kind::Signal(number) => 128 + number as u8,
        _ => OURS_IN_RUN,
    }
}

pub(super) fn complain(error: &Error) {
    let lang = language::here();
    to_stderr(&format!("{}: {}\n", lang.choose("error", "오류"), printable(&error.told(lang))));
}

/// clap repeats what was typed, in its own colours; what is odd in that is told and not obeyed.
fn tell(error: &clap::Error) {
    let odd = std::env::args_os().any(|arg| is_odd(&arg));
    let korean = match language::here() {
        Lang::Ko => misuse::in_korean(error, misuse::is_coloured() && !odd),
        Lang::En => None,
    };
    match korean {
        Some(text) if odd => to_stderr(&printable(&text)),
        Some(text) => to_stderr(&text),
        None if odd && error.use_stderr() => to_stderr(&printable(&error.render().to_string())),
        None => drop(error.print()), // a closed pipe is no error
    }
}

fn is_odd(arg: &OsStr) -> bool {
    let arg = arg.to_string_lossy();
    printable(&arg) != arg
}

/// Arms, experiments and numbers are text; paths, programs and variables may be of any bytes.
fn not_text() -> Error {
    let first = std::env::args_os().find(|word| word.to_str().is_none()).unwrap_or_default();
    let word = shell::quoted(&first);
    let doing = said!("read the argument {word}", "인자 {word}을(를) 읽을 수 없습니다");
    let cause =
        said!("it is no UTF-8, and stands where text is wanted", "UTF-8이 아닌데, 글자가 있어야 할 자리에 있음");
    Error::usage(doing, cause).try_this(said!(
        "another spelling; paths, programs and -e NAME=VALUE may be of any bytes",
        "다르게 적으십시오. 경로, 프로그램, -e NAME=VALUE에는 어떤 바이트든 쓸 수 있습니다"
    ))
}

/// Help and version go to stdout with 0, mistakes to stderr; a value that we refuse reads as every other error does.
pub(super) fn usage(error: &clap::Error) -> u8 {
    match std::error::Error::source(error).and_then(|source| source.downcast_ref::<Error>()) {
        Some(ours) => complain(ours),
        None if error.kind() == ErrorKind::InvalidUtf8 => complain(&not_text()),
        None => tell(error),
    }
    let in_run = std::env::args_os().nth(1).is_some_and(|command| command == "run" || command == "probe");
    match (error.use_stderr(), in_run) {
        (false, _) => OK,
        (true, false) => USAGE,
        (true, true) => OURS_IN_RUN, // 2 could be the program's own
    }
}
