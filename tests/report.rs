//! `isolab report`: what it writes and where, and files that are edited, cut to pieces, or hold next to nothing.
use std::fs;

use crate::common::{World, code};
use serde_json::Value;

const FAKE: [&str; 6] = ["-e", "fake,fake:ready=2000", "-x", "boot", "--blocks", "7"];

fn measured() -> World {
    let world = World::new();
    world.bench(&FAKE).ends_with(code::OK);
    world
}

/// A file with this edit of the run.
fn edited(world: &World, edit: impl FnOnce(&mut Value)) {
    let mut run = world.saved();
    edit(&mut run);
    world.file("edited.json", run.to_string());
}

fn text(world: &World, name: &str) -> String {
    fs::read_to_string(world.join(name)).unwrap()
}

fn it_writes_two_files_and_the_charts_that_one_of_them_shows() {
    let world = measured();
    let answer = world.run(["report", "results/latest", "--lang", "en"]);
    answer.ends_with(code::OK);
    assert_eq!(answer.out, "results/latest/report.html\nresults/latest/report.md\n");
    let (html, md) = (text(&world, "results/latest/report.html"), text(&world, "results/latest/report.md"));
    assert!(html.starts_with("<!DOCTYPE html><html lang=\"en\">") && html.contains("<svg"));
    for said in ["## Verdict", "| 1.00 ms | 1.00 ms – 1.00 ms |", "+100\u{a0}%", "`boot create_to_ready`", "--seed "]
    {
        assert!(md.contains(said), "{said} in {md}");
    }
    for chart in md.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(world.run_dir().join(chart).is_file(), "{chart}");
    }
    let fetched = ["src=\"http", "href=\"http", "@import", "url(http"];
    assert!(!fetched.iter().any(|f| html.contains(f)), "it needs no network");
    world.is_clean();
}

fn korean_comes_by_option_or_by_environment_and_elsewhere_by_into() {
    let world = measured();
    world.run(["report", "--lang", "en"]).ends_with(code::OK);
    let english = text(&world, "results/latest/report.md");
    world.run(["report", "--lang", "ko", "--into", "hand/in"]).ends_with(code::OK).says("hand/in/report.ko.md");
    let asked = text(&world, "hand/in/report.ko.md");
    assert!(asked.contains("## 결론") && asked.contains("각본대로 흉내 내는 환경"), "{asked}");
    let answer = crate::common::run(world.isolab(["report"]).env("LANG", "ko_KR.UTF-8").env_remove("LC_ALL"));
    answer.ends_with(code::OK);
    assert_eq!(text(&world, "results/latest/report.ko.md"), asked, "the same run, the same report");
    assert_eq!(text(&world, "results/latest/report.md"), english, "one language does not overwrite the other");
    world.file("occupied", "");
    let answer = world.run(["report", "--into", "occupied/here"]);
    answer.refuses(code::FAILED, "make the folder occupied/here", "Not a directory", "--into DIR");
}

/// `report` and `chart` of another file in a run's folder, without `--into`.
fn another_file_in_the_folder_of_a_run_overwrites_nothing_of_it() {
    let world = measured();
    world.run(["report", "results/latest", "--lang", "en"]).ends_with(code::OK);
    world.run(["chart", "results/latest"]).ends_with(code::OK);
    let dir = world.run_dir();
    let kept = || {
        let files = fs::read_dir(&dir).unwrap().flatten().map(|f| f.path());
        files
            .map(|f| (f.clone(), fs::metadata(&f).unwrap().modified().unwrap()))
            .collect::<std::collections::BTreeMap<_, _>>()
    };
    fs::copy(dir.join("run.json"), dir.join("oth (er.json")).unwrap();
    let before = kept();
    world
        .run(["report", "results/latest/oth (er.json", "--lang", "en"])
        .ends_with(code::OK)
        .says("oth (er.report.html");
    world.run(["chart", "results/latest/oth (er.json"]).ends_with(code::OK).says("oth (er.boot-stages.svg");
    let after = kept();
    assert!(before.iter().all(|(file, time)| after[file] == *time), "{before:?} {after:?}");
    let md = text(&world, "results/latest/oth (er.report.md");
    assert!(md.contains("](oth%20%28er.boot-stages.svg)"), "{md}");
    world.run(["report", "results/latest/run.json", "--lang", "en"]).ends_with(code::OK).says("latest/report.html");
}

