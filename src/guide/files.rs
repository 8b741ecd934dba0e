//! Which results files a chapter's checks read: those that are named, else those of the last full pass, else the newest that
//! hold what the chapter needs, else (asked for) a reference machine's. A card may quote other own runs too.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::chapters::Needs;
use super::predictions::{Entry, Log, Order};
use crate::error::{Context, Result};
use crate::results::files::RUN;
use crate::results::hash::sha256_of_file;
use crate::results::read;
use crate::results::schema::{Header, Run, SCHEMA};

/// A results file in use.
pub struct Results {
    /// As it is told: the path, from the current folder where it is below it.
    pub name: String,
    pub sha256: String,
    pub run: Run,
}

impl Results {
    /// # Errors
    /// As [`read::load`]: truncated, foreign and newer files each have their own answer.
    pub fn load(path: &Path, name: String) -> Result<Results> {
        let run = read::load(path)?;
        let file = if path.is_dir() { path.join(RUN) } else { path.to_owned() };
        let sha256 = sha256_of_file(&file).doing(|| format!("read {}", file.display()))?;
        Ok(Results { name, sha256, run })
    }
}

/// Does this cell count as the one that is needed? A container of who is not root is the rootless one. A need without a
/// case is held by any case; "memory/vm-bare{configured}" by each that has such a key.
pub fn holds(need: &str, cell: &str) -> bool {
    let (need, key) = match need.split_once('{') {
        Some((name, key)) if !key.contains('=') => (name, Some(key.trim_end_matches('}'))),
        _ => (need, None),
    };
    let rootless = need.replacen("/container", "/container-rootless", 1);
    [need, &rootless].iter().any(|need| match (cell.strip_prefix(need), key) {
        (Some(case), Some(key)) => case.contains(&format!("{key}=")),
        (Some(case), None) => case.is_empty() || (case.starts_with('{') && !need.contains('{')),
        (None, _) => false,
    })
}

/// A results file that gave full marks: it stays evidence, whatever is measured later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    pub run: String,
    pub sha256: String,
}

impl Kept {
    pub fn of(results: &Results) -> Kept {
        Kept { run: results.run.header.id.clone(), sha256: results.sha256.clone() }
    }
}

/// The reader's own runs below a folder (its `results/*/run.json` and `*.json`), the newest first; of each the header only.
pub struct Own {
    found: Vec<Found>,
}

impl Own {
    pub fn near(dir: &Path) -> Own {
        let mut found: Vec<Found> =
            candidates(dir).into_iter().filter_map(|path| peek(&path)).filter(Found::is_usable).collect();
        let mut seen = BTreeSet::new();
        found.retain(|f| seen.insert(f.header.id.clone())); // of two copies of one run, the one that was named
        found.sort_by(|a, b| b.header.started.cmp(&a.header.started));
        Own { found }
    }

    /// The newest files that together hold the needed cells. Those that know the prediction come first, and of them those
    /// that were measured to their end; one file that holds more comes before one that holds less.
    pub fn newest(&self, needs: &Needs, log: &Log, prediction: Option<&Entry>) -> Vec<PathBuf> {
        let knows = |f: &&Found| f.knows(log, prediction);
        let all = |knowing: bool, whole: bool| -> Vec<&Found> {
            self.found.iter().filter(|f| knows(f) == knowing && f.interrupted != whole).collect()
        };
        let ranks = [all(true, true), all(true, false), all(false, true), all(false, false)];
        let mut chosen = Vec::new();
        for order in needs.orders() {
            let mut missing: Vec<&String> = needs.cells.iter().collect();
            for files in &ranks {
                cover(files.iter().filter(|f| f.header.plan.order == order), &mut missing, &mut chosen);
            }
        }
        chosen
    }

    /// The files of an earlier pass; None: one of them is gone, or is no longer what it was.
    pub fn kept(&self, files: &[Kept]) -> Option<Vec<PathBuf>> {
        let find = |kept: &Kept| {
            let found = self.found.iter().find(|f| f.header.id == kept.run)?;
            (sha256_of_file(&found.path).ok()? == kept.sha256).then(|| found.path.clone())
        };
        files.iter().map(find).collect()
    }

    /// Every run that knows the prediction and holds something that the chapter needs.
    pub fn younger(&self, needs: &Needs, log: &Log, prediction: Option<&Entry>) -> Vec<PathBuf> {
        let useful = |f: &&Found| f.knows(log, prediction) && needs.cells.iter().any(|need| f.holds(need));
        self.found.iter().filter(useful).map(|f| f.path.clone()).collect()
    }
}

