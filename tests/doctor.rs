//! `isolab doctor`: quick, readable in 80 columns, for scripts too, and nothing stays behind. Drives the built binary.
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use isolab::lang::Lang;

use crate::common::{Answer, World, code};
use serde_json::Value;

fn json(answer: &Answer) -> Value {
    answer.ends_with(code::OK);
    serde_json::from_str(&answer.out).unwrap_or_else(|e| panic!("{e}: {answer}"))
}

fn rows(report: &Value) -> impl Iterator<Item = &Value> {
    report["groups"].as_array().unwrap().iter().flat_map(|g| g["rows"].as_array().unwrap())
}

fn row<'a>(report: &'a Value, id: &str) -> &'a Value {
    rows(report).find(|row| row["id"] == id).unwrap_or_else(|| panic!("no row {id}"))
}

fn it_takes_less_than_a_second_and_leaves_nothing_behind() {
    let world = World::new();
    let before: BTreeSet<String> = everything(&world);
    let took = || {
        let began = Instant::now();
        world.run(["doctor"]).ends_with(code::OK);
        began.elapsed()
    };
    let quickest = (0..5).map(|_| took()).min().unwrap(); // others use this machine too
    assert!(quickest < Duration::from_secs(1), "{quickest:?}");
    world.is_clean();
    assert_eq!(everything(&world), before, "files of the world");
}

/// Every file of the world, and everybody's cgroups of ours.
fn everything(world: &World) -> BTreeSet<String> {
    fn walk(dir: &std::path::Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            found.insert(entry.path().display().to_string());
            if entry.file_type().is_ok_and(|t| t.is_dir()) {
                walk(&entry.path(), found);
            }
        }
    }
    let mut found = BTreeSet::new();
    walk(world.path(), &mut found);
    found
}

fn it_speaks_of_every_environment_and_of_every_capability() {
    let world = World::new();
    let report = json(&world.run(["doctor", "--json"]));
    assert_eq!(report["schema"], 1);
    for id in ["process", "container", "container-rootless", "vm-bare", "kvm", "backend", "nested", "vm-creation"] {
        row(&report, id);
    }
    for id in ["user-namespaces", "seccomp", "cgroups", "delegation", "clock", "governor", "memory", "wsl2", "drive"] {
        row(&report, id);
    }
    for row in rows(&report) {
        assert!(["ok", "limited", "missing"].contains(&row["state"].as_str().unwrap()), "{row}");
        assert!(row["try"].is_array() && !row["seen"].as_str().unwrap().is_empty(), "{row}");
    }
    assert_eq!(report["root"], crate::common::root());
    assert_eq!(report["with_root"].as_array().unwrap().is_empty(), crate::common::root());
    assert_eq!(report["chapters"].as_array().unwrap()[0]["data"], "your own data", "chapter 0 needs nothing");
}

/// What it says of an environment is what happens when the environment is used.
fn what_it_promises_is_so() {
    let world = World::new();
    let report = json(&world.run(["doctor", "--json"]));
    for id in ["process", "container", "container-rootless", "vm-bare"] {
        let promised = row(&report, id)["state"] != "missing";
        let works = crate::common::works(id);
        let by_root_only = id == "container"; // without root it runs container-rootless
        let expected = works.is_ok() && (crate::common::root() || !by_root_only);
        assert_eq!(promised, expected, "{id}: {}; {works:?}", row(&report, id));
    }
    assert_eq!(row(&report, "kvm")["state"] == "ok", crate::common::works("vm-bare").is_ok());
}

fn it_fits_on_80_columns_without_colours_when_nobody_looks() {
    let world = World::new();
    let answer = world.run(["doctor"]);
    answer.ends_with(code::OK);
    assert!(!answer.out.contains('\x1b') && answer.err.is_empty(), "{answer}");
    for line in answer.out.lines().filter(|l| !l.contains("$ ")) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert!(answer.out.lines().any(|l| l.starts_with("Level L")), "{answer}");
}

fn an_ordinary_user_is_told_what_root_would_gain() {
    if !crate::common::root() {
        return crate::common::skip(
            "an_ordinary_user_is_told_what_root_would_gain",
            "needs root, to become somebody else",
        );
    }
    let world = World::new();
    let binary = world.program("isolab", std::fs::read(crate::common::ISOLAB).unwrap());
    let mut setpriv = std::process::Command::new("setpriv");
    setpriv.args(["--reuid=12345", "--regid=12345", "--clear-groups", &binary, "doctor"]);
    world.settle_in(&mut setpriv);
    let answer = crate::common::run(&mut setpriv);
    if answer.err.contains("setpriv") {
        return crate::common::skip("an_ordinary_user_is_told_what_root_would_gain", "no setpriv here");
    }
    answer.ends_with(code::OK).says("With root you would gain").says("the arm container");
    assert!(answer.out.lines().any(|l| l.starts_with("  missing container ")), "{answer}");
    world.is_clean();
}

