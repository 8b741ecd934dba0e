//! Predictions: written once, then locked. `predictions.jsonl` in isolab's state folder is a hash chain that only grows; a
//! run's header carries its head, so that a prediction can be shown to be older than the run.
//!
//! ```text
//! entry 1 ──sha256──▶ entry 2 ──sha256──▶ entry 3      head = the last one's hash
//!                        ▲ named by run A      ▲ named by run B: knows entries 1, 2 and 3
//! ```

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};

use super::state;
use crate::error::{Context, Error, Kind, Result};
use crate::results::hash::sha256;
use crate::results::read::read_file;
use crate::results::store::write_locked;
use crate::said;
use crate::shell::quoted_path;

pub const FILE: &str = "predictions.jsonl";

/// Nothing stands before the first entry.
const NOTHING_BEFORE: &str = "";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub chapter: u32,
    /// By question, as they were typed: "7.2", "process,container".
    pub answers: BTreeMap<String, String>,
    /// UTC, RFC 3339.
    pub at: String,
    /// Hash of the entry before.
    pub previous: String,
    /// Over all of the above.
    pub sha256: String,
}

impl Entry {
    fn hash(&self) -> String {
        let said = serde_json::to_vec(&(self.chapter, &self.answers, &self.at)).expect("an entry is plain data");
        sha256(&[self.previous.as_bytes(), &said])
    }

    /// "2026-11-21 15:04 UTC".
    pub fn when(&self) -> String {
        let minute = self.at.get(..16).unwrap_or(&self.at).replace('T', " ");
        format!("{minute} UTC")
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Log {
    pub entries: Vec<Entry>,
    /// The first line that does not follow from the ones before it: someone changed the file.
    pub broken_at: Option<usize>,
}

/// How a run stands to the prediction of a chapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The prediction was stored when the run began.
    Before,
    /// It was stored later.
    After,
    /// The run names a head that this log does not have.
    Unknown,
}

impl Log {
    /// The log in this state folder; empty when nothing was predicted yet.
    pub fn load(state: &Path) -> Result<Log> {
        let path = state.join(FILE);
        if path.symlink_metadata().is_err_and(|none| none.kind() == std::io::ErrorKind::NotFound) {
            return Ok(Log::default());
        }
        let text = read_file(&path).map_err(|e| Error {
            doing: said!("read the predictions in {path}", "{path}의 예측을 읽을 수 없습니다", path = path.display()),
            ..e
        })?;
        Ok(Log::parse(&String::from_utf8_lossy(&text)))
    }

    fn parse(text: &str) -> Log {
        let mut log = Log::default();
        for (number, line) in text.lines().enumerate() {
            match serde_json::from_str::<Entry>(line) {
                Ok(entry) if entry.previous == log.head_or_nothing() && entry.hash() == entry.sha256 => {
                    log.entries.push(entry);
                }
                _ => {
                    log.broken_at = Some(number + 1);
                    break;
                }
            }
        }
        log
    }

    /// Of this chapter: there is at most one.
    pub fn of(&self, chapter: u32) -> Option<&Entry> {
        self.entries.iter().find(|e| e.chapter == chapter)
    }

    /// What a run's header carries; None: nothing was predicted.
    pub fn head(&self) -> Option<&str> {
        self.entries.last().map(|e| e.sha256.as_str())
    }

    fn head_or_nothing(&self) -> &str {
        self.head().unwrap_or(NOTHING_BEFORE)
    }

    /// Was `entry` stored when a run with this head began?
    pub fn order(&self, entry: &Entry, head: Option<&str>) -> Order {
        let place = |hash: &str| self.entries.iter().position(|e| e.sha256 == hash);
        match (place(&entry.sha256), head.map(place)) {
            (Some(mine), Some(Some(head))) if mine <= head => Order::Before,
            (Some(_), None | Some(Some(_))) => Order::After, // None: at that time nothing was predicted at all
            _ => Order::Unknown,
        }
    }