/// Takes the file that holds most of what is missing, the newest of equals, until none holds any.
fn cover<'a>(files: impl Iterator<Item = &'a &'a Found>, missing: &mut Vec<&String>, chosen: &mut Vec<PathBuf>) {
    let mut left: Vec<&&Found> = files.collect();
    loop {
        let count = |f: &Found| missing.iter().filter(|need| f.holds(need)).count();
        let Some(most) = left.iter().map(|f| count(f)).max().filter(|most| *most > 0) else { return };
        let Some(place) = left.iter().position(|f| count(f) == most) else { return };
        let best = left.remove(place);
        missing.retain(|need| !best.holds(need));
        chosen.push(best.path.clone());
    }
}

/// `*.json` of the folder first: of two copies of one run the reader knows the one that he named.
fn candidates(dir: &Path) -> Vec<PathBuf> {
    let entries = |dir: &Path| -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> =
            std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        paths.sort();
        paths
    };
    let named = entries(dir).into_iter().filter(|p| p.extension().is_some_and(|e| e == "json") && p.is_file());
    let runs = entries(&dir.join("results")).into_iter().filter(|p| p.file_name().is_some_and(|n| n != "latest"));
    named.chain(runs.map(|run| run.join(RUN)).filter(|p| p.is_file())).collect()
}

struct Found {
    path: PathBuf,
    header: Header,
    /// It was ended before its time: what it planned it may not hold.
    interrupted: bool,
}

impl Found {
    fn holds(&self, need: &str) -> bool {
        self.header.plan.cells.iter().any(|cell| holds(need, cell))
    }

    /// It began when this prediction was stored.
    fn knows(&self, log: &Log, prediction: Option<&Entry>) -> bool {
        let head = self.header.prediction_sha256.as_deref();
        prediction.is_some_and(|entry| log.order(entry, head) == Order::Before)
    }

    /// A reader's own command is not the program that the chapters speak of.
    fn is_usable(&self) -> bool {
        self.header.plan.command.is_none()
    }
}

/// The header of a results file, without the megabytes behind it; None: it is no results file that we can read.
fn peek(path: &Path) -> Option<Found> {
    let mut file = std::fs::File::open(path).ok()?;
    let interrupted = ends_interrupted(&mut file).ok()?;
    let header = RefCell::new(None);
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(1 << 15, file));
    // It stops at the header by an error of its own: what was read by then is what we want.
    let _ = serde::Deserializer::deserialize_map(&mut json, HeaderOnly(&header));
    Some(Found { path: path.to_owned(), header: header.into_inner()?, interrupted })
}