/// Two files without a run's folder around them.
fn loose_files_have_a_report_and_charts_each() {
    let world = measured();
    let run = fs::read(world.run_dir().join("run.json")).unwrap();
    for name in ["a", "b"] {
        world.file(&format!("{name}.json"), &run);
        let file = format!("{name}.json");
        world.run(["report", &file, "--lang", "en"]).ends_with(code::OK).says(&format!("{name}.report.html"));
        world.run(["chart", "boot", &file]).ends_with(code::OK);
        for made in ["report.html", "report.md", "boot-stages.svg"] {
            assert!(world.join(format!("{name}.{made}")).exists(), "{name}.{made}");
        }
        assert!(text(&world, &format!("{name}.report.md")).contains(&format!("]({name}.boot-stages.svg)")));
    }
    world.run(["report", "a.json", "--lang", "en", "--into", "to"]).ends_with(code::OK).says("to/report.html");
}

fn an_edited_file_is_reported_with_a_banner_and_a_failure() {
    let world = measured();
    edited(&world, |run| run["summaries"][0]["median"] = 1.0.into());
    let answer = world.run(["report", "edited.json", "--lang", "en"]);
    answer.ends_with(code::FAILED).says("does not follow from the samples: summary boot/fake").says("found 1.0");
    let html = text(&world, "edited.report.html");
    assert!(html.contains("was changed after it was saved") && html.contains("found 1.0"));
    let kept = world.saved();
    let rows: Value =
        serde_json::from_str(&world.run(["report", "--json", "edited.json"]).ends_with(code::FAILED).out).unwrap();
    assert_eq!(rows[0]["median"], kept["summaries"][0]["median"], "what it shows follows from the samples again");
}

fn samples_and_headers_that_were_changed_are_named() {
    let world = measured();
    edited(&world, |run| run["cells"][1]["columns"]["values"]["create_to_ready"][2] = 5.0.into());
    world.run(["report", "edited.json"]).ends_with(code::FAILED).says("hash the samples of boot/fake#2");
    edited(&world, |run| run["header"]["host"]["cpu_model"] = "a faster one".into());
    world.run(["report", "edited.json"]).ends_with(code::FAILED).says("hash the header");
    edited(&world, |run| drop(run["cells"][0]["columns"]["values"]["create_to_ready"].as_array_mut().unwrap().pop()));
    let answer = world.run(["report", "edited.json"]);
    answer.refuses(code::USAGE, "report on edited.json", "6 entries where there must be 7", "isolab recover");
}

fn one_arm_one_block_or_nothing_at_all_still_gives_a_report() {
    for (arms, blocks, expected, says) in [
        ("fake", "7", code::OK, "left out inventory, syscall, cpu, memory"),
        ("fake,fake:ready=2000", "1", code::OK, "too few blocks"),
        ("fake:fault=unavailable", "7", code::NOTHING_RAN, "Nothing was measured in this run"),
    ] {
        let world = World::new();
        world.bench(&["-e", arms, "-x", "boot", "--blocks", blocks]).ends_with(expected);
        world.run(["report", "--lang", "en"]).ends_with(code::OK);
        let md = text(&world, "results/latest/report.md");
        assert!(md.contains(says), "{arms} {blocks}: {md}");
        world.run(["report", "--lang", "ko"]).ends_with(code::OK);
    }
}