fn without_the_device_it_says_how_to_get_it() {
    const NAME: &str = "without_the_device_it_says_how_to_get_it";
    if !std::path::Path::new("/dev/kvm").exists() || !crate::common::root() {
        return crate::common::skip(NAME, "needs root, and a /dev/kvm to hide");
    }
    if !crate::common::needs_own_mounts(NAME) {
        return;
    }
    let world = World::new();
    // Another device in its place: it opens, and is no KVM.
    let answer = crate::common::run(&mut crate::common::with_own_mounts(
        &world,
        "mount --bind /dev/null /dev/kvm",
        ["doctor", "--json"],
    ));
    let report = json(&answer);
    assert_eq!(row(&report, "kvm")["state"], "missing");
    assert!(!row(&report, "kvm")["try"].as_array().unwrap().is_empty(), "{}", row(&report, "kvm"));
    assert!(!report["level"].as_str().unwrap().contains("L3"), "{}", report["level"]);
    // No device at all: an empty /dev with what a program needs.
    let script =
        "mkdir -p $D/dev && touch $D/dev/null && mount --bind /dev/null $D/dev/null && mount --rbind $D/dev /dev";
    let report = json(&crate::common::run(&mut crate::common::with_own_mounts(&world, script, ["doctor", "--json"])));
    assert_eq!(row(&report, "kvm")["seen"], "there is no /dev/kvm");
    assert_eq!(report["chapters"][1]["complete"], false, "{}", report["chapters"]);
}

/// As when a guest hangs in a broken KVM: doctor goes on without an answer, and ends the one that hangs.
fn a_worker_that_hangs_is_given_up() {
    use isolab::environments::Arm;
    let world = World::new();
    let hangs = world.program("hangs", "#!/bin/sh\nexec sleep 600\n");
    let arms = ["process", "vm-bare", "container", "fake"].map(|id| Arm::parse(id).unwrap());
    let interrupt = isolab::bench::interrupt::Interrupt::listen().unwrap();
    let began = Instant::now();
    let patience = Duration::from_secs(1);
    let answers = isolab::bench::probe_support(hangs.as_ref(), &arms, patience, &interrupt).unwrap();
    assert!(began.elapsed() < patience * 3, "four at once, not one after the other: {:?}", began.elapsed());
    for (answer, arm) in answers.into_iter().zip(&arms) {
        let error = answer.unwrap_err();
        assert!(error.cause.contains("hangs") && error.try_this.contains(&format!("run --as {arm}")), "{error}");
    }
    world.is_clean();
}

fn bad_arguments_are_2() {
    let world = World::new();
    for typed in [["doctor", "--jsn"], ["doctor", "vm"]] {
        let answer = world.run(typed);
        assert!(answer.ends_with(code::USAGE).out.is_empty(), "{answer}");
    }
}

/// What is known here of a chapter stands in its pages too, which the doctor may not read: both say the same.
fn its_chapters_are_the_guides() {
    let world = World::new();
    let content = isolab::guide::content::Content::embedded();
    let json = world.run(["doctor", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    let told = told["chapters"].as_array().unwrap().iter();
    let told: Vec<(u64, &str)> = told.map(|c| (c["chapter"].as_u64().unwrap(), c["title"].as_str().unwrap())).collect();
    let korean = world.run(["--lang", "ko", "doctor"]);
    let numbers: Vec<u64> = content.chapters().into_iter().map(|(number, _)| number.into()).collect();
    assert_eq!(told.iter().map(|(number, _)| *number).collect::<Vec<_>>(), numbers);
    for (number, title) in told {
        assert_eq!(title, content.page(number as u32, Lang::En).unwrap().page.title);
        korean.says(&content.page(number as u32, Lang::Ko).unwrap().page.title);
    }
}

crate::runner::tests!(
    it_takes_less_than_a_second_and_leaves_nothing_behind,
    it_speaks_of_every_environment_and_of_every_capability,
    what_it_promises_is_so,
    it_fits_on_80_columns_without_colours_when_nobody_looks,
    an_ordinary_user_is_told_what_root_would_gain,
    without_the_device_it_says_how_to_get_it,
    a_worker_that_hangs_is_given_up,
    bad_arguments_are_2,
    its_chapters_are_the_guides
);
