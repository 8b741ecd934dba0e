use std::path::Path;

use super::*;
use crate::results::chain::chain;
use crate::results::example;
use crate::results::schema::Columns;

/// A run of these cells of `boot`, and of a twin, saved as `dir/name`; `change` has the last word.
pub(in crate::guide) fn saved_as(
    dir: &Path,
    name: &str,
    started: &str,
    cells: &[&str],
    blocks: u32,
    change: impl FnOnce(&mut Run),
) {
    let arms: Vec<&str> = cells.iter().filter_map(|cell| Some(cell.split_once('/')?.1)).chain(["process#2"]).collect();
    let arms: Vec<example::ExampleArm> = arms.into_iter().map(|arm| (arm, arm, None)).collect();
    let mut run = example::run(&arms, &[("boot", "create_to_ready", "ns", "lower")], blocks, |arm, _, block| {
        Some(200_000.0 * example::noise(arm, block))
    });
    run.header.id = name.replace(['/', '.'], "-").into();
    run.header.started = started.into();
    change(&mut run);
    chain(&run.header, &mut run.cells);
    let path = dir.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, serde_json::to_vec(&run).unwrap()).unwrap();
}

pub(in crate::guide) fn saved(dir: &Path, name: &str, started: &str, cells: &[&str]) {
    saved_as(dir, name, started, cells, 8, |_| {});
}

const ALL: [&str; 3] = ["boot/process", "boot/container", "boot/vm-bare"];

fn needs(cells: &[&str], blocks: usize) -> Needs {
    Needs { cells: cells.iter().map(|c| (*c).to_owned()).collect(), blocks, ..Needs::default() }
}

/// Names of what is chosen, and of each that is passed over why, in English.
fn looked(dir: &Path, needs: &Needs, log: &Log, prediction: Option<&Entry>) -> (Vec<String>, Vec<String>) {
    let own = Own::near(dir);
    let choice = Choice::new(&own, needs, log, prediction);
    let chosen = choice.newest();
    let name = |path: &PathBuf| path.strip_prefix(dir).unwrap().display().to_string();
    let over = choice
        .passed_over(&chosen)
        .into_iter()
        .map(|p| format!("{}: {} {}", p.file, p.why, p.fix).trim_end().to_owned());
    (chosen.iter().map(name).collect(), over.collect())
}

#[test]
fn the_file_that_holds_most_is_taken_and_the_newest_of_equals() {
    let dir = tempfile::tempdir().unwrap();
    saved(dir.path(), "old.json", "2026-01-01T00:00:00Z", &ALL);
    saved(dir.path(), "results/b/run.json", "2026-01-02T00:00:00Z", &ALL);
    saved(dir.path(), "part.json", "2026-01-03T00:00:00Z", &ALL[1..]);
    std::fs::write(dir.path().join("foreign.json"), "{\"name\": 1}").unwrap();
    std::fs::write(dir.path().join("cut.json"), "{\"schema\": 1, \"header\": {\"id").unwrap();
    let look = |cells: &[&str]| looked(dir.path(), &needs(cells, 0), &Log::default(), None);
    assert_eq!(look(&ALL), (vec!["results/b/run.json".into()], vec!["part.json: it lacks boot/process".into()]));
    assert_eq!(look(&ALL[1..]).0, ["part.json"]);
    let (none, over) = look(&["cpu/process"]);
    assert!(none.is_empty() && over.len() == 1, "{over:?}");
    assert!(over[0].starts_with("part.json, results/b/run.json, old.json: nothing in it"), "{over:?}");
}

/// Each of these is newer than a whole one, and satisfies less.
#[test]
fn a_newer_file_that_satisfies_less_is_passed_over_and_the_reason_is_told() {
    type Change = fn(&mut Run);
    let leave: Change = |_| {};
    let cases: [(&str, u32, Change, &str); 6] = [
        ("few", 3, leave, "has 3 blocks, too few for an interval"),
        ("short", 12, leave, "12 blocks, and this chapter needs 24"),
        ("interrupted", 30, |run| run.ended = "interrupted".into(), "interrupted before its end"),
        ("recovered", 30, |run| run.ended = "recovered".into(), "was recovered"),
        ("edited", 30, |run| run.summaries[0].interval.median *= 2.0, "it was changed by hand"),
        ("own", 30, |run| run.header.plan.command = Some(vec!["ls".into()]), "a command of your own"),
    ];
    for (name, blocks, change, why) in cases {
        let dir = tempfile::tempdir().unwrap();
        saved_as(dir.path(), "whole.json", "2026-01-01", &ALL, 30, |_| {});
        saved_as(dir.path(), "newer.json", "2026-01-02", &ALL, blocks, change);
        let (chosen, over) = looked(dir.path(), &needs(&ALL, 24), &Log::default(), None);
        assert_eq!(chosen, ["whole.json"], "{name}: {over:?}");
        assert!(over.len() == 1 && over[0].starts_with("newer.json: ") && over[0].contains(why), "{name}: {over:?}");
        std::fs::remove_file(dir.path().join("whole.json")).unwrap();
        let (chosen, _) = looked(dir.path(), &needs(&ALL, 24), &Log::default(), None);
        assert_eq!(chosen.len(), usize::from(name != "own"), "{name}: better than none");
    }
}

#[test]
fn what_was_skipped_is_taken_from_the_file_that_has_it() {
    let dir = tempfile::tempdir().unwrap();
    saved(dir.path(), "whole.json", "2026-01-01", &ALL);
    saved_as(dir.path(), "newer.json", "2026-01-02", &ALL, 8, |run| {
        let cell = run.cells.iter_mut().find(|c| c.arm == "vm-bare").unwrap();
        (cell.status, cell.reason, cell.columns) = (Status::Skipped, "no /dev/kvm".into(), Columns::default());
        run.summaries.retain(|s| s.cell != "boot/vm-bare");
    });
    let (chosen, over) = looked(dir.path(), &needs(&ALL, 0), &Log::default(), None);
    assert_eq!((chosen.len(), chosen[0].as_str()), (1, "whole.json"), "{over:?}");
}

