//! Results files: what a run saves and to whom it belongs, what can be made of it later, and files that are cut off,
//! foreign or newer.
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use crate::common::{ISOLAB, World, code, needs_own_mounts, root, run, skip, with_own_mounts};
use serde_json::Value;

const FAKE: [&str; 6] = ["-e", "fake,fake:ready=2000", "-x", "boot", "--blocks", "6"];

fn measured() -> World {
    let world = World::new();
    world.bench(&FAKE).ends_with(code::OK);
    world
}

fn a_run_saves_what_it_says_and_latest_points_at_it() {
    let world = measured();
    let dir = world.run_dir();
    for name in ["run.json", "samples.jsonl", "samples.csv", "boot-stages.svg"] {
        assert!(fs::metadata(dir.join(name)).unwrap().len() > 0, "{name}");
    }
    assert_eq!(fs::read_link(world.join("results/latest")).unwrap(), Path::new(dir.file_name().unwrap()));
    let run = world.saved();
    assert_eq!((run["schema"].as_u64(), run["ended"].as_str()), (Some(1), Some("complete")));
    assert_eq!(world.samples_kept().len(), 18, "6 blocks of two arms and a twin");
    let rows = fs::read_to_string(dir.join("samples.csv")).unwrap();
    assert!(rows.lines().count() > 18, "{rows}");
    world.is_clean();
}

fn latest_is_replaced_and_never_missing() {
    let world = measured();
    let latest = world.join("results/latest");
    let first = fs::read_link(&latest).unwrap();
    let _turn = crate::common::my_turn();
    let mut child = world.begin_bench(&FAKE);
    while child.try_wait().unwrap().is_none() {
        assert!(fs::metadata(latest.join("run.json")).is_ok(), "there is a whole run behind it at every moment");
    }
    assert_ne!(fs::read_link(&latest).unwrap(), first);
    world.is_clean();
}

/// A real folder of that name, as `cp -r` leaves one: the run is kept, and what lies there is not shown as the last.
fn a_latest_that_cannot_be_renewed_is_told() {
    let world = measured();
    let latest = world.join("results/latest");
    let first = world.run_dir();
    fs::remove_file(&latest).unwrap();
    std::fs::rename(&first, &latest).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1100)); // runs are told apart by the second
    let answer = world.bench(&FAKE);
    answer.ends_with(code::OK).says("warning: could not point results/latest at this run").says("directory");
    let run = world.run_dir();
    let name = run.file_name().unwrap().to_str().unwrap();
    for args in [&["report", "--md"][..], &["chart"], &["compare", "results/latest", "results/latest"]] {
        world.run(args).refuses(code::USAGE, "read the last run", name, name);
    }
    world.run(["report", "--md", &format!("results/{name}")]).ends_with(code::OK);
    fs::rename(&latest, world.join("results/moved")).unwrap();
    std::os::unix::fs::symlink("moved", &latest).unwrap();
    world.run(["report"]).refuses(code::USAGE, "read the last run", "points at an older run", name);
    fs::remove_file(run.join("run.json")).unwrap();
    world.run(["report", "--md"]).ends_with(code::OK).says("a younger run has no results file").says("isolab recover");
}

fn json_has_one_object_per_cell_and_metric() {
    let world = World::new();
    let answer = world.bench(&[&FAKE[..], &["--json"]].concat());
    answer.ends_with(code::OK);
    let printed: Value = serde_json::from_str(&answer.out).expect("stdout is JSON and nothing else");
    let row = printed.as_array().unwrap().iter().find(|r| r["metric"] == "create_to_ready").unwrap();
    for key in ["arm", "environment", "experiment", "metric", "unit", "n", "median", "ci_low", "ci_high", "status"] {
        assert!(!row[key].is_null(), "{key} is missing: {row}");
    }
    assert_eq!(
        (row["median"].as_f64(), row["n"].as_u64(), row["status"].as_str()),
        (Some(1e6), Some(6), Some("measured"))
    );
    let again = world.run(["report", "--json"]);
    again.ends_with(code::OK);
    assert_eq!(serde_json::from_str::<Value>(&again.out).unwrap(), printed, "report says what bench said");
}

fn markdown_has_what_somebody_needs_to_believe_a_number() {
    let world = World::new();
    let answer = world.bench(&[&FAKE[..], &["--md", "--seed", "42"]].concat());
    answer.ends_with(code::OK).says("| fake | boot create_to_ready | 1.00 ms | 1.00 ms – 1.00 ms | 6 |");
    answer.says("seed 42").says("Host: ").says("KVM backend: ").says("Command: `");
    assert_eq!(world.run(["report", "--md"]).ends_with(code::OK).out, answer.out);
}

