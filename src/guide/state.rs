//! What the guide keeps for one reader: predictions (locked) and progress (`guide.json`), in isolab's state folder. Under
//! sudo they are the caller's, so that a prediction made without root is known to a bench that needs it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::outcome::Status;
use crate::error::{Context, Error, Result};
use crate::results::store::{give_back, is_callers, write_atomically};

pub const FILE: &str = "guide.json";

/// The folder that belongs to the user who called.
pub fn folder() -> Result<PathBuf> {
    crate::host::callers_state_dir()
}

/// The folder, and those above it that are missing.
pub(super) fn make(state: &Path) -> Result<()> {
    let fresh: Vec<&Path> = state.ancestors().take_while(|dir| !dir.exists()).collect();
    std::fs::create_dir_all(state).doing(|| format!("make the folder {}", state.display())).map_err(advice)?;
    let home = fresh.last().map_or(Some(state), |dir| dir.parent());
    if home.is_some_and(is_callers) {
        fresh.into_iter().for_each(give_back);
    }
    Ok(())
}

/// What helps when the folder is read-only or full.
pub(super) fn advice(error: Error) -> Error {
    error.try_this("export XDG_STATE_HOME=/a/folder/with/room/that/you/may/write")
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
    /// Of this folder; empty when there is none, or when it cannot be read.
    pub fn load(state: &Path) -> Progress {
        let text = std::fs::read(state.join(FILE)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
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
    fn progress_is_kept_and_a_spoiled_file_starts_anew() {
        let dir = tempfile::tempdir().unwrap();
        let mut progress = Progress::load(dir.path());
        progress.chapter(2).shown = 7;
        progress.save(dir.path()).unwrap();
        assert_eq!(Progress::load(dir.path()), progress);
        std::fs::write(dir.path().join(FILE), "{").unwrap();
        assert_eq!(Progress::load(dir.path()), Progress::default());
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