#[test]
fn an_interrupted_run_is_better_than_none() {
    let dir = tempfile::tempdir().unwrap();
    saved(dir.path(), "whole.json", "2026-01-01", &ALL[..1]);
    saved_as(dir.path(), "newer.json", "2026-01-02", &ALL[..2], 8, |run| run.ended = "interrupted".into());
    let (chosen, _) = looked(dir.path(), &needs(&ALL[..2], 0), &Log::default(), None);
    assert_eq!(chosen, ["whole.json", "newer.json"]);
}

#[test]
fn a_run_that_knows_the_prediction_comes_before_a_newer_one_that_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    let entry = Log::store(&state, 2, [("a".to_owned(), "1".to_owned())].into()).unwrap();
    let log = Log::load(&state).unwrap();
    let knows = Some(entry.sha256.clone());
    for (name, started, head) in [
        ("knows.json", "2026-01-01", knows),
        ("newer.json", "2026-01-02", None),
        ("foreign.json", "2026-01-03", Some("00".to_owned())),
    ] {
        saved_as(dir.path(), name, started, &ALL[..1], 8, |run| run.header.prediction_sha256 = head);
    }
    let needs = needs(&ALL[..1], 0);
    let (chosen, over) = looked(dir.path(), &needs, &log, Some(&entry));
    assert_eq!(chosen, ["knows.json"]);
    assert!(over[0].contains("another machine or user") && over[1].contains("before the prediction"), "{over:?}");
    let own = Own::near(dir.path());
    let younger = Choice::new(&own, &needs, &log, Some(&entry)).younger();
    assert_eq!(younger, [dir.path().join("knows.json")], "a card may quote these");
}

#[test]
fn a_pipe_and_a_device_are_told_and_nothing_waits_for_them() {
    let dir = tempfile::tempdir().unwrap();
    saved(dir.path(), "whole.json", "2026-01-01", &ALL);
    nix::unistd::mkfifo(&dir.path().join("pipe.json"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    std::fs::create_dir_all(dir.path().join("results/zero")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", dir.path().join("results/zero/run.json")).unwrap();
    std::fs::create_dir_all(dir.path().join("results/cut")).unwrap();
    std::fs::write(dir.path().join("results/cut/run.json"), "{\"schema\": 1, \"header\": {\"id").unwrap();
    let (chosen, over) = looked(dir.path(), &needs(&ALL, 0), &Log::default(), None);
    assert_eq!(chosen, ["whole.json"]);
    for (file, why) in
        [("pipe.json", "a pipe"), ("results/zero/run.json", "a device"), ("results/cut/run.json", "damaged")]
    {
        assert!(over.iter().any(|o| o.starts_with(file) && o.contains(why)), "{file}: {over:?}");
    }
}

#[test]
fn a_newer_run_that_was_killed_is_told_with_the_way_to_recover_it() {
    let dir = tempfile::tempdir().unwrap();
    saved(dir.path(), "results/a/run.json", "2026-01-01", &ALL);
    std::fs::write(dir.path().join("results/a/samples.jsonl"), "{}").unwrap();
    for (name, started) in [("older", "2025-12-31"), ("newer", "2026-01-02")] {
        saved(dir.path(), &format!("results/{name}/run.json"), started, &ALL);
        let run = crate::results::read::load(&dir.path().join("results").join(name)).unwrap();
        let line = serde_json::json!({ "schema": 1, "header": run.header });
        std::fs::write(dir.path().join(format!("results/{name}/samples.jsonl")), format!("{line}\n")).unwrap();
        std::fs::remove_file(dir.path().join(format!("results/{name}/run.json"))).unwrap();
    }
    let (chosen, over) = looked(dir.path(), &needs(&ALL, 0), &Log::default(), None);
    assert_eq!((chosen.as_slice(), over.len()), (&["results/a/run.json".to_owned()][..], 1), "{over:?}");
    assert!(
        over[0].starts_with("results/newer/samples.jsonl: ") && over[0].ends_with(" recover results/newer"),
        "{over:?}"
    );
    std::fs::remove_dir_all(dir.path().join("results/a")).unwrap();
    let (none, over) = looked(dir.path(), &needs(&ALL, 0), &Log::default(), None);
    assert!(none.is_empty() && over.len() == 2, "it is no results file: {over:?}");
}

#[test]
fn many_reasons_are_told_in_few_lines() {
    let dir = tempfile::tempdir().unwrap();
    saved(dir.path(), "whole.json", "2026-01-01", &ALL);
    (0..TOLD + 6).for_each(|n| saved_as(dir.path(), &format!("few{n:02}.json"), "2026-01-02", &ALL, 3, |_| {}));
    let (chosen, over) = looked(dir.path(), &needs(&ALL, 0), &Log::default(), None);
    assert_eq!((chosen.as_slice(), over.len()), (&["whole.json".to_owned()][..], TOLD + 1), "{over:?}");
    assert!(over[TOLD].starts_with("few05.json, few06.json, few07.json, … (+3): they too"), "{over:?}");
}

/// The relation that needs most blocks, and the data that choose the file for it, agree.
#[test]
fn chapter_0_asks_for_the_blocks_that_its_relation_compares() {
    use crate::guide::tolerances::{FEW_BLOCKS, MORE_BLOCKS};
    let data = crate::guide::content::Content::embedded().data(0).unwrap();
    assert_eq!(data.needs.blocks, FEW_BLOCKS * MORE_BLOCKS);
}