fn the_file_of_dash_o_is_the_same_run() {
    let world = World::new();
    world.bench(&[&FAKE[..], &["-o", "mine.json"]].concat()).ends_with(code::OK);
    let mine: Value = serde_json::from_slice(&fs::read(world.join("mine.json")).unwrap()).unwrap();
    assert_eq!(mine, world.saved());
    world.run(["compare", "mine.json", "results/latest"]).ends_with(code::OK).says("boot/fake create_to_ready");
    world.is_clean();
}

fn two_runs_are_compared_and_two_hosts_by_their_own_ratios() {
    let world = measured();
    let mut other = world.saved();
    let answer = world.run(["compare", "results/latest", "results/latest", "--json"]);
    answer.ends_with(code::OK);
    let printed: Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!((printed["kind"].as_str(), printed["rows"][0]["change"].as_f64()), (Some("absolute"), Some(0.0)));
    other["header"]["host"]["cpu_model"] = "another CPU".into();
    world.file("other.json", other.to_string());
    let answer = world.run(["compare", "results/latest", "other.json"]);
    answer.ends_with(code::OK).says("NOT THE SAME: CPU").says("×2.00 ×2.00").says("--force");
    let answer = world.run(["compare", "results/latest", "other.json", "--force"]);
    answer.ends_with(code::OK).says("NOT THE SAME: CPU").says("1.00 ms 1.00 ms");
    let alone = World::new();
    alone.bench(&["-e", "fake", "-x", "cpu", "--blocks", "1"]);
    let theirs = alone.join("results/latest").display().to_string();
    world.run(["compare", "results/latest", &theirs]).refuses(code::USAGE, "compare", "in common", "same -e and -x");
}

fn a_chart_is_drawn_again_from_the_file_alone() {
    let world = measured();
    let drawn = fs::read(world.run_dir().join("boot-stages.svg")).unwrap();
    world.file("copy.json", fs::read(world.run_dir().join("run.json")).unwrap());
    fs::create_dir(world.join("charts")).unwrap();
    let answer = world.run(["chart", "boot-stages", "copy.json", "--into", "charts"]);
    answer.ends_with(code::OK).says("charts/boot-stages.svg");
    assert_eq!(fs::read(world.join("charts/boot-stages.svg")).unwrap(), drawn);
    fs::create_dir(world.join("charts/run-order.svg")).unwrap();
    let answer = world.run(["chart", "run-order", "copy.json", "--into", "charts"]);
    answer.refuses(code::FAILED, "save charts/run-order.svg", "directory", "another folder");
}

