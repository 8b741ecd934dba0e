//! `isolab recover DIR`: run.json and samples.csv again, from the raw samples of a run that did not end by itself.
//!
//! Nothing that holds samples is replaced: a results file that has as many keeps its name, and one that has fewer, or is
//! damaged, is kept under another.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::args::Recover;
use super::exit;
use super::out::Out;
use crate::error::{Context, Result};
use crate::lang::{Lang, Said, counted};
use crate::results::files::{RUN, SAMPLES};
use crate::results::raw::{Raw, read_samples};
use crate::results::read;
use crate::results::schema::{Run, Warning};
use crate::results::store::{save_run, write_atomically};
use crate::results::sudo_user::as_caller;
use crate::results::summarize::recover;
use crate::said;

pub(super) fn run(args: Recover, out: &mut Out) -> Result<u8> {
    let raw = read_samples(&args.dir)?;
    let lost = lost(&raw);
    let Raw { samples, broken, repeated, cut_off, .. } = &raw;
    let mut run = recover(raw.header.clone(), samples);
    if *broken > 0 {
        run.warnings.push(Warning::of_lost(*broken));
    }
    let saved = save(&args.dir, &run)?;
    let (count, cells) = (samples.len(), run.cells.len());
    if args.json {
        let text = |path: &PathBuf| path.display().to_string();
        let json = serde_json::json!({ "file": text(&saved.file), "samples": count, "cells": cells, "last_line_cut_off": cut_off,
            "broken_lines": broken, "repeated_lines": repeated, "kept": saved.kept.as_ref().map(text) });
        out.line(json)?;
        return Ok(exit::OK);
    }
    let file = saved.file.display();
    let (en, ko) = (lost.of(Lang::En), lost.of(Lang::Ko));
    let english = format!("recovered {} of {}{en}: {file}", counted(count, "sample"), counted(cells, "cell"));
    out.line(out.say(english, format!("셀 {cells}개의 표본 {count}개를 되살렸습니다{ko}: {file}")))?;
    let why = saved.why.of(out.lang());
    saved.kept.iter().try_for_each(|kept| out.line(format!("{why}: {}", kept.display())))?;
    Ok(exit::OK)
}

/// " (2 lines could not be read and are left out; …)".
fn lost(raw: &Raw) -> Said {
    let mut told = Vec::new();
    if raw.broken > 0 {
        let (n, lines) = (raw.broken, counted(raw.broken, "line"));
        told.push(said!("{lines} could not be read, left out", "{n}행은 읽을 수 없어 뺌"));
    }
    if raw.repeated > 0 {
        let (n, lines) = (raw.repeated, counted(raw.repeated, "line"));
        told.push(said!("{lines} stood twice, counted once", "{n}행은 두 번 있어 한 번만 셈"));
    }
    if raw.cut_off {
        told.push(said!("the last line was cut off and is left out", "마지막 행은 잘려 있어 뺌"));
    }
    if told.is_empty() {
        return Said::default();
    }
    let told = Said::joined(&told, "; ");
    let (en, ko) = (told.of(Lang::En), told.of(Lang::Ko));
    said!(" ({en})", "({ko})")
}

struct Saved {
    file: PathBuf,
    /// The results file that was there before, where it is now.
    kept: Option<PathBuf>,
    why: Said,
}

/// `run.json` in the folder of `samples.jsonl`; beside it where that has as many samples, and beside any other file that
/// was named: its neighbours are not its own.
fn save(place: &Path, run: &Run) -> Result<Saved> {
    if !place.is_dir() && place.file_name().is_none_or(|name| name != SAMPLES) {
        let mut stem = place.file_stem().unwrap_or_default().to_owned();
        stem.push("-recovered");
        let file = write_beside(place.parent().unwrap_or(Path::new("")), &stem, run)?;
        return Ok(Saved { file, kept: None, why: Said::default() });
    }
    let dir = if place.is_dir() { place } else { place.parent().unwrap_or(Path::new("")) };
    let file = dir.join(RUN);
    if !file.exists() {
        save_run(dir, run)?;
        return Ok(Saved { file, kept: None, why: Said::default() });
    }
    if read::load(&file).is_ok_and(|old| samples_in(&old) >= samples_in(run)) {
        let beside = write_beside(dir, "recovered".as_ref(), run)?;
        return Ok(Saved {
            file: beside,
            kept: Some(file),
            why: said!("this results file is whole and stays", "이 결과 파일은 온전하므로 그대로 둡니다"),
        });
    }
    let kept = free_name(dir, "run-before-recover".as_ref());
    as_caller(&file, || std::fs::rename(&file, &kept)).doing(|| {
        said!(
            "keep {file} as {kept}",
            "{file}을(를) {kept}(으)로 남겨 둘 수 없습니다",
            file = file.display(),
            kept = kept.display()
        )
    })?;
    save_run(dir, run)?;
    Ok(Saved {
        file,
        kept: Some(kept),
        why: said!(
            "the results file that was there has fewer samples and is kept as",
            "있던 결과 파일은 표본이 더 적어 이 이름으로 남겨 둡니다"
        ),
    })
}

fn samples_in(run: &Run) -> usize {
    run.cells.iter().map(|cell| cell.columns.block.len()).sum()
}

/// Under the first free name; a file that says the same already is taken as it is.
fn write_beside(dir: &Path, stem: &OsStr, run: &Run) -> Result<PathBuf> {
    let bytes = serde_json::to_vec(run).expect("a run is plain data");
    let same = names(dir, stem).take_while(|p| p.exists()).find(|p| std::fs::read(p).is_ok_and(|old| old == bytes));
    if let Some(same) = same {
        return Ok(same);
    }
    let file = free_name(dir, stem);
    write_atomically(&file, &bytes)?;
    Ok(file)
}

fn names(dir: &Path, stem: &OsStr) -> impl Iterator<Item = PathBuf> {
    (1..).map(move |n: u32| {
        let mut name = stem.to_owned();
        name.push(if n == 1 { ".json".into() } else { format!("-{n}.json") });
        dir.join(name)
    })
}

fn free_name(dir: &Path, stem: &OsStr) -> PathBuf {
    names(dir, stem).find(|path| path.symlink_metadata().is_err()).expect("some number is free")
}
