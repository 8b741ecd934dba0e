//! `isolab guide`: chapters to read, predict, measure, explain and check. What each does is in [`crate::guide`]; here it
//! is asked for and shown.

pub(super) mod args;
mod check;
mod claims;
mod hint;
mod predict;
mod progress;
mod show;

use std::path::PathBuf;

use self::args::{Guide, What};
use super::called::called_as;
use super::exit;
use super::out::Out;
use crate::error::{Context, Result};
use crate::guide::predictions::Log;
use crate::guide::shelf::{Shelf, Shown};
use crate::guide::state::{self, Progress};
use crate::guide::terminal::{Paint, sentence};
use crate::lang::Lang;

pub(super) fn run(args: Guide, out: &mut Out) -> Result<u8> {
    let mut reader = Reader::here(args.lang, out)?;
    match args.what {
        What::List { json } => progress::list(&reader, json, out),
        What::Show(args) => show::run(&mut reader, &args, out),
        What::Predict(args) => predict::run(&reader, &args, out),
        What::Check(args) => check::run(&mut reader, &args, out),
        What::Claims { files, claim, json } => claims::run(&reader, &files, claim.as_deref(), json, out),
        What::Hint { chapter, check } => hint::run(&mut reader, chapter, check.as_deref(), out),
        What::Progress { json } => progress::run(&reader, json, out),
        What::Reset { chapter, all } => hint::reset(&mut reader, chapter.filter(|_| !all), out),
        What::Next => progress::next(&reader, out),
    }
}

/// Who reads: language, place, and how far they have come.
struct Reader {
    lang: Lang,
    called: String,
    /// The current folder.
    here: PathBuf,
    shelf: Shelf,
    /// The state folder; an error where there is none, told by who needs it.
    state: Result<PathBuf>,
    progress: Progress,
    paint: Paint,
}

impl Reader {
    fn here(lang: Option<Lang>, out: &Out) -> Result<Reader> {
        let here = std::env::current_dir().doing(|| "find the current folder")?;
        let state = state::folder();
        Ok(Reader {
            lang: lang.unwrap_or_else(|| Lang::of(|name| std::env::var(name).ok())),
            called: called_as(),
            shelf: Shelf::near(&here),
            progress: state.as_deref().map(Progress::load).unwrap_or_default(),
            state,
            paint: if out.is_styled() { Paint::Colours } else { Paint::Plain },
            here,
        })
    }

    fn state(&self) -> Result<&std::path::Path> {
        self.state.as_deref().map_err(Clone::clone)
    }

    fn log(&self) -> Result<Log> {
        Log::load(self.state()?)
    }

    /// Progress is a comfort: where it can't be kept, that is said, and all else goes on.
    fn keep(&mut self, out: &Out) {
        let saved = self.state.clone().and_then(|state| self.progress.save(&state));
        if let Err(error) = saved {
            out.note(format!("note: your progress is not kept: {}; try: {}", error.cause, error.try_this));
        }
    }

    /// The page, and a line when it is not quite what was asked for.
    fn page(&self, chapter: u32, out: &Out) -> Result<Shown> {
        let shown = self.shelf.page(chapter, self.lang)?;
        if shown.lang != self.lang {
            out.note(format!("{chapter}장은 아직 한국어로 없어서 영어로 보여 드립니다."));
        }
        if shown.stale {
            out.note("이 한국어 페이지는 이전 영어판을 따릅니다. 다른 곳이 있으면 영어판이 맞습니다 (--lang en).");
        }
        Ok(shown)
    }

    /// A sentence of ours, wrapped.
    fn say(&self, text: &str, first: &str, indent: &str) -> String {
        sentence(text, first, indent, self.paint)
    }

    fn command(&self, rest: &str) -> String {
        self.paint.bold(&format!("{} guide {rest}", self.called))
    }
}
