//! Which files `guide check` reads, and why those.

use std::cell::LazyCell;
use std::path::PathBuf;

use super::Reader;
use super::args::On;
use crate::error::Result;
use crate::guide::chapters::Data;
use crate::guide::checks::{Quotable, Source};
use crate::guide::choice::Choice;
use crate::guide::files::{Own, PassedOver, Results};
use crate::guide::predictions::Log;
use crate::guide::reference;
use crate::lang::Lang;
use crate::results::verify::verify;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Why {
    Named,
    /// They gave full marks at that time.
    Full(String),
    Newest,
    Reference,
}

/// Files to be checked together.
pub(super) struct Set {
    pub(super) why: Why,
    pub(super) source: Source,
    pub(super) results: Vec<Results>,
    /// Newer ones, and what cannot be read, each with its reason.
    pub(super) passed_over: Vec<PassedOver>,
}

/// What may be checked, the preferred set first; and the reader's other runs, which a card may quote.
pub(super) struct Sets {
    pub(super) preferred: Vec<Set>,
    pub(super) quotable: Vec<PathBuf>,
    /// Is there own data too, though the reference was asked for?
    pub(super) own_too: bool,
}

pub(super) fn sets(
    reader: &Reader,
    chapter: u32,
    data: &Data,
    log: &Log,
    files: &[PathBuf],
    on: Option<&On>,
) -> Result<Sets> {
    if !files.is_empty() {
        let set = Set { why: Why::Named, source: Source::Own, results: load(reader, files)?, passed_over: Vec::new() };
        return Ok(Sets { preferred: vec![set], quotable: Vec::new(), own_too: false });
    }
    let (own, prediction) = (Own::near(&reader.here), log.of(chapter));
    let choice = Choice::new(&own, &data.needs, log, prediction);
    let newest = choice.newest();
    if let Some(On(host)) = on {
        let (host, results) = reference::load(&reader.here, host.as_deref(), &data.needs)?;
        let set = Set { why: Why::Reference, source: Source::Reference(host), results, passed_over: Vec::new() };
        return Ok(Sets { preferred: vec![set], quotable: Vec::new(), own_too: !newest.is_empty() });
    }
    let set = |why, paths: &[PathBuf]| -> Result<Set> {
        let passed_over = choice.passed_over(paths);
        Ok(Set { why, source: Source::Own, results: load(reader, paths)?, passed_over })
    };
    let mut sets = Vec::new();
    let full = reader.progress.chapters.get(&chapter).and_then(|c| c.full.as_ref());
    if let Some((at, paths)) = full.and_then(|full| Some((full.at.clone(), own.kept(&full.files)?)))
        && !paths.iter().all(|path| newest.contains(path))
    {
        sets.push(set(Why::Full(at), &paths)?);
    }
    sets.push(set(Why::Newest, &newest)?);
    Ok(Sets { preferred: sets, quotable: choice.younger(), own_too: false })
}

fn name(reader: &Reader, path: &std::path::Path) -> String {
    path.strip_prefix(&reader.here).unwrap_or(path).display().to_string()
}

/// Runs that a card may quote, read when a card needs them; those whose numbers do not follow from their samples are left out.
pub(super) fn when_needed(reader: &Reader, paths: Vec<PathBuf>) -> Quotable {
    let named: Vec<(PathBuf, String)> = paths.into_iter().map(|path| (path.clone(), name(reader, &path))).collect();
    let sound = |(path, name): (PathBuf, String)| Results::load(&path, name).ok().filter(|f| verify(&f.run).is_empty());
    LazyCell::new(Box::new(move || named.into_iter().filter_map(sound).collect()))
}

fn load(reader: &Reader, paths: &[PathBuf]) -> Result<Vec<Results>> {
    paths.iter().map(|path| Results::load(path, name(reader, path))).collect()
}

impl Why {
    /// As in JSON.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Why::Named => "named",
            Why::Full(_) => "full-marks",
            Why::Newest => "newest",
            Why::Reference => "reference",
        }
    }

    /// "the newest that hold what this chapter needs".
    pub(super) fn told(&self, names: &str, host: Option<&str>, again: &str, lang: Lang) -> String {
        match self {
            Why::Named => lang.choose(
                format!("Your own data: {names}, as you named them."),
                format!("자신의 데이터: {names}. 지정하신 파일입니다."),
            ),
            Why::Newest if names.is_empty() => {
                lang.choose("Your own data: none found.", "자신의 데이터: 없음.").to_owned()
            }
            Why::Newest => lang.choose(
                format!("Your own data: {names}, the newest that hold what this chapter needs."),
                format!("자신의 데이터: {names}. 이 장에 필요한 것을 담은 가장 새로운 파일입니다."),
            ),
            Why::Full(at) => {
                let when = format!("{} UTC", at.get(..16).unwrap_or(at).replace('T', " "));
                lang.choose(
                    format!("Your own data: {names}, which gave full marks ({when}); newer runs take nothing away. To check others, name them: {again}"),
                    format!("자신의 데이터: {names}. 만점을 받은 파일({when})이며, 새로 측정해도 점수를 잃지 않습니다. 다른 파일을 확인하려면 이름을 적으십시오. {again}"),
                )
            }
            Why::Reference => {
                let host = host.unwrap_or_default();
                lang.choose(
                    format!("REFERENCE DATA of {host}, not yours: {names}."),
                    format!("참고 데이터({host}), 자신의 것이 아님: {names}."),
                )
            }
        }
    }
}
