//! What the guide keeps for one reader: predictions (locked) and progress (`guide.json`), in isolab's state folder. Under
//! sudo they are the caller's, so that a prediction made without root is known to a bench that needs it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::outcome::Status;
use crate::error::{Context, Error, Result};
use crate::id::RunId;
use crate::results::read::read_file;
use crate::results::store::write_atomically;
use crate::results::sudo_user::{as_caller, make_folder};
use crate::said;

pub const FILE: &str = "guide.json";

/// The folder that belongs to the user who called.
pub fn folder() -> Result<PathBuf> {
    crate::host::callers_state_dir()
}

/// The folder, and those above it that are missing.
pub(super) fn make(state: &Path) -> Result<()> {
    make_folder(state).map_err(advice)
}

/// What helps when the folder is read-only or full.
pub(super) fn advice(error: Error) -> Error {
    error.try_this(said!(
        "export XDG_STATE_HOME=/a/folder/with/room/that/you/may/write",
        "export XDG_STATE_HOME=/쓸/수/있고/여유가/있는/폴더"
    ))
}

fn is_absent(cause: &std::io::Error) -> bool {
    matches!(cause.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}

fn look(error: Error) -> Error {
    error.try_this(said!(
        "look at that file: it is neither read nor replaced until it can be",
        "그 파일을 살펴보십시오. 읽을 수 있게 될 때까지 읽지도 바꾸지도 않습니다"
    ))
}

/// Renames a file that is damaged, so that it is neither used nor overwritten; its new name.
fn put_aside(path: &Path) -> Result<PathBuf> {
    let copy = unused(path, "damaged");
    as_caller(path, || std::fs::rename(path, &copy))
        .doing(|| {
            said!(
                "put the damaged {path} aside",
                "손상된 {path}을(를) 옆으로 옮겨 둘 수 없습니다",
                path = path.display()
            )
        })
        .map_err(look)?;
    Ok(copy)
}

/// "work.rs.before-reset", or the first of that name with a number that is not there yet.
pub(super) fn unused(path: &Path, why: &str) -> PathBuf {
    let name = |n: u32| {
        let number = if n == 1 { String::new() } else { format!("-{n}") };
        PathBuf::from(format!("{}.{why}{number}", path.display()))
    };
    (1..u32::MAX).map(name).find(|p| p.symlink_metadata().is_err()).unwrap_or_else(|| name(1))
}

/// How far a reader has come. Losing it loses no prediction and no result.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    #[serde(default)]
    pub chapters: BTreeMap<u32, Chapter>,
    /// What the tests said of a work file, by the hash of everything that decides it.
    #[serde(default)]
    pub work: BTreeMap<String, Worked>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Chapter {
    /// The last section that was shown.
    #[serde(default)]
    pub shown: usize,
    /// How many hints were given, by check.
    #[serde(default)]
    pub hints: BTreeMap<String, usize>,
    /// The last `guide check`.
    #[serde(default)]
    pub checked: Option<Checked>,
    /// The last check on own data that gave full marks.
    #[serde(default)]
    pub full: Option<Full>,
}

/// The evidence of full marks: it counts whatever is measured later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Full {
    /// UTC, RFC 3339.
    pub at: String,
    pub files: Vec<Kept>,
}

/// A results file that gave full marks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    pub run: RunId,
    pub sha256: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checked {
    pub points: u32,
    pub possible: u32,
    /// "own" or "reference".
    pub data: String,
    pub statuses: BTreeMap<String, Status>,
}

/// What the tests of a Make task said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worked {
    pub passed: bool,
    /// The compiler's or the tests' words, cut to what helps.
    pub said: String,
}

/// So many work files are remembered.
const REMEMBERED: usize = 64;

impl Progress {
    /// Of this folder; empty when there is none. A damaged file is put aside, and its new name comes with the progress.
    ///
    /// # Errors
    /// When the file cannot be read, or cannot be put aside: then nothing may be saved in its place.
    pub fn load(state: &Path) -> Result<(Progress, Option<PathBuf>)> {
        let path = state.join(FILE);
        if path.symlink_metadata().is_err_and(|none| is_absent(&none)) {
            return Ok((Progress::default(), None));
        }
        let text = read_file(&path).map_err(|e| {
            look(Error {
                doing: said!("read your progress in {path}", "{path}의 진도를 읽을 수 없습니다", path = path.display()),
                ..e
            })
        })?;
        match serde_json::from_slice(&text) {
            Ok(progress) => Ok((progress, None)),
            Err(_) => Ok((Progress::default(), Some(put_aside(&path)?))),
        }
    }

    pub fn save(&mut self, state: &Path) -> Result<()> {
        while self.work.len() > REMEMBERED {
            self.work.pop_first();
        }
        make(state)?;
        let text = serde_json::to_vec_pretty(self).expect("progress is plain data");
        write_atomically(&state.join(FILE), &text).map_err(advice)
    }

    pub fn chapter(&mut self, number: u32) -> &mut Chapter {
        self.chapters.entry(number).or_default()
    }

    /// How far this chapter was shown; 0: not at all.
    pub fn shown(&self, number: u32) -> usize {
        self.chapters.get(&number).map_or(0, |c| c.shown)
    }

    pub fn checked(&self, number: u32) -> Option<&Checked> {
        self.chapters.get(&number)?.checked.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_kept_and_a_damaged_file_is_put_aside() {
        let dir = tempfile::tempdir().unwrap();
        let load = || Progress::load(dir.path()).unwrap();
        let (mut progress, _) = load();
        progress.chapter(2).shown = 7;
        progress.save(dir.path()).unwrap();
        assert_eq!(load(), (progress.clone(), None));
        for (damage, name) in
            [("{", "guide.json.damaged"), ("", "guide.json.damaged-2"), ("[1]", "guide.json.damaged-3")]
        {
            std::fs::write(dir.path().join(FILE), damage).unwrap();
            let aside = dir.path().join(name);
            assert_eq!(load(), (Progress::default(), Some(aside.clone())));
            progress.save(dir.path()).unwrap();
            assert_eq!(std::fs::read_to_string(aside).unwrap(), damage);
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_taken_for_nothing() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join(FILE)).unwrap();
        let error = Progress::load(dir.path()).unwrap_err();
        assert!(error.doing.contains("read your progress") && !error.try_this.is_empty(), "{error}");
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error_with_a_remedy() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        let error = Progress::default().save(&file.join("isolab")).unwrap_err();
        assert!(error.try_this.contains("XDG_STATE_HOME"), "{error}");
    }
}
