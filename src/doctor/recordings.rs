//! Reads `tests/machines/*.txt`, and holds doctor to what stands in them. The form: `tests/machines/README.md`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::machine::{Refusal, Tried};
use super::*;

struct Recording {
    name: String,
    root: tempfile::TempDir,
    said: Vec<String>,
}

impl Recording {
    fn read(path: &Path) -> Recording {
        let text = fs::read_to_string(path).unwrap();
        let root = tempfile::tempdir().unwrap();
        let mut parts = text.split("\n--- ");
        let said = parts.next().unwrap().lines().filter(|l| !l.starts_with('#')).map(str::to_owned).collect();
        parts.for_each(|part| put(root.path(), part));
        Recording { name: path.file_stem().unwrap().to_str().unwrap().into(), root, said }
    }

    /// What follows `key` on every line that begins with it.
    fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.said.iter().filter_map(move |line| line.strip_prefix(key))
    }

    fn machine(&self) -> Machine<'_> {
        let refusal = |key| {
            let (reason, fix) = self.all(key).next()?.split_once(" | ").unwrap();
            Some(Refusal { reason: reason.into(), fix: fix.into() })
        };
        let writable: Vec<PathBuf> = self.all("may write /").map(|p| self.root.path().join(p)).collect();
        let variable = |pair: &str| pair.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned())).unwrap();
        Machine {
            uid: self.all("uid: ").next().unwrap().parse().unwrap(),
            here: self.all("here: ").next().unwrap().into(),
            cpuid: self.all("cpuid: ").next().map(str::to_owned),
            variables: self.all("var ").map(variable).collect(),
            may_write: Box::new(move |path| writable.iter().any(|w| w == path)),
            tried: Tried {
                kvm: refusal("kvm: "),
                user_namespace: refusal("user namespace: "),
                environments: Vec::new(),
            },
            ..Machine::below(self.root.path())
        }
    }
}

/// Names, numbers and commands are the same in both languages; sentences are not.
#[test]
fn every_row_of_every_machine_has_its_korean() {
    let is_sentence = |text: &str| text.split(' ').filter(|w| w.chars().all(|c| c.is_ascii_lowercase())).count() > 2;
    let mut missing = BTreeSet::new();
    for path in fs::read_dir("tests/machines").unwrap().map(|entry| entry.unwrap().path()) {
        if path.extension().is_none_or(|end| end != "txt") {
            continue;
        }
        let recording = Recording::read(&path);
        let report = report(&recording.machine());
        let rows = report.groups.iter().flat_map(|group| &group.rows);
        let of_rows = rows.flat_map(|row| row.remedy.iter().chain([&row.seen, &row.what]));
        let of_others = report.software.iter().flat_map(|found| [&found.seen, &found.sentence]);
        let of_level = report.with_root.iter().chain([&report.level_means]);
        for text in of_rows
            .chain(of_others)
            .chain(of_level)
            .filter(|t| !t.starts_with("$ ") && !t.starts_with("Delegate=") && is_sentence(t))
        {
            let from_outside = recording.said.iter().any(|line| line.contains(&**text)); // what a machine answered
            let hangul = text.korean().is_some_and(|ko| ko.chars().any(|c| ('가'..='힣').contains(&c)));
            if !hangul && !from_outside {
                missing.insert(text.to_string());
            }
            assert!(!text.korean().is_some_and(|ko| ko.contains("(가)") || ko.contains("(를)")), "{text:?}");
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// "/proc/x\ntext", "/proc/x -> target" or "/sys/module/x/".
fn put(root: &Path, part: &str) {
    let (head, text) = part.split_once('\n').unwrap_or((part, ""));
    let (path, target) = head.split_once(" -> ").map_or((head, None), |(path, target)| (path, Some(target)));
    let place = root.join(path.trim_start_matches('/'));
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    match target {
        Some(target) => std::os::unix::fs::symlink(target, place).unwrap(),
        None if path.ends_with('/') => fs::create_dir_all(place).unwrap(),
        None => fs::write(place, text).unwrap(),
    }
}

fn recordings() -> Vec<Recording> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/machines");
    let files =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "txt"));
    files.map(|path| Recording::read(&path)).collect()
}

