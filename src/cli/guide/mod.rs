//! `isolab guide`: chapters to read, predict, measure, explain and check. What each does is in [`crate::guide`]; here it
//! is asked for and shown.

pub(super) mod args;
mod check;
mod chosen;
mod claims;
mod hint;
mod predict;
mod progress;
mod show;

use std::path::PathBuf;

use self::args::{Guide, What};
use super::exit;
use super::out::Out;
use crate::error::{Context, Error, Result};
use crate::guide::content::{Content, Shown};
use crate::guide::predictions::Log;
use crate::guide::state::{self, Progress};
use crate::guide::terminal::{Paint, sentence};
use crate::lang::Lang;
use crate::said;
use crate::shell::called_as;

pub(super) fn run(args: Guide, out: &mut Out) -> Result<u8> {
    let mut reader = Reader::here(out)?;
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
    content: Content,
    /// The state folder; an error where there is none, told by who needs it.
    state: Result<PathBuf>,
    progress: Progress,
    /// Why the progress of before could not be read: then it is not overwritten.
    unread: Option<Error>,
    paint: Paint,
}

impl Reader {
    fn here(out: &Out) -> Result<Reader> {
        let here =
            std::env::current_dir().doing(|| said!("find the current folder", "현재 폴더를 찾을 수 없습니다"))?;
        let state = state::folder();
        let lang = out.lang();
        let (progress, unread) = state.as_deref().map_or_else(|_| Default::default(), |dir| progress(dir, lang, out));
        Ok(Reader {
            lang,
            called: called_as(),
            content: Content::near(&here),
            progress,
            unread,
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
        let saved = match self.unread.clone() {
            Some(unread) => Err(unread),
            None => self.state.clone().and_then(|state| self.progress.save(&state)),
        };
        if let Err(error) = saved {
            let (cause, fix) = (error.cause, error.try_this);
            out.note(self.lang.choose(
                format!("note: your progress is not kept: {}; try: {}", &*cause, &*fix),
                format!(
                    "알림: 진행 상황을 저장하지 못했습니다: {}. 해 볼 것: {}",
                    cause.of(Lang::Ko),
                    fix.of(Lang::Ko)
                ),
            ));
        }
    }

    /// The page, and a line when it is not quite what was asked for.
    fn page(&self, chapter: u32, out: &Out) -> Result<Shown> {
        let shown = self.content.page(chapter, self.lang)?;
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

/// The progress of before; one that is damaged is kept under another name, and that is said.
fn progress(state: &std::path::Path, lang: Lang, out: &Out) -> (Progress, Option<Error>) {
    match Progress::load(state) {
        Ok((progress, None)) => (progress, None),
        Ok((progress, Some(aside))) => {
            let aside = aside.display();
            out.note(lang.choose(
                format!("note: your progress file was damaged; it is kept as {aside}, and a new one begins. Predictions and results are safe: `guide check --all` counts the points again."),
                format!("알림: 진행 상황 파일이 손상되어 {aside}에 남겨 두고 새로 시작합니다. 예측과 결과는 그대로이며, `guide check --all`로 점수를 다시 셀 수 있습니다."),
            ));
            (progress, None)
        }
        Err(error) => (Progress::default(), Some(error)),
    }
}