    /// Stores and locks. Two at once take turns.
    ///
    /// # Errors
    /// `Usage` when the chapter has one already, or when the file was changed by hand; else why it could not be saved.
    pub fn store(state: &Path, chapter: u32, answers: BTreeMap<String, String>) -> Result<Entry> {
        let path = state.join(FILE);
        state::make(state)?;
        let folder = File::open(state)
            .doing(|| said!("open {state}", "{state}을(를) 열 수 없습니다", state = state.display()))?;
        let _turn = Flock::lock(folder, FlockArg::LockExclusive).map_err(|(_, cause)| {
            Error::new(said!("lock {state}", "{state}을(를) 잠글 수 없습니다", state = state.display()), cause)
        })?;
        let mut log = Log::load(state)?;
        log.unbroken(&path)?;
        if let Some(stored) = log.of(chapter) {
            return Err(Error::usage(
                said!("store a prediction for chapter {chapter}", "{chapter}장의 예측을 저장할 수 없습니다"),
                said!(
                    "it has one, from {when}; a prediction is locked once it is stored",
                    "{when}에 저장한 예측이 있음. 저장한 예측은 바꿀 수 없음",
                    when = stored.when()
                ),
            ));
        }
        let at = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let previous = log.head_or_nothing().to_owned();
        let mut entry = Entry { chapter, answers, at, previous, sha256: String::new() };
        entry.sha256 = entry.hash();
        log.entries.push(entry.clone());
        let lines = log.entries.iter().map(|e| serde_json::to_string(e).expect("an entry is plain data") + "\n");
        write_locked(&path, lines.collect::<String>().as_bytes()).map_err(state::advice)?; // the chain tells all the same
        Ok(entry)
    }

    fn unbroken(&self, path: &Path) -> Result<()> {
        let Some(line) = self.broken_at else { return Ok(()) };
        let aside = state::unused(path, "changed");
        Err(Error::new(
            said!("add a prediction to the log", "기록에 예측을 더할 수 없습니다"),
            said!(
                "line {line} of {path} was changed by hand",
                "{path}의 {line}행이 손으로 고쳐짐",
                path = path.display()
            ),
        )
        .kind(Kind::Usage)
        .try_this(said!(
            "mv {path} {aside}   # and predict again",
            "mv {path} {aside}   # 그리고 다시 예측하십시오",
            path = quoted_path(path),
            aside = quoted_path(&aside)
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn answers(value: &str) -> BTreeMap<String, String> {
        [("factor".to_owned(), value.to_owned())].into()
    }

    #[test]
    fn a_prediction_is_stored_once_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("new/isolab");
        assert_eq!(Log::load(&state).unwrap(), Log::default());
        let first = Log::store(&state, 2, answers("7.2")).unwrap();
        let again = Log::store(&state, 2, answers("8")).unwrap_err();
        assert!(again.kind == Kind::Usage && again.cause.contains("locked"), "{again}");
        Log::store(&state, 6, answers("1")).unwrap();
        let log = Log::load(&state).unwrap();
        assert_eq!((log.entries.len(), log.of(2), log.broken_at), (2, Some(&first), None));
        let names: Vec<_> = std::fs::read_dir(&state).unwrap().flatten().map(|e| e.file_name()).collect();
        assert_eq!(names, [FILE], "no temporary file stays");
    }

    #[test]
    fn a_run_knows_what_was_stored_when_it_began() {
        let dir = tempfile::tempdir().unwrap();
        let two = Log::store(dir.path(), 2, answers("7")).unwrap();
        let head_of_run = Log::load(dir.path()).unwrap().head().unwrap().to_owned();
        let six = Log::store(dir.path(), 6, answers("1")).unwrap();
        let log = Log::load(dir.path()).unwrap();
        assert_eq!(log.order(&two, Some(&head_of_run)), Order::Before);
        assert_eq!(
            log.order(&two, Some(&six.sha256)),
            Order::Before,
            "a later prediction for another chapter does no harm"
        );
        assert_eq!(log.order(&six, Some(&head_of_run)), Order::After);
        assert_eq!(log.order(&two, None), Order::After);
        assert_eq!(log.order(&two, Some("00")), Order::Unknown);
    }

    #[test]
    fn a_changed_log_is_noticed_and_not_built_upon() {
        let dir = tempfile::tempdir().unwrap();
        Log::store(dir.path(), 2, answers("7")).unwrap();
        Log::store(dir.path(), 6, answers("1")).unwrap();
        let path = dir.path().join(FILE);
        let text = std::fs::read_to_string(&path).unwrap();
        let without_first: String = text.lines().skip(1).map(|l| format!("{l}\n")).collect();
        for (changed, line) in
            [(text.replacen("\"7\"", "\"9\"", 1), 1), (without_first, 1), (format!("{text}{{}}\n"), 3)]
        {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
            std::fs::write(&path, changed).unwrap();
            assert_eq!(Log::load(dir.path()).unwrap().broken_at, Some(line));
            let error = Log::store(dir.path(), 7, answers("2")).unwrap_err();
            assert!(error.cause.contains("changed by hand") && error.try_this.contains("mv "), "{error}");
        }
    }

    #[test]
    fn two_at_once_both_get_in() {
        let dir = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for chapter in 0..8 {
                let state = dir.path();
                scope.spawn(move || Log::store(state, chapter, answers("1")).unwrap());
            }
        });
        let log = Log::load(dir.path()).unwrap();
        assert_eq!((log.entries.len(), log.broken_at), (8, None));
    }
}