/// Somebody else's engine is started by its own command, and what it creates nobody sees: it has command→ready alone, and no
/// table or chart puts it beside a create→ready.
fn an_engine_has_the_start_of_its_command_and_no_other() {
    let world = World::new();
    world
        .bench(&["-e", "fake,fake-engine:ready=3000", "--base", "fake", "-x", "boot", "--blocks", "25"])
        .ends_with(code::OK);
    let run = world.saved();
    let arm = |id: &str| run["header"]["arms"].as_array().unwrap().iter().find(|a| a["id"] == id).unwrap().clone();
    assert_eq!((&arm("fake-engine:ready=3000")["kind"], &arm("fake")["kind"]), (&"engine".into(), &"other".into()));
    let cells = run["cells"].as_array().unwrap();
    let columns = |arm: &str| {
        let cell = cells.iter().find(|c| c["arm"] == arm).unwrap();
        cell["columns"]["values"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(columns("fake-engine:ready=3000"), ["command_to_ready", "exit_to_reaped"]);
    assert!(columns("fake").contains(&"create_to_ready".to_owned()));
    for words in [&["report", "results/latest"][..], &["chart", "results/latest"], &["guide", "check", "2"]] {
        let answer = world.run(words);
        assert!(matches!(answer.code, 0 | 1 | 3), "{words:?}: {answer:?}");
    }
    let md = text(&world, "results/latest/report.md");
    let comparison =
        md.split("`boot create_to_ready`").nth(1).unwrap().split("`boot command_to_ready`").next().unwrap();
    assert!(!comparison.contains("scripted engine"), "{comparison}");
    assert!(md.contains("3.00 ms"));
}

/// A daemon serves all instances of its engine: file, report, terminal and charts tell it, and no more of it is in one more than
/// of a daemon that is not there.
fn an_engines_daemon_is_told_apart_from_one_more() {
    const LARGE: &str = "fake-engine:daemon=40M:memory=300K";
    let world = World::new();
    let arms = "fake,fake-engine:memory=300K:daemon=40M,fake-engine:memory=300K:daemon=1K";
    let told = world.bench(&["-e", arms, "-x", "memory", "--n", "1,4,8", "--blocks", "6"]);
    told.ends_with(code::OK).says("An engine's daemons");
    let run = world.saved();
    let of = |arm: &str, metric: &str| -> Option<Vec<f64>> {
        let cells = run["cells"].as_array().unwrap();
        let cell = cells.iter().find(|c| c["arm"].as_str().unwrap() == arm).unwrap();
        let values = cell["columns"]["values"].get(metric)?;
        Some(values.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect())
    };
    assert_eq!(of("fake", "daemon"), None, "no engine, no daemon");
    assert_eq!(of(LARGE, "daemon"), Some(vec![f64::from(40 << 20); 6]));
    assert_eq!(of(LARGE, "daemon_growth"), Some(vec![0.0; 6]));
    for arm in [LARGE, "fake-engine:daemon=1K:memory=300K"] {
        for metric in ["private", "per_instance"] {
            let Some(bytes) = of(arm, metric) else { continue }; // the whole needs a memory cgroup
            let room = if metric == "private" { 1.0 } else { f64::from(1 << 18) };
            let more = bytes.iter().map(|b| (b - 307_200.0).abs()).fold(0.0, f64::max);
            assert!(more < room, "{arm} {metric}: {bytes:?}");
        }
    }
    for (lang, file, words) in [
        (
            "en",
            "en/report.md",
            ["An engine's daemons, which serve all its instances (no part of one more)", "40.0 MiB"],
        ),
        ("ko", "ko/report.ko.md", ["엔진의 데몬, 모든 인스턴스가 함께 씀(하나 더의 비용이 아님)", "40.0 MiB"]),
    ] {
        world.run(["report", "--into", lang, "--lang", lang]).ends_with(code::OK);
        let md = text(&world, file);
        words.iter().for_each(|w| assert!(md.contains(w), "{w} in {md}"));
        for chart in ["memory-parts", "memory-slope"] {
            world.run(["chart", chart, "--format", "svg", "--into", lang, "--lang", lang]).ends_with(code::OK);
            let svg = text(&world, &format!("{lang}/{chart}{}.svg", if lang == "ko" { ".ko" } else { "" }));
            assert!(svg.contains(&format!("{LARGE} (fake-daemon) 40.0 MiB")), "{svg}");
        }
    }
}

crate::runner::tests!(
    it_writes_two_files_and_the_charts_that_one_of_them_shows,
    korean_comes_by_option_or_by_environment_and_elsewhere_by_into,
    another_file_in_the_folder_of_a_run_overwrites_nothing_of_it,
    loose_files_have_a_report_and_charts_each,
    an_edited_file_is_reported_with_a_banner_and_a_failure,
    samples_and_headers_that_were_changed_are_named,
    one_arm_one_block_or_nothing_at_all_still_gives_a_report,
    an_engine_has_the_start_of_its_command_and_no_other,
    an_engines_daemon_is_told_apart_from_one_more
);
