//! What scripts use: `--json` on everything that prints a table, completions, manual pages. Drives the built binary.
use crate::common::{Answer, World, code};
use serde_json::Value;

/// stdout is one JSON value and nothing else.
#[track_caller]
fn json(answer: &Answer) -> Value {
    answer.ends_with(code::OK);
    serde_json::from_str(&answer.out).unwrap_or_else(|e| panic!("{e}: {answer}"))
}

/// A world with one small run of the scripted environment.
fn measured() -> (World, String) {
    let world = World::new();
    world.bench(&["-e", "fake,fake:ready=2000", "-x", "boot", "--blocks", "6"]).ends_with(code::OK);
    let dir = world.run_dir().display().to_string();
    (world, dir)
}

fn everything_that_prints_a_table_prints_json() {
    let (world, dir) = measured();
    let list = json(&world.run(["list", "--json"]));
    assert!(list["environments"].as_array().unwrap().len() >= 4 && list["experiments"].is_array(), "{list}");
    let report = json(&world.run(["report", &dir, "--json"]));
    assert!(report.as_array().unwrap().iter().any(|row| row["metric"] == "create_to_ready"), "{report}");
    let compared = json(&world.run(["compare", &dir, &dir, "--json"]));
    assert_eq!(compared["rows"][0]["intervals_overlap"], true, "a run does not differ from itself");
    let recovered = json(&world.run(["recover", &dir, "--json"]));
    assert_eq!((recovered["samples"].as_u64(), recovered["last_line_cut_off"].as_bool()), (Some(18), Some(false)));
    assert_eq!(recovered["file"], format!("{dir}/recovered.json"), "run.json, which is as large, stays");
    let chapters = json(&world.run(["guide", "list", "--json"]));
    let progress = json(&world.run(["guide", "progress", "--json"]));
    assert_eq!(chapters[0]["chapter"], progress[0]["chapter"], "{progress}");
    let claims = world.run(["guide", "claims", &dir, "--json"]); // of a scripted environment none can be decided
    assert!(serde_json::from_str::<Value>(&claims.ends_with(code::NOTHING_RAN).out).is_ok(), "{claims}");
    let doctor = json(&world.run(["doctor", "--json"]));
    assert_eq!(doctor["groups"][0]["rows"][0]["id"], "process");
}

fn clean_tells_in_json_what_it_removed() {
    let world = World::new();
    let stale = world.join("tmp/isolab.0badcafe");
    std::fs::create_dir(&stale).unwrap();
    std::fs::write(stale.join("owner"), "4194304 1 0badcafe").unwrap(); // no process has this number and began then
    let clean = crate::common::bench(|| world.isolab(["clean", "--json"]));
    let told = json(&clean);
    let run = told["runs"].as_array().unwrap().iter().find(|run| run["run"] == "0badcafe");
    let removed = run.unwrap_or_else(|| panic!("{told}"))["removed"].as_array().unwrap();
    assert!(removed.iter().any(|r| r.as_str().unwrap().contains("isolab.0badcafe")), "{told}");
    assert!(told["left_behind"].is_array() && !stale.exists());
    world.is_clean();
}

fn a_life_is_one_line_of_json_after_what_the_program_printed() {
    let world = World::new();
    let args = ["run", "--timeline", "--inventory", "--json", "--", "probe", "count", "2"];
    let answer = world.run(args);
    let (printed, last) = answer.ends_with(code::OK).out.trim_end().rsplit_once('\n').unwrap();
    assert!(printed.contains('2'), "{answer}");
    let life: Value = serde_json::from_str(last).unwrap();
    assert_eq!((&life["arm"], &life["exit"]), (&"process".into(), &"exit status 0".into()));
    let marks = life["marks"].as_array().unwrap();
    let sum: u64 = marks.iter().map(|m| m["took_ns"].as_u64().unwrap()).sum();
    assert_eq!(Some(sum), life["total_ns"].as_u64(), "the marks are the whole life");
    assert!(life["objects"].is_array() || life["objects_missing"].is_string(), "{life}");
    let alone = world.run(["run", "--json", "--", "probe"]);
    alone.ends_with(code::OURS_IN_RUN).says("--timeline");
}

fn subcommands(world: &World) -> Vec<String> {
    let help = world.run(["--help"]).out;
    let table = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let names = table.lines().filter(|l| l.starts_with("  ") && !l.starts_with("   "));
    names.map(|l| l.split_whitespace().next().unwrap().to_owned()).collect()
}

fn every_shell_gets_completions_for_every_subcommand() {
    let world = World::new();
    let names = subcommands(&world);
    assert!(names.len() >= 12, "{names:?}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = world.run(["completions", shell]);
        script.ends_with(code::OK);
        names.iter().for_each(|name| assert!(script.out.contains(name), "{shell}: {name}"));
    }
    world.run(["completions", "tcsh"]).ends_with(code::USAGE).says("bash");
    let bash = world.file("isolab.bash", world.run(["completions", "bash"]).out);
    let parsed = std::process::Command::new("bash").args(["-n", &bash]).output();
    assert!(parsed.is_ok_and(|out| out.status.success()), "bash understands it");
}

fn every_subcommand_gets_a_page() {
    let world = World::new();
    let dir = world.join("man/man1");
    let listed = world.run(["man", dir.to_str().unwrap()]);
    listed.ends_with(code::OK);
    for name in subcommands(&world) {
        let page = std::fs::read_to_string(dir.join(format!("isolab-{name}.1"))).unwrap();
        assert!(page.contains(".TH") && page.contains(".SH OPTIONS"), "{name}: {page}");
        assert!(listed.out.contains(&format!("isolab-{name}.1")), "{listed}");
    }
    assert!(world.run(["man"]).ends_with(code::OK).out.starts_with(".ie"), "roff, for man -l -");
    let file = world.file("taken", "x");
    world.run(["man", &file]).refuses(code::USAGE, "make the folder", "", "man1");
    assert_eq!(std::fs::read_to_string(file).unwrap(), "x");
}

crate::runner::tests!(
    everything_that_prints_a_table_prints_json,
    clean_tells_in_json_what_it_removed,
    a_life_is_one_line_of_json_after_what_the_program_printed,
    every_shell_gets_completions_for_every_subcommand,
    every_subcommand_gets_a_page
);
