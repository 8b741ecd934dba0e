//! Names that nobody expects: folders that are no UTF-8 or full of what a shell understands. Every subcommand works in, on
//! and with them or says why not; what it prints as a command can be pasted.
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::{Answer, ISOLAB, World, code, root};

const NAMES: [&[u8]; 4] =
    [b"caf\xe9", b"-rf it's $(touch pwned) `id`", b"two\nlines \"~\" ;&|", "한글 \u{202e} 이름".as_bytes()];

/// A folder of this name, in a world whose temporary folder has it too.
fn folder(world: &World, name: &[u8]) -> PathBuf {
    let dir = world.join(OsStr::from_bytes(name));
    fs::create_dir_all(dir.join("tmp")).unwrap();
    for place in [&dir, &dir.join("tmp")] {
        fs::set_permissions(place, fs::Permissions::from_mode(0o777)).unwrap();
    }
    dir
}

/// `isolab WORDS` there, as a shell script of that place would call it.
fn at(world: &World, dir: &Path, words: &[&OsStr]) -> Answer {
    let command = || {
        let mut command = Command::new(ISOLAB);
        command.args(words);
        world.settle_in(&mut command);
        command.current_dir(dir).env("TMPDIR", dir.join("tmp"));
        command
    };
    let answer = if words[0] == "bench" || words[0] == "clean" {
        crate::common::bench(command)
    } else {
        crate::common::run(&mut command())
    };
    assert!(!answer.err.contains("a bug in isolab") && !answer.err.contains("panicked"), "{words:?}: {answer}");
    assert!(!dir.join("pwned").exists(), "{words:?}");
    answer
}

fn words(text: &str) -> Vec<&OsStr> {
    text.split(' ').map(OsStr::new).collect()
}

fn every_subcommand_works_in_a_folder_of_any_name() {
    for name in &NAMES[..2] {
        let world = World::new();
        let dir = folder(&world, name);
        for (line, code) in [
            ("bench -e fake,fake:ready=5 -x boot --blocks 6 -o out.json", 0),
            ("bench -e process -x boot --blocks 2 --json", 0),
            ("report", 0),
            ("report --md", 0),
            ("chart", 0),
            ("chart boot --json --format svg", 0),
            ("compare out.json out.json", 0),
            ("recover results/latest", 0),
            ("list", 0),
            ("doctor --json", 0),
            ("run -- probe noop", -1),
            ("run --timeline --json -- sh -c true", 0),
            ("probe noop", -1),
            ("clean", 0),
            ("clean --json", 0),
            ("completions bash", 0),
            ("man", 0),
            ("guide list", 0),
            ("guide show 0", 0),
            ("guide check 0 out.json", -1),
            ("guide claims out.json", -1),
            ("guide progress", 0),
            ("guide next", 0),
            ("guide reset 0", -1),
        ] {
            let answer = at(&world, &dir, &words(line));
            assert!(code == -1 || answer.code == code, "{line}: {answer}");
        }
    }
}

fn every_path_that_is_given_may_have_any_name() {
    for name in &NAMES[..2] {
        let world = World::new();
        let dir = folder(&world, name);
        let here = world.path();
        let given = |line: &str, code: i32| {
            let place: Vec<OsString> = line
                .split(' ')
                .map(|word| match word.split_once("DIR") {
                    Some((before, after)) => [OsStr::new(before), dir.as_os_str(), OsStr::new(after)].iter().fold(
                        OsString::new(),
                        |mut all, part| {
                            all.push(part);
                            all
                        },
                    ),
                    None => word.into(),
                })
                .collect();
            let place: Vec<&OsStr> = place.iter().map(OsString::as_os_str).collect();
            let answer = at(&world, here, &place);
            assert!(code == -1 || answer.code == code, "{line}: {answer}");
            answer
        };
        given("bench -e fake -x boot --blocks 6 --results=DIR/results --out=DIR/out.json", 0);
        for line in [
            "report DIR/results/latest --into=DIR/report",
            "report DIR/out.json --json",
            "chart DIR/out.json --into=DIR/charts --json",
            "chart boot DIR/out.json --into=DIR/charts",
            "compare DIR/out.json DIR/results/latest",
            "recover DIR/results/latest --json",
            "man --into=DIR/man",
            "guide claims DIR/out.json --json",
        ] {
            given(line, if line.starts_with("man") || line.contains("claims") { -1 } else { 0 });
        }
        given("guide check 0 DIR/out.json", -1);
        for line in ["report DIR/none", "chart DIR/none.json", "compare DIR/a DIR/b", "recover DIR/none"] {
            given(line, 2);
        }
        given("bench -e fake -x boot --blocks 2 --results=/proc/self/DIR", -1);
        given("run --as container --rootfs=DIR -- /no-such", -1);
        given("run --as container-rootless --rootfs=DIR/none -- /no-such", 125);
        given("run -e X=DIR -- sh -c true", 0);
        if *name == b"caf\xe9" {
            given("bench -e DIR", 2).refuses(2, "read the argument $'", "no UTF-8", "paths");
            given("run --as DIR", 125).refuses(125, "read the argument $'", "no UTF-8", "paths");
        }
    }
}