#[test]
fn every_machine_is_told_as_expected_and_every_other_row_is_ok() {
    let recordings = recordings();
    assert!(recordings.len() >= 12);
    for recording in &recordings {
        let name = &recording.name;
        let report = report(&recording.machine());
        let rows: Vec<&Row> = report.groups.iter().flat_map(|g| &g.rows).collect();
        let mut named = BTreeSet::new();
        for expected in recording.all("expect ") {
            let (what, text) = expected.split_once(": ").unwrap_or_else(|| panic!("{name}: {expected}"));
            match what.split_once(' ').unwrap_or((what, "")) {
                ("level", _) => assert_eq!(report.level, text, "{name}"),
                ("software", _) => {
                    let ids: Vec<&str> = report.software.iter().map(|f| f.id).collect();
                    assert_eq!(if ids.is_empty() { "none".into() } else { ids.join(" ") }, text, "{name}");
                }
                ("with", "root") => {
                    assert!(Said::joined(&report.with_root, "\n").contains(text), "{name}: {:?}", report.with_root);
                }
                ("sentence", id) => {
                    let found = report.software.iter().find(|f| f.id == id).unwrap();
                    assert!(found.sentence.contains(text), "{name}: {found:?}");
                }
                (id, state) => {
                    let row = rows.iter().find(|row| row.id == id).unwrap_or_else(|| panic!("{name}: no row {id}"));
                    let told = format!("{}\n{}", row.seen, Said::joined(&row.remedy, "\n"));
                    assert!(row.state.name() == state && told.contains(text), "{name}: {expected}\n{row:#?}");
                    named.insert(id);
                }
            }
        }
        let others: Vec<_> =
            rows.iter().filter(|row| row.state != State::Ok && !named.contains(row.id.as_str())).collect();
        assert!(others.is_empty(), "{name}: not expected: {others:#?}");
        assert!(report.root == report.with_root.is_empty(), "{name}: only who is not root can gain by it");
    }
}

/// What is limited or missing, and can be helped, has a remedy; commands fit on a line.
#[test]
fn a_missing_row_has_a_remedy() {
    for recording in recordings() {
        for row in report(&recording.machine()).groups.iter().flat_map(|g| &g.rows) {
            let name = &recording.name;
            let helpless = ["backend"]; // its remedy stands in the row above it
            assert!(
                row.state != State::Missing || !row.remedy.is_empty() || helpless.contains(&row.id.as_str()),
                "{name}: {row:?}"
            );
            let longest = row.remedy.iter().map(|line| line.chars().count()).max().unwrap_or(0);
            assert!(longest <= 100, "{name}: {row:?}");
            assert!(!row.seen.is_empty() && !row.seen.ends_with('.'), "{name}: {row:?}");
        }
    }
}

#[test]
fn ids_of_rows_stand_once() {
    let root = tempfile::tempdir().unwrap();
    let report = report(&Machine::below(root.path()));
    let ids: Vec<&str> = report.groups.iter().flat_map(|g| &g.rows).map(|row| row.id.as_str()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
}

/// A machine that tells nothing at all: every row still says something, and nothing panics.
#[test]
fn a_machine_without_proc_and_sys_is_told_too() {
    let root = tempfile::tempdir().unwrap();
    let refused = || Some(Refusal { reason: "could not try it".into(), fix: "nothing".into() });
    let tried = Tried { kvm: refused(), user_namespace: refused(), ..Tried::default() };
    let report = report(&Machine { tried, uid: 1000, ..Machine::below(root.path()) });
    assert_eq!((report.level.as_str(), report.software.len()), ("L0", 0));
    assert!(report.groups.iter().flat_map(|g| &g.rows).all(|row| !row.seen.is_empty()));
}

#[test]
fn the_levels_and_what_they_allow() {
    use level::{Containers, Machines};
    let level = |containers, machines| Level { containers, machines };
    assert_eq!(level(Containers::L0, Machines::None).name(), "L0");
    assert_eq!(level(Containers::L1, Machines::L3).name(), "L1 + L3");
    let data = |l| level::chapters(l).into_iter().map(|c| c.data).collect::<Vec<_>>();
    assert!(data(level(Containers::L2, Machines::L3s)).iter().all(|d| *d == "your own data"));
    let none = data(level(Containers::L0, Machines::None));
    assert_eq!(none[0], "your own data", "chapter 0 needs nothing");
    assert!(none[1..].iter().all(|d| *d == "your own data of processes"));
    assert!(data(level(Containers::L1, Machines::None))[1..].iter().all(|d| d.ends_with("no bare VM")));
    assert!(data(level(Containers::L0, Machines::L3))[1..].iter().all(|d| d.ends_with("no containers")));
}
