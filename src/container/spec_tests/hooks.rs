//! When hooks run, where, what they are told, and what becomes of those that misbehave.

use std::time::{Duration, Instant};

use super::*;
use crate::container::hooks::{Ready, State};
use crate::container::spec::Hook;

fn sh(script: &str) -> Hook {
    Hook {
        path: std::fs::canonicalize("/bin/sh").unwrap(),
        args: ["sh", "-c", script].map(Into::into).to_vec(),
        env: vec![("PATH".into(), "/usr/sbin:/usr/bin:/sbin:/bin".into())],
        timeout_s: None,
    }
}

type ListOf = fn(&mut spec::Hooks) -> &mut Vec<Hook>;

const LISTS: [(&str, ListOf); 6] = [
    ("prestart", |hooks| &mut hooks.prestart),
    ("createRuntime", |hooks| &mut hooks.create_runtime),
    ("createContainer", |hooks| &mut hooks.create_container),
    ("startContainer", |hooks| &mut hooks.start_container),
    ("poststart", |hooks| &mut hooks.poststart),
    ("poststop", |hooks| &mut hooks.poststop),
];

/// Those before the program.
const BEFORE: usize = 4;

fn dir() -> tempfile::TempDir {
    tempfile::tempdir_in("/var/tmp").unwrap()
}

#[test]
fn each_runs_at_its_moment_in_its_namespaces_and_reads_the_state() {
    if !is_root("each_runs_at_its_moment_in_its_namespaces_and_reads_the_state") {
        return;
    }
    let dir = dir();
    let log = dir.path().join("log").display().to_string();
    let edit = |spec: &mut Spec| {
        spec.annotations.insert("of \"mine\"".into(), "x\ny".into());
        for (name, list) in LISTS {
            let place = if name == "startContainer" { "/dev/stdout" } else { &log };
            let script =
                format!("{{ echo {name} $(readlink /proc/self/ns/mnt) $(ls -A /tmp | wc -l); cat; echo; }} >> {place}");
            list(&mut spec.hooks).push(sh(&script));
        }
    };
    let (exit, printed) = run(edit, "echo program $$; readlink /proc/self/ns/mnt").unwrap();
    assert_eq!(exit, Exit::Code(0));
    let text = std::fs::read_to_string(&log).unwrap();
    let lines: Vec<&str> = printed.lines().take(2).chain(text.lines()).collect();
    let of = |name: &str| {
        let place = lines
            .iter()
            .position(|line| line.starts_with(&format!("{name} ")))
            .unwrap_or_else(|| panic!("{name}: {lines:?}"));
        let state: serde_json::Value = serde_json::from_str(lines[place + 1]).unwrap();
        (lines[place].split(' ').nth(1).unwrap().to_owned(), state)
    };
    let ours = std::fs::read_link("/proc/self/ns/mnt").unwrap().display().to_string();
    let theirs = printed.lines().last().unwrap();
    assert!(printed.contains("\nprogram 1\n"), "{printed}");
    for (name, namespace, status) in [
        ("prestart", &*ours, "creating"),
        ("createRuntime", &ours, "creating"),
        ("createContainer", theirs, "creating"),
        ("startContainer", theirs, "created"),
        ("poststart", &ours, "running"),
        ("poststop", &ours, "stopped"),
    ] {
        let (where_it_ran, state) = of(name);
        assert_eq!(where_it_ran, namespace, "{name}");
        assert_eq!(
            (&state["id"], &state["status"], &state["bundle"]),
            (&"a-b".into(), &status.into(), &"/bundle".into())
        );
        assert_eq!(state["annotations"]["of \"mine\""], "x\ny");
        let pid = state["pid"].as_i64().unwrap();
        assert_eq!(pid > 1, name != "poststop", "{name}: as the host sees it: {pid}");
    }
    let order: Vec<&str> = text.lines().filter(|l| !l.starts_with('{')).map(|l| l.split(' ').next().unwrap()).collect();
    assert_eq!(order, ["prestart", "createRuntime", "createContainer", "poststart", "poststop"]);
}

/// The error says which one and why; the program never ran, or is ended; poststop hooks run all the same.
#[test]
fn one_that_fails_ends_the_container() {
    if !is_root("one_that_fails_ends_the_container") {
        return;
    }
    let dir = dir();
    let no_program = dir.path().join("text");
    std::fs::write(&no_program, "#!/bin/sh\n").unwrap();
    let plain = |path: &Path| Hook { path: path.into(), args: Vec::new(), env: Vec::new(), timeout_s: None };
    let bad = [
        (sh("exit 3"), "it ended with exit status 3"),
        (sh("kill -9 $$"), "signal 9 ended it"),
        (plain(&no_program), "Permission denied"),
        (plain(Path::new("/no/such")), "No such file or directory"),
    ];
    for (number, (name, list)) in LISTS.into_iter().enumerate().take(5) {
        for (hook, why) in &bad {
            let (ran, stopped) = (dir.path().join("ran"), dir.path().join("stopped"));
            let edit = |spec: &mut Spec| {
                list(&mut spec.hooks).push(hook.clone());
                list(&mut spec.hooks).push(sh(&format!("touch {}", ran.display())));
                spec.hooks.poststop.push(sh(&format!("touch {}", stopped.display())));
            };
            let began = Instant::now();
            let error = run(edit, "sleep 100").unwrap_err();
            assert_eq!(&*error.doing, format!("run the {name} hook {}", hook.path.display()));
            assert!(error.cause == *why || number == BEFORE - 1 && hook.path == no_program, "{name}: {error}");
            assert!(began.elapsed() < Duration::from_secs(20) && !ran.exists(), "{name}: the next one does not run");
            assert!(std::fs::remove_file(&stopped).is_ok(), "{name}: its poststop hook has run");
        }
    }
}