fn a_program_may_have_any_name() {
    for name in &NAMES[..2] {
        let world = World::new();
        let dir = folder(&world, name);
        let program = dir.join(OsStr::from_bytes(name));
        fs::write(&program, "#!/bin/sh\nexit 7\n").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let bench: Vec<&OsStr> =
            [&words("bench -e process -x boot --blocks 2 --")[..], &[program.as_os_str()]].concat();
        assert_eq!(at(&world, world.path(), &bench).code, 1, "exit status 7 is a failed sample");
        fs::write(&program, "#!/bin/sh\nexit 0\n").unwrap();
        at(&world, world.path(), &bench).ends_with(0);
        let latest = fs::read_to_string(world.join("results/latest/run.json")).unwrap();
        assert!(latest.contains("\"command\":["), "kept as text");
        for arm in ["process", "container --rootfs /", "container-rootless --rootfs /", "vm-bare"] {
            let line = format!("run --as {arm} --");
            let run: Vec<&OsStr> = [&words(&line)[..], &[program.as_os_str()]].concat();
            let answer = at(&world, world.path(), &run);
            assert!([0, 125, 126, 127].contains(&answer.code), "{arm}: {answer}");
        }
    }
}

/// What is advised is a command, and does what it says.
fn what_is_printed_as_a_command_can_be_pasted() {
    for name in NAMES {
        let world = World::new();
        let dir = folder(&world, name);
        let paste = |command: &str| {
            let out = Command::new("bash")
                .args(["-c", command])
                .current_dir(world.path())
                .env("LC_ALL", "C")
                .output()
                .unwrap();
            assert!(!world.join("pwned").exists() && !dir.join("pwned").exists(), "{command}");
            (out.status.success(), String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned())
        };
        let relative = Path::new(OsStr::from_bytes(name));
        let mut results = OsString::from("--results=");
        results.push(relative);
        let arms: Vec<String> = (1..18).map(|n| format!("fake:ready={n}00")).collect(); // more than a terminal has lines
        let line = format!("bench -e {} -x boot --blocks 2", arms.join(","));
        let bench = at(&world, world.path(), &[&words(&line)[..], &[&results]].concat());
        let more = bench.out.lines().find_map(|line| line.strip_prefix("more: ")).unwrap_or_else(|| panic!("{bench}"));
        let (worked, said) = paste(more);
        assert!(worked && said.contains("report.html"), "{more}\n{said}");

        let latest = relative.join("latest");
        fs::remove_file(world.join(latest.join("run.json"))).unwrap();
        let lost =
            at(&world, world.path(), &[OsStr::new("report"), OsStr::new("--md"), OsStr::new("--"), latest.as_os_str()]);
        let advice = lost.err.lines().find_map(|line| line.strip_prefix("try:   ")).unwrap();
        let (worked, said) = paste(advice);
        assert!(worked && said.contains("recovered"), "{advice}\n{said}");

        let program = dir.join("x");
        fs::write(&program, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o644)).unwrap();
        let refused = at(&world, world.path(), &[OsStr::new("run"), OsStr::new("--"), program.as_os_str()]);
        assert_eq!(refused.code, 126, "{refused}");
        let advice = refused.err.lines().find_map(|line| line.strip_prefix("try:   ")).unwrap();
        assert!(paste(advice).0, "{advice}");
        if root() || program.metadata().unwrap().permissions().mode() & 0o111 != 0 {
            at(&world, world.path(), &[OsStr::new("run"), OsStr::new("--"), program.as_os_str()]).ends_with(0);
        }
    }
}

/// What the kernel calls the process is then no UTF-8 either, and stands so in /proc/PID/status and stat.
fn isolab_itself_may_be_called_anything() {
    let world = World::new();
    let link = world.join(OsStr::from_bytes(b"\xff) R 1"));
    std::os::unix::fs::symlink(crate::common::ISOLAB, &link).unwrap();
    let called = |line: &str| {
        let mut command = Command::new(&link);
        world.settle_in(command.args(words(line)));
        command
    };
    crate::common::bench(|| called("bench -e process -x boot --blocks 2")).ends_with(code::OK);
    let saved = world.saved();
    assert!(saved["header"]["host"]["usable_cores"].as_u64().is_some(), "{}", saved["header"]["host"]);
    for arm in ["container", "container-rootless"] {
        if crate::common::needs("isolab_itself_may_be_called_anything", arm) {
            crate::common::run(&mut called(&format!("run --as {arm} -- probe noop"))).ends_with(code::OK);
        }
    }
}

crate::runner::tests!(
    every_subcommand_works_in_a_folder_of_any_name,
    every_path_that_is_given_may_have_any_name,
    a_program_may_have_any_name,
    what_is_printed_as_a_command_can_be_pasted,
    isolab_itself_may_be_called_anything
);