fn cut_off_foreign_and_newer_files_each_get_their_own_answer() {
    let world = measured();
    let whole = fs::read(world.run_dir().join("run.json")).unwrap();
    let mut newer: Value = serde_json::from_slice(&whole).unwrap();
    newer["schema"] = 2.into();
    let files: [(&str, Vec<u8>, &str, &str); 8] = [
        ("half.json", whole[..whole.len() / 2].into(), "it was cut off", "isolab recover"),
        ("empty.json", Vec::new(), "it is empty", "isolab recover"),
        ("text.json", b"median: 3 ms\n".into(), "it is no JSON", "isolab recover"),
        ("bytes.json", vec![0xff; 300], "it is no JSON", "isolab recover"),
        ("foreign.json", br#"{"benchmarks": []}"#.into(), "not a results file of isolab", "isolab bench"),
        ("list.json", b"[1, 2]".into(), "not a results file of isolab", "isolab bench"),
        ("hollow.json", br#"{"schema": 1}"#.into(), "no whole results file", "isolab recover"),
        ("newer.json", newer.to_string().into(), "schema version 2", "newer"),
    ];
    for (name, bytes, cause, advice) in files {
        world.file(name, bytes);
        for args in [
            &["report", "--json", name][..],
            &["report", "--md", name],
            &["compare", "results/latest", name],
            &["compare", name, "results/latest"],
            &["chart", "boot-stages", name],
        ] {
            let answer = world.run(args);
            answer.refuses(code::USAGE, &format!("read the results file {name}"), cause, advice);
            assert!(answer.out.is_empty(), "{args:?}: {answer}");
        }
    }
    for args in [
        &["report", "--md", "none.json"][..],
        &["compare", "none.json", "none.json"],
        &["chart", "boot-stages", "none.json"],
    ] {
        world.run(args).refuses(code::USAGE, "none.json", "No such file", "isolab bench");
    }
    world.run(["recover", "nowhere"]).refuses(code::USAGE, "nowhere", "No such file", "isolab recover");
    world.is_clean();
}

/// No bench makes a file readable that is there.
fn a_file_that_may_not_be_read_is_told_as_that() {
    let world = World::new();
    let path = world.file("kept.json", "{}");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let mut command = world.isolab(["report", "kept.json"]);
    if root() {
        command.env("SUDO_UID", "12345").env("SUDO_GID", "12345"); // what the caller may not read is not read for him
    } else {
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    }
    run(&mut command).refuses(code::USAGE, "kept.json", "Permission denied", "ls -ld kept.json");
}

/// A pipe never ends, a device neither; a mark, UTF-16 or gzip around a results file is seen through.
fn every_reader_of_results_ends_in_time() {
    let world = measured();
    let whole = fs::read(world.run_dir().join("run.json")).unwrap();
    world.file("mark.json", [b"\xef\xbb\xbf", &whole[..]].concat());
    world.file("packed.json", &whole);
    let packed = Command::new("gzip").arg("-n").arg(world.join("packed.json")).status();
    nix::unistd::mkfifo(&world.join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    for args in [&["report", "--md"][..], &["compare", "results/latest"], &["chart", "--into", "."], &["recover"]] {
        let with = |file: &str| world.run(args.iter().copied().chain([file]));
        for (file, cause) in [("pipe", "a pipe"), ("/dev/zero", "a device")] {
            with(file).refuses(code::USAGE, file, cause, "");
        }
        if args[0] != "recover" {
            with("mark.json").ends_with(code::OK);
        }
        match &packed {
            Ok(status) if status.success() && args[0] != "recover" => drop(with("packed.json.gz").ends_with(code::OK)),
            _ => {}
        }
    }
}

fn recover_rebuilds_what_the_run_had_saved_and_leaves_out_half_a_line() {
    let world = measured();
    let (dir, before) = (world.run_dir(), world.saved());
    let raw = fs::read_to_string(dir.join("samples.jsonl")).unwrap();
    for (kept, samples, says) in
        [(raw.len(), 18, "recovered 18 samples of 3 cells:"), (raw.len() - 40, 17, "was cut off")]
    {
        fs::write(dir.join("samples.jsonl"), &raw[..kept]).unwrap();
        let _ = fs::remove_file(dir.join("run.json"));
        let path = dir.display().to_string();
        world.run(["recover", &path]).ends_with(code::OK).says(says);
        let run = world.saved();
        let kept: usize =
            run["cells"].as_array().unwrap().iter().map(|c| c["columns"]["block"].as_array().unwrap().len()).sum();
        assert_eq!((kept, run["ended"].as_str()), (samples, Some("recovered")));
        assert_eq!(run["header"], before["header"]);
        if samples == 18 {
            for part in ["summaries", "comparisons", "noise", "cells"] {
                assert!(run[part] == before[part], "{part} are the same, to the last hash and in the same order");
            }
        }
    }
    for (text, cause) in [("", "it is empty"), ("{\"schema\":9}\n", "schema version 9"), ("hello\n", "no JSON")] {
        fs::write(dir.join("samples.jsonl"), text).unwrap();
        let answer = world.run(["recover", &dir.display().to_string()]);
        answer.ends_with(code::USAGE).says(cause);
    }
    let mut lines: Vec<&str> = raw.lines().collect();
    lines[3] = "{\"not\": \"a sample\"}";
    lines.push(lines[5]);
    fs::write(dir.join("samples.jsonl"), lines.join("\n")).unwrap();
    fs::remove_file(dir.join("run.json")).unwrap();
    let answer = world.run(["recover", &dir.display().to_string()]);
    answer.ends_with(code::OK).says("recovered 17 samples").says("1 line could not be read").says("1 line stood twice");
    assert!(
        world.saved()["warnings"].as_array().unwrap().iter().any(|w| w["code"] == "lost-samples"),
        "and it is told"
    );
    world.run(["report"]).ends_with(code::OK);
    world.is_clean();
}

/// A results file that holds samples is never replaced by one that holds fewer, nor is the neighbour of another file.
fn recover_loses_nothing() {
    let world = measured();
    let dir = world.run_dir();
    let path = |name: &str| dir.join(name).display().to_string();
    let read = |name: &str| fs::read(dir.join(name)).unwrap();
    let (whole, raw) = (read("run.json"), read("samples.jsonl"));
    let answer = world.run(["recover", &path("run.json")]);
    answer.refuses(code::USAGE, "run.json", "it is a results file", "isolab recover");
    let header = raw.iter().position(|b| *b == b'\n').unwrap() + 1;
    fs::write(dir.join("other.jsonl"), &raw[..header]).unwrap();
    world.run(["recover", &path("other.jsonl")]).refuses(
        code::USAGE,
        "other.jsonl",
        "no sample lines",
        "isolab recover",
    );
    fs::write(dir.join("other.json"), &raw).unwrap();
    world.run(["recover", &path("other.json")]).ends_with(code::OK).says("other-recovered.json");
    for _ in 0..2 {
        world.run(["recover", &path("")]).ends_with(code::OK).says("recovered.json").says("is whole and stays");
    }
    assert!(!dir.join("recovered-2.json").exists(), "the same once more is no new file");
    assert!(read("run.json") == whole && read("other.json") == raw, "nothing was replaced");
    fs::write(dir.join("samples.jsonl"), &raw[..raw.len() - 400]).unwrap();
    world.run(["recover", &path("samples.jsonl")]).ends_with(code::OK).says("recovered-2.json");
    assert!(read("run.json") == whole, "a larger run stays");
    fs::write(dir.join("run.json"), &whole[..300]).unwrap();
    world.run(["recover", &path("samples.jsonl")]).ends_with(code::OK).says("kept as").says("run-before-recover.json");
    assert!(read("run-before-recover.json") == whole[..300]);
    assert_eq!(world.saved()["ended"], "recovered");
    world.is_clean();
}

fn a_full_disk_keeps_what_fitted_and_says_how_to_go_on() {
    if !needs_own_mounts("disk full while saving") {
        return;
    }
    // From "not even the header" to "all but the chart": the file system is the only thing that changes.
    let mut recovered = 0;
    for kib in [4, 16, 28, 48] {
        let world = World::new();
        // What is on the small disk is gone with the namespace, so it is copied out after the run.
        let script = format!(
            "mkdir $D/small; mount -t tmpfs -o size={kib}k none $D/small; export D; \
             set -- sh -c '\"$@\"; code=$?; cp -r $D/small/. $D/results; exit $code' sh \"$@\""
        );
        let answer = crate::common::bench(|| {
            with_own_mounts(&world, &script, ["bench"].iter().chain(&FAKE).chain(&["--results", "small"]))
        });
        answer.refuses(code::FAILED, "save", "No space left on device", "");
        let advice = answer.err.lines().find(|l| l.starts_with("try:")).unwrap();
        let ways = ["isolab recover small/20", "isolab chart small/20", "--results DIR"];
        assert!(ways.iter().any(|way| advice.contains(way)), "{advice}");
        let kept = world.samples_so_far();
        if kept > 0 {
            world.run(["recover", &world.run_dir().display().to_string()]).ends_with(code::OK);
            recovered += 1;
        }
        world.is_clean();
    }
    assert!(recovered >= 2, "several of these sizes hold some samples, but not all files");
}

/// `ulimit -f`: the kernel sends a signal that kills, unless the writer ignores it.
fn a_limit_on_file_sizes_keeps_what_fitted_too() {
    let mut recovered = 0;
    for bytes in [1 << 10, 6 << 10, 14 << 10] {
        let world = World::new();
        let limited = ["--fsize", &bytes.to_string()].join("=");
        let answer = crate::common::bench(|| {
            let mut command = Command::new("prlimit");
            command.args([limited.as_str(), ISOLAB, "bench"]).args(FAKE);
            world.settle_in(&mut command);
            command
        });
        answer.refuses(code::FAILED, "save", "File too large", "ulimit -f unlimited");
        if world.samples_so_far() > 0 {
            world.run(["recover", &world.run_dir().display().to_string()]).ends_with(code::OK);
            recovered += 1;
        }
        world.is_clean();
    }
    assert!(recovered > 0, "one of these sizes holds some samples, but not all");
    let world = World::new();
    let program = ["run", "--as", "process", "--", "sh", "-c", "ulimit -f 1; yes > big"];
    world.run(program).ends_with(128 + 25).says(""); // SIGXFSZ: a program gets the usual signals
}

fn a_results_folder_that_cannot_be_written_is_told_at_once() {
    let world = World::new();
    world.file("occupied", "a file");
    let answer = world.bench(&[&FAKE[..], &["--results", "occupied"]].concat());
    answer.refuses(code::FAILED, "make the folder occupied/20", "Not a directory", "--results DIR");
    assert!(answer.out.is_empty(), "nothing was measured: {answer}");
    world.is_clean();
    if needs_own_mounts("read-only results folder") {
        let script = "mount -t tmpfs -o ro none $D/results";
        let answer = crate::common::bench(|| with_own_mounts(&world, script, ["bench"].iter().chain(&FAKE)));
        answer.refuses(code::FAILED, "make the folder", "Read-only file system", "--results DIR");
        world.is_clean();
    }
}

fn under_sudo_every_file_goes_back_to_the_caller() {
    if !root() {
        return skip("files under sudo", "only root can give files away");
    }
    let world = World::new();
    std::os::unix::fs::chown(world.join("home"), Some(12345), Some(12346)).unwrap(); // sudo -E keeps HOME
    let answer = crate::common::bench(|| {
        let mut command = world.isolab(["bench"].iter().chain(&FAKE).chain(&["-o", "mine.json", "--results", "fresh"]));
        command.env("SUDO_UID", "12345").env("SUDO_GID", "12346");
        command
    });
    answer.ends_with(code::OK);
    let mut seen = 0;
    for path in files_below(&world.join("fresh"))
        .into_iter()
        .chain(files_below(&world.join("home")))
        .chain([world.join("fresh"), world.join("mine.json")])
    {
        let about = fs::symlink_metadata(&path).unwrap();
        assert_eq!((about.uid(), about.gid()), (12345, 12346), "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 11, "folder, latest, run folder, four files, -o, and the host's id in three folders");
    world.is_clean();
}

fn files_below(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().flatten() {
        if entry.file_type().unwrap().is_dir() {
            found.extend(files_below(&entry.path()));
        }
        found.push(entry.path());
    }
    found
}

fn no_color_and_no_terminal_mean_plain_text() {
    let world = measured();
    for typed in ["list", "report --md", "compare results/latest results/latest"] {
        let mut command = world.isolab(typed.split(' '));
        let answer = crate::common::run(command.env("NO_COLOR", "1").env("TERM", "xterm-256color"));
        answer.ends_with(code::OK);
        assert!(!answer.out.contains('\x1b') && !answer.err.contains('\x1b'), "{answer}");
    }
    // With a terminal, made by script(1), there is style; NO_COLOR takes it away.
    let list = format!("{} list", crate::common::ISOLAB);
    let on_a_terminal = |no_color: &str| {
        let mut command = std::process::Command::new("script");
        command.args(["-qec", &list, "/dev/null"]).env("TERM", "xterm-256color").env("NO_COLOR", no_color);
        command.stdin(std::process::Stdio::null()).output().map(|o| String::from_utf8_lossy(&o.stdout).into_owned())
    };
    match (on_a_terminal(""), on_a_terminal("1")) {
        (Ok(styled), Ok(plain)) if styled.contains("Environments") => {
            assert!(styled.contains("\x1b[1m") && !plain.contains("\x1b["), "{styled} {plain}");
        }
        _ => skip("style on a terminal", "there is no script(1)"),
    }
}

fn the_closing_fits_a_terminal() {
    let world = World::new();
    let answer =
        world.bench(&["-e", "process,container,container-rootless,vm-bare,fake", "-x", "boot", "--blocks", "2"]);
    let closing: Vec<&str> = answer.out.lines().skip_while(|l| !l.is_empty()).collect();
    assert!((3..=30).contains(&closing.len()), "{} lines: {answer}", closing.len());
    let width = |line: &str| line.replace(crate::common::ISOLAB, "isolab").chars().count(); // wherever this checkout lies
    assert!(closing.iter().all(|line| width(line) <= 80), "{answer}");
}

crate::runner::tests!(
    a_file_that_may_not_be_read_is_told_as_that,
    a_run_saves_what_it_says_and_latest_points_at_it,
    latest_is_replaced_and_never_missing,
    a_latest_that_cannot_be_renewed_is_told,
    json_has_one_object_per_cell_and_metric,
    markdown_has_what_somebody_needs_to_believe_a_number,
    the_file_of_dash_o_is_the_same_run,
    two_runs_are_compared_and_two_hosts_by_their_own_ratios,
    a_chart_is_drawn_again_from_the_file_alone,
    cut_off_foreign_and_newer_files_each_get_their_own_answer,
    every_reader_of_results_ends_in_time,
    recover_rebuilds_what_the_run_had_saved_and_leaves_out_half_a_line,
    recover_loses_nothing,
    a_full_disk_keeps_what_fitted_and_says_how_to_go_on,
    a_limit_on_file_sizes_keeps_what_fitted_too,
    a_results_folder_that_cannot_be_written_is_told_at_once,
    under_sudo_every_file_goes_back_to_the_caller,
    no_color_and_no_terminal_mean_plain_text,
    the_closing_fits_a_terminal
);
