//! stdout and stderr, with the manners of a command line: a closed pipe is no error, and no style without a terminal.

use std::fmt::Display;
use std::io::IsTerminal;

use super::streams::{to_stderr, to_stdout};
use crate::doctor::State;
use crate::error::{Error, Kind, Result};
use crate::escape::{printable, printable_with_styles};
use crate::lang::Lang;
use crate::said;
use crate::sys::fds::standard;
use crate::sys::terminal::window_of;

/// Of a terminal of 80 columns; wider text is no easier to read.
const WIDEST: usize = 79;
const NARROWEST: usize = 40;

pub(super) struct Out {
    styled: bool,
    /// Columns of a line.
    width: usize,
    lang: Lang,
}

impl Out {
    pub(super) fn new(lang: Lang) -> Out {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty())
            || std::env::var_os("TERM").is_none_or(|t| t == "dumb");
        let columns = window_of(standard(1)).map_or(0, |window| usize::from(window.columns));
        let width = if columns == 0 { WIDEST } else { (columns - 1).clamp(NARROWEST, WIDEST) };
        Out { styled: std::io::stdout().is_terminal() && !plain, width, lang }
    }

    /// What a line may take, the last column left free: there the cursor stands.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// For tests, which may themselves run in a terminal.
    #[cfg(test)]
    pub(super) fn with_styles(styled: bool) -> Out {
        Out { styled, width: WIDEST, lang: Lang::En }
    }

    #[cfg(test)]
    pub(super) fn with_width(width: usize, lang: Lang) -> Out {
        Out { styled: false, width, lang }
    }

    #[cfg(test)]
    pub(super) fn in_korean() -> Out {
        Out::with_width(WIDEST, Lang::Ko)
    }

    pub(super) fn lang(&self) -> Lang {
        self.lang
    }

    /// The one that the reader understands.
    pub(super) fn say<T>(&self, english: T, korean: T) -> T {
        self.lang.choose(english, korean)
    }

    /// Does stdout take styles?
    pub(super) fn is_styled(&self) -> bool {
        self.styled
    }

    /// A line of results.
    pub(super) fn line(&mut self, text: impl Display) -> Result<()> {
        self.text(format!("{text}\n"))
    }

    pub(super) fn text(&mut self, text: impl Display) -> Result<()> {
        let text = text.to_string();
        let text = if self.styled { printable_with_styles(&text) } else { printable(&text) };
        to_stdout(&text).map_err(|cause| {
            let kind = if cause.kind() == std::io::ErrorKind::BrokenPipe { Kind::BrokenPipe } else { Kind::Failed };
            Error::new(said!("write the results to stdout", "결과를 표준 출력에 쓸 수 없습니다"), cause).kind(kind)
        })
    }

    pub(super) fn bold(&self, text: &str) -> String {
        if self.styled { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Green, yellow or red; the text says the same, for those who see no colours.
    pub(super) fn state(&self, state: State, text: &str) -> String {
        let colour = match state {
            State::Ok => 32,
            State::Limited => 33,
            State::Missing => 31,
        };
        if self.styled { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// A line beside the results: what goes on, what to know.
    #[expect(clippy::unused_self, reason = "reads as the twin of line()")]
    pub(super) fn note(&self, text: impl Display) {
        to_stderr(&format!("{}\n", printable(&text.to_string())));
    }
}