/// A failure of theirs is a warning, and does not keep the others from running.
#[test]
fn poststop_hooks_all_run() {
    if !is_root("poststop_hooks_all_run") {
        return;
    }
    let dir = dir();
    let ran = dir.path().join("ran");
    let edit = |spec: &mut Spec| {
        spec.hooks.poststop = vec![sh("exit 1"), sh(&format!("touch {}", ran.display()))];
    };
    assert_eq!(run(edit, "exit 5").unwrap().0, Exit::Code(5));
    assert!(ran.exists());
    let hooks = spec::Hooks { poststop: vec![sh("exit 1")], ..spec::Hooks::default() };
    let state = State::new("a", Path::new("/"), &std::collections::BTreeMap::new());
    let warnings = Ready::compile(&hooks, state, None).unwrap().run_poststop();
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].cause, "it ended with exit status 1");
}

fn are_running(marker: &str) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter_map(|p| std::fs::read(p.path().join("cmdline")).ok())
        .any(|line| String::from_utf8_lossy(&line).split('\0').any(|word| word == marker))
}

#[test]
fn one_that_hangs_is_killed_with_what_it_has_started() {
    if !is_root("one_that_hangs_is_killed_with_what_it_has_started") {
        return;
    }
    for (place, (name, list)) in LISTS.into_iter().enumerate().take(5) {
        let marker = format!("10{}{place}", std::process::id());
        let edit = |spec: &mut Spec| {
            let hang = Hook { timeout_s: Some(1), ..sh(&format!("sleep {marker} & sleep {marker}; true")) };
            list(&mut spec.hooks).push(hang);
        };
        let began = Instant::now();
        let error = run(edit, "sleep 100").unwrap_err();
        assert_eq!(error.cause, "it did not end in its time, and was killed", "{name}");
        assert!((1..10).contains(&began.elapsed().as_secs()), "{name}: {:?}", began.elapsed());
        let deadline = Instant::now() + Duration::from_secs(2);
        while are_running(&marker) {
            assert!(Instant::now() < deadline, "{name}: something of it still runs");
        }
    }
}

/// Who reads nothing of a long state, and who leaves a child with all his files, disturb nobody.
#[test]
fn one_that_closes_its_input_or_leaves_a_child_holds_nobody_up() {
    if !is_root("one_that_closes_its_input_or_leaves_a_child_holds_nobody_up") {
        return;
    }
    let dir = dir();
    let pids = dir.path().join("pids");
    for (name, list) in LISTS {
        let edit = |spec: &mut Spec| {
            spec.annotations.insert("long".into(), "x".repeat(300_000));
            list(&mut spec.hooks).push(sh("exec 0<&-; exit 0"));
            list(&mut spec.hooks).push(sh("[ $(wc -c) -gt 300000 ]"));
            if name != "startContainer" {
                list(&mut spec.hooks).push(sh(&format!("sleep 60 & echo $! >> {}", pids.display())));
            }
        };
        let began = Instant::now();
        assert_eq!(run(edit, "exit 4").map(|(exit, _)| exit), Ok(Exit::Code(4)), "{name}");
        assert!(began.elapsed() < Duration::from_secs(30), "{name}");
    }
    let left = std::fs::read_to_string(pids).unwrap();
    assert_eq!(left.lines().count(), 5);
    for pid in left.lines() {
        let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid.parse().unwrap()), Signal::SIGKILL); // createContainer's went with the container
    }
}

/// It would run our own program, from where that can be overwritten.
#[test]
fn one_inside_is_no_link_to_ourselves() {
    if !is_root("one_inside_is_no_link_to_ourselves") {
        return;
    }
    for path in ["/proc/self/exe", "/proc/1/exe"] {
        let hook = Hook { path: path.into(), args: Vec::new(), env: Vec::new(), timeout_s: None };
        let error = run(|spec| spec.hooks.start_container.push(hook), "echo ran").unwrap_err();
        assert!(error.doing.contains("startContainer hook"), "{error}");
    }
}

#[test]
fn what_cannot_be_is_refused_by_its_field() {
    let hook = |path: &str, timeout_s| Hook { path: path.into(), args: Vec::new(), env: Vec::new(), timeout_s };
    for (name, list) in LISTS {
        for (bad, field) in [(hook("bin/sh", None), "path"), (hook("/bin/sh", Some(0)), "timeout_s")] {
            let error = run(|spec| list(&mut spec.hooks).push(bad), "true").unwrap_err();
            assert!(error.kind == Kind::Usage && error.doing.contains(&format!("hooks.{name}[].{field}")), "{error}");
        }
    }
}