/// What stands behind the megabytes: how the run ended. Leaves the file at its start.
fn ends_interrupted(file: &mut std::fs::File) -> std::io::Result<bool> {
    const TAIL: u64 = 512;
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.by_ref().take(TAIL).read_to_end(&mut tail)?;
    file.rewind()?;
    let tail = String::from_utf8_lossy(&tail).split_whitespace().collect::<String>();
    Ok(tail.contains(r#""ended":""#) && !tail.contains(r#""ended":"complete""#)) // interrupted, or recovered after a kill
}

struct HeaderOnly<'a>(&'a RefCell<Option<Header>>);

impl<'de> Visitor<'de> for HeaderOnly<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("a results file")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Schema if map.next_value::<u32>()? > SCHEMA => return Err(A::Error::custom("newer")),
                Key::Schema => {}
                Key::Header => {
                    *self.0.borrow_mut() = Some(map.next_value()?);
                    return Err(A::Error::custom("enough"));
                }
                Key::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Key {
    Schema,
    Header,
    #[serde(other)]
    Other,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::example;

    #[test]
    fn a_need_is_held_by_the_rootless_twin_and_by_any_case() {
        assert!(holds("boot/container", "boot/container") && holds("boot/container", "boot/container-rootless"));
        assert!(holds("boot/container:-net", "boot/container-rootless:-net"));
        assert!(holds("memory/vm-bare", "memory/vm-bare{configured=1G}"));
        assert!(!holds("boot/process", "boot/process#2") && !holds("boot/container", "boot/container:-net"));
        assert!(!holds("memory/vm-bare{n=1}", "memory/vm-bare{n=1,4}"));
        assert!(holds("memory/vm-bare{configured}", "memory/vm-bare{configured=1G,touch=0}"));
        assert!(!holds("memory/vm-bare{configured}", "memory/vm-bare{n=1,4}"));
    }

    /// A run of these cells, saved as `dir/name`.
    fn saved(dir: &Path, name: &str, started: &str, cells: &[&str]) {
        let mut run = example::boot(6);
        run.header.id = name.replace(['/', '.'], "-");
        run.header.started = started.into();
        run.header.plan.cells = cells.iter().map(|c| (*c).to_owned()).collect();
        let path = dir.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, serde_json::to_vec(&run).unwrap()).unwrap();
    }

    #[test]
    fn the_file_that_holds_most_is_taken_and_the_newest_of_equals() {
        let dir = tempfile::tempdir().unwrap();
        let all = ["boot/process", "boot/container", "boot/vm-bare"];
        saved(dir.path(), "old.json", "2026-01-01T00:00:00Z", &all);
        saved(dir.path(), "results/b/run.json", "2026-01-02T00:00:00Z", &all);
        saved(dir.path(), "part.json", "2026-01-03T00:00:00Z", &all[1..]);
        std::fs::write(dir.path().join("foreign.json"), "{\"name\": 1}").unwrap();
        std::fs::write(dir.path().join("cut.json"), "{\"schema\": 1, \"header\": {\"id").unwrap();
        let needs =
            |cells: &[&str]| Needs { cells: cells.iter().map(|c| (*c).to_owned()).collect(), ..Needs::default() };
        let chosen = |cells: &[&str]| Own::near(dir.path()).newest(&needs(cells), &Log::default(), None);
        assert_eq!(chosen(&all), [dir.path().join("results/b/run.json")]);
        assert_eq!(chosen(&all[1..]), [dir.path().join("part.json")]);
        assert!(chosen(&["cpu/process"]).is_empty());
    }

    #[test]
    fn a_newer_run_that_was_interrupted_comes_after_one_that_was_not() {
        let dir = tempfile::tempdir().unwrap();
        saved(dir.path(), "whole.json", "2026-01-01", &["boot/process"]);
        saved(dir.path(), "newer.json", "2026-01-02", &["boot/process", "boot/container"]);
        let path = dir.path().join("newer.json");
        let mut run = read::load(&path).unwrap();
        let chosen = |cells: &[&str]| {
            let needs = Needs { cells: cells.iter().map(|c| (*c).to_owned()).collect(), ..Needs::default() };
            Own::near(dir.path()).newest(&needs, &Log::default(), None)
        };
        let whole = dir.path().join("whole.json");
        for ended in ["interrupted", "recovered"] {
            run.ended = ended.into();
            std::fs::write(&path, serde_json::to_vec_pretty(&run).unwrap()).unwrap();
            assert_eq!(chosen(&["boot/process"]), std::slice::from_ref(&whole), "{ended}");
            assert_eq!(chosen(&["boot/process", "boot/container"]), [whole.clone(), path.clone()], "better than none");
        }
    }

    #[test]
    fn a_run_that_knows_the_prediction_comes_before_a_newer_one_that_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let entry = Log::store(&dir.path().join("state"), 2, [("a".to_owned(), "1".to_owned())].into()).unwrap();
        let log = Log::load(&dir.path().join("state")).unwrap();
        for (name, started, head) in
            [("knows.json", "2026-01-01", Some(entry.sha256.clone())), ("newer.json", "2026-01-02", None)]
        {
            saved(dir.path(), name, started, &["boot/process"]);
            let mut run = read::load(&dir.path().join(name)).unwrap();
            run.header.prediction_sha256 = head;
            std::fs::write(dir.path().join(name), serde_json::to_vec(&run).unwrap()).unwrap();
        }
        let needs = Needs { cells: vec!["boot/process".into()], ..Needs::default() };
        let own = Own::near(dir.path());
        assert_eq!(own.newest(&needs, &log, Some(&entry)), [dir.path().join("knows.json")]);
        assert_eq!(own.younger(&needs, &log, Some(&entry)), [dir.path().join("knows.json")], "a card may quote these");
    }

    #[test]
    fn what_gave_full_marks_is_found_again_under_any_name_and_only_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        saved(dir.path(), "boot.json", "2026-01-01", &["boot/process"]);
        let kept = [Kept::of(&Results::load(&dir.path().join("boot.json"), "boot.json".into()).unwrap())];
        saved(dir.path(), "newer.json", "2026-01-02", &["boot/process"]);
        std::fs::rename(dir.path().join("boot.json"), dir.path().join("moved.json")).unwrap();
        assert_eq!(Own::near(dir.path()).kept(&kept), Some(vec![dir.path().join("moved.json")]));
        let text = std::fs::read_to_string(dir.path().join("moved.json")).unwrap();
        std::fs::write(dir.path().join("moved.json"), text + " ").unwrap();
        assert_eq!(Own::near(dir.path()).kept(&kept), None);
    }
}
