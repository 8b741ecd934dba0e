//! Adding an environment is one file and one line: `src/environments/one_more.rs` is built by a feature, and everything that
//! lists, measures, draws, tells or grades environments takes it, in both languages.
#![allow(clippy::unwrap_used, reason = "a test may stop anywhere")]

mod common;

use std::fs;
use std::path::Path;

use common::{World, code};
use isolab::guide::claims;
use isolab::model::Kind;
use isolab::results::read;

const NAME: [&str; 2] = ["one machine more, nothing runs", "하나 더한 가상머신, 실제 실행 없음"];
const T0: [&str; 2] = ["the moment at which one more begins", "하나 더가 시작하는 순간"];
const LANGUAGES: [&str; 2] = ["en", "ko"];

fn measured() -> World {
    let world = World::new();
    let told = world.bench(&["-e", "fake,one-more,one-more:ready=5", "-x", "boot", "--blocks", "8", "-o", "a.json"]);
    told.ends_with(code::OK).says("one-more");
    world
}

#[test]
fn it_is_listed_and_its_knob_is_known() {
    let world = World::new();
    for (place, lang) in LANGUAGES.into_iter().enumerate() {
        let told = world.run(["list", "--lang", lang]);
        told.ends_with(code::OK).says("one-more").says("ready=US");
        assert!(told.out.contains(NAME[place]), "{told}");
    }
    world.run(["run", "--as", "one-mor"]).says("did you mean one-more?");
    world.run(["bench", "-e", "one-more:raedy=5"]).says("did you mean ready?");
}

#[test]
fn it_is_measured_and_the_file_says_what_it_is() {
    let world = measured();
    let run: serde_json::Value = serde_json::from_slice(&fs::read(world.join("a.json")).unwrap()).unwrap();
    let arm = run["header"]["arms"].as_array().unwrap().iter().find(|arm| arm["id"] == "one-more").unwrap();
    assert_eq!((arm["name"].as_str(), arm["name_ko"].as_str()), (Some(NAME[0]), Some(NAME[1])));
    assert_eq!((arm["t0"].as_str(), arm["t0_ko"].as_str()), (Some(T0[0]), Some(T0[1])));
    assert_eq!(arm["kind"], "machine");
}

#[test]
fn charts_and_report_tell_it_in_both_languages() {
    let world = measured();
    for (place, lang) in LANGUAGES.into_iter().enumerate() {
        world.run(["chart", "boot-stages", "a.json", "--format", "svg", "--lang", lang]).ends_with(code::OK);
        let file = ["a.boot-stages.svg", "a.boot-stages.ko.svg"][place];
        let svg = fs::read_to_string(world.join(file)).unwrap();
        assert!(svg.contains(NAME[place]) && svg.contains("one-more:ready=5"), "{file}");
        world.run(["report", "a.json", "--into", "out", "--lang", lang]).ends_with(code::OK);
        let name = ["report.md", "report.ko.md"][place];
        let report = fs::read_to_string(world.join("out").join(name)).unwrap();
        for text in [NAME[place], T0[place], "`one-more:ready=5`"] {
            assert!(report.contains(text), "{text} in {name}");
        }
        let unknown = ["not known to this version", "이 버전이 모르는 환경"][place];
        let its_rows = report.lines().filter(|line| line.starts_with('|') && line.contains("`one-more`"));
        let untold: Vec<&str> = its_rows.filter(|row| row.contains(unknown)).collect();
        assert!(untold.is_empty() && report.contains(unknown), "of the scripted one nobody knows more: {untold:?}");
    }
    world.run(["report", "a.json", "--json"]).ends_with(code::OK).says("\"one-more:ready=5\"");
    world.run(["compare", "a.json", "a.json"]).ends_with(code::OK).says("one-more");
}

#[test]
fn doctor_asks_it_whether_it_runs_here() {
    let doctor = World::new().run(["doctor", "--json"]);
    assert!(doctor.out.contains("one-more"), "{doctor}");
}

/// What is claimed of virtual machines is decided with it as with ours: by its kind, not by its name.
#[test]
fn the_guide_decides_claims_with_it() {
    let ours = read::load(Path::new("results/reference/software-kvm/run.json")).unwrap();
    let mut run = ours.clone();
    for arm in run.header.arms.iter_mut().filter(|arm| arm.id == "vm-bare") {
        (arm.id, arm.environment, arm.kind) = ("one-more".into(), "one-more".into(), Some(Kind::Machine));
    }
    run.cells.iter_mut().filter(|cell| cell.arm == "vm-bare").for_each(|cell| cell.arm = "one-more".into());
    let mut decided = 0;
    for claim in claims::all().iter().filter(|claim| claim.terms.values().any(|t| [&*t.arm, &*t.base].contains(&"vm")))
    {
        let [before, after] = [&ours, &run].map(|run| claims::decide(claim, &[("run.json".to_owned(), run)]));
        assert_eq!(before.verdict, after.verdict, "{}", claim.id);
        decided += after.values.iter().filter(|v| v.arm == "one-more" || v.base == "one-more").count();
    }
    assert!(decided > 3, "{decided}");
}
