//! The reader's own runs: which there are, what each holds, and when it began.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};

use super::predictions::{Entry, Log, Order};
use super::state::Kept;
use crate::error::{Context, Error, Result};
use crate::id::CellId;
use crate::lang::Said;
use crate::results::files::{RUN, SAMPLES, recover_command};
use crate::results::hash::sha256_of_file;
use crate::results::read;
use crate::results::schema::{Header, Run, SCHEMA};
use crate::said;

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
        let sha256 = sha256_of_file(&file)
            .doing(|| said!("read {file}", "{file}을(를) 읽을 수 없습니다", file = file.display()))?;
        Ok(Results { name, sha256, run })
    }
}

/// Does this cell count as the one that is needed? A container of who is not root is the rootless one. A need without a
/// case is held by any case; "memory/vm-bare{configured}" by each that has such a key.
pub fn holds(need: &str, cell: &CellId) -> bool {
    let key = need.split_once('{').map(|(_, case)| case.trim_end_matches('}')).filter(|case| !case.contains('='));
    let need = CellId::from(need);
    let arm = need.arm();
    let is_rootless = || arm.environment() == "container" && cell.arm() == arm.in_environment("container-rootless");
    let fits = match key {
        Some(key) => cell.case().get(key).is_some(),
        None => need.case().is_empty() || need.case() == cell.case(),
    };
    need.experiment() == cell.experiment() && (arm == cell.arm() || is_rootless()) && fits
}

impl Kept {
    pub fn of(results: &Results) -> Kept {
        Kept { run: results.run.header.id.clone(), sha256: results.sha256.clone() }
    }
}

/// The reader's own runs below a folder (its `results/*/run.json` and `*.json`), the newest first; of each the header only.
pub struct Own {
    pub(super) found: Vec<Found>,
    /// What has a run's name and cannot be read.
    pub(super) unreadable: Vec<PassedOver>,
}

/// A file that is not read, or several for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    pub file: String,
    pub why: Said,
    /// The command that helps; empty: there is none.
    pub fix: String,
}

impl PassedOver {
    pub(super) fn new(file: impl Into<String>, why: Said) -> PassedOver {
        PassedOver { file: file.into(), why, fix: String::new() }
    }

    /// The run's results can be made of its raw samples.
    pub(super) fn recoverable(file: &str, why: Said) -> PassedOver {
        let run = Path::new(file).parent().unwrap_or(Path::new("."));
        PassedOver { fix: recover_command(run), ..PassedOver::new(file, why) }
    }
}

impl Own {
    pub fn near(dir: &Path) -> Own {
        let (mut found, mut unreadable, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
        for path in candidates(dir) {
            let name = path.strip_prefix(dir).unwrap_or(&path).display().to_string();
            match peek(&path) {
                // of two copies of one run, the one that was named
                Ok(Some(header)) if seen.insert(header.id.clone()) => found.push(Found { path, name, header }),
                Ok(None) if path.ends_with(RUN) || path.ends_with(SAMPLES) => {
                    let why = Said::fixed("it is damaged", "손상된 파일입니다");
                    let whole = path.ends_with(RUN) && path.with_file_name(SAMPLES).exists();
                    let over =
                        if whole { PassedOver::recoverable } else { |file: &str, why| PassedOver::new(file, why) };
                    unreadable.push(over(&name, why));
                }
                Ok(_) => {}
                Err(Error { cause, .. }) => unreadable.push(PassedOver::new(name, cause)),
            }
        }
        found.sort_by(|a, b| b.header.started.cmp(&a.header.started));
        Own { found, unreadable }
    }

    /// The files of an earlier pass; None: one of them is gone, or is no longer what it was.
    pub fn kept(&self, files: &[Kept]) -> Option<Vec<PathBuf>> {
        let find = |kept: &Kept| {
            let found = self.found.iter().find(|f| f.header.id == kept.run)?;
            (sha256_of_file(&found.path).ok()? == kept.sha256).then(|| found.path.clone())
        };
        files.iter().map(find).collect()
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
    let named = entries(dir).into_iter().filter(|p| p.extension().is_some_and(|e| e == "json"));
    let runs = entries(&dir.join("results")).into_iter().filter(|p| p.file_name().is_some_and(|n| n != "latest"));
    let of_run = |run: PathBuf| [RUN, SAMPLES].map(|name| run.join(name)).into_iter().find(|p| p.exists());
    named.chain(runs.filter_map(of_run)).filter(|p| p.exists() && !p.is_dir()).collect()
}

/// A run of which the header is known.
pub(super) struct Found {
    pub(super) path: PathBuf,
    /// As it is told: from the folder where it was looked for.
    pub(super) name: String,
    pub(super) header: Header,
}

impl Found {
    pub(super) fn holds(&self, need: &str) -> bool {
        self.header.plan.cells.iter().any(|cell| holds(need, cell))
    }

    /// How it stands to this prediction.
    pub(super) fn order(&self, log: &Log, prediction: &Entry) -> Order {
        log.order(prediction, self.header.prediction_sha256.as_deref())
    }

    /// A reader's own command is not the program that the chapters speak of.
    pub(super) fn is_of_the_probe(&self) -> bool {
        self.header.plan.command.is_none()
    }

    /// Else it has its raw samples alone: it goes on, or was killed.
    pub(super) fn is_saved(&self) -> bool {
        !self.path.ends_with(SAMPLES)
    }
}

/// The header of a results file, or of a run's raw samples, without the megabytes behind it; None: it is neither.
fn peek(path: &Path) -> Result<Option<Header>> {
    let (file, _) = read::open_regular(path)?;
    let header = RefCell::new(None);
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(1 << 15, file));
    // It stops at the header by an error of its own: what was read by then is what we want.
    let _ = serde::Deserializer::deserialize_map(&mut json, HeaderOnly(&header));
    Ok(header.into_inner())
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
    use crate::guide::choice::tests::saved;

    #[test]
    fn a_need_is_held_by_the_rootless_twin_and_by_any_case() {
        assert!(
            holds("boot/container", &"boot/container".into())
                && holds("boot/container", &"boot/container-rootless".into())
        );
        assert!(holds("boot/container:-net", &"boot/container-rootless:-net".into()));
        assert!(holds("memory/vm-bare", &"memory/vm-bare{configured=1G}".into()));
        assert!(
            !holds("boot/process", &"boot/process#2".into()) && !holds("boot/container", &"boot/container:-net".into())
        );
        assert!(!holds("memory/vm-bare{n=1}", &"memory/vm-bare{n=1,4}".into()));
        assert!(holds("memory/vm-bare{configured}", &"memory/vm-bare{configured=1G,touch=0}".into()));
        assert!(!holds("memory/vm-bare{configured}", &"memory/vm-bare{n=1,4}".into()));
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
