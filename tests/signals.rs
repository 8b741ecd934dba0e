//! A run that is told to stop, is killed, or loses its reader: samples are kept, nothing is left behind.
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::common::{Answer, World, code, my_turn, root, skip, wait_for, works};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

fn tell(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id() as i32), signal).unwrap();
}

fn end(child: Child) -> Answer {
    Answer::from(child.wait_with_output().unwrap())
}

/// Every arm that runs here: each has its own things to clean up.
fn arms() -> String {
    let container = if root() { "container" } else { "container-rootless" };
    let working = ["process", container, "vm-bare"].into_iter().filter(|arm| works(arm).is_ok());
    working.collect::<Vec<_>>().join(",")
}

/// After a signal: the code, the samples that were taken, a whole results file or none, and a clean world.
#[track_caller]
fn ended_well(world: &World, answer: &Answer, expected: i32) {
    answer.ends_with(expected);
    world.is_clean();
    if world.samples_so_far() > 0 {
        let run = world.saved();
        assert_eq!(run["ended"], "interrupted");
        let cells = run["cells"].as_array().unwrap();
        let kept: usize = cells.iter().map(|c| c["columns"]["block"].as_array().unwrap().len()).sum();
        assert_eq!(kept, world.samples_kept().len(), "run.json has every sample that was taken");
        assert_eq!(std::fs::canonicalize(world.join("results/latest")).unwrap(), world.run_dir());
    }
}

fn a_signal_at_any_time_ends_a_run_in_order() {
    let arms = arms();
    for (i, ms) in [0, 30, 80, 160, 300, 600].into_iter().enumerate() {
        let (signal, expected) =
            if i % 2 == 0 { (Signal::SIGINT, code::SIGINT) } else { (Signal::SIGTERM, code::SIGTERM) };
        let world = World::new();
        let _turn = my_turn();
        let child = world.begin_bench(&["-e", &arms, "-x", "boot", "--blocks", "500"]);
        std::thread::sleep(Duration::from_millis(ms));
        tell(&child, signal);
        ended_well(&world, &end(child), expected);
    }
}

fn a_signal_while_instances_are_held_ends_them() {
    let world = World::new();
    let _turn = my_turn();
    let child = world.begin_bench(&["-e", &arms(), "-x", "memory", "--n", "1,4,16", "--blocks", "50"]);
    wait_for("four at once", || (world.probes().len() >= 4).then_some(()));
    tell(&child, Signal::SIGTERM);
    ended_well(&world, &end(child), code::SIGTERM);
}

fn a_signal_during_blocks_keeps_the_samples_before_it() {
    for (signal, expected) in [(Signal::SIGINT, code::SIGINT), (Signal::SIGHUP, 129)] {
        let world = World::new();
        let _turn = my_turn();
        let child = world.begin_bench(&["-e", "process", "-x", "boot", "--blocks", "5000"]);
        wait_for("some samples", || (world.samples_so_far() >= 20).then_some(()));
        tell(&child, signal);
        let answer = end(child);
        ended_well(&world, &answer, expected);
        assert!(world.samples_kept().len() >= 20);
        answer.says("Start, first system call to ready record: process").says("files:");
    }
}

fn a_signal_while_results_are_saved_does_not_tear_them() {
    for ms in [0, 3, 10, 30, 80] {
        let world = World::new();
        let _turn = my_turn();
        let child = world.begin_bench(&["-e", "fake", "-x", "boot", "--blocks", "40"]);
        wait_for("the last sample", || (world.samples_so_far() >= 80).then_some(()));
        std::thread::sleep(Duration::from_millis(ms));
        tell(&child, Signal::SIGTERM);
        let answer = end(child);
        // The run is complete or nearly so: which of the two codes it is depends on the moment.
        assert!(answer.code == code::OK || answer.code == code::SIGTERM, "{answer}");
        assert_eq!(world.saved()["cells"].as_array().unwrap().len(), 2);
        assert_eq!(world.samples_kept().len(), 80);
        world.is_clean();
    }
}

fn a_killed_run_is_named_and_removed_by_clean() {
    let world = World::new();
    killed(&world, &["-x", "memory", "--n", "1,4,16", "--blocks", "50"], 1200);
    let id = run_id(&world);
    let answer = world.clean();
    answer.ends_with(code::OK).says(&format!("run {id}:")).says(&format!("folder {}", scratch(&world, &id)));
    world.is_clean();
    assert!(!world.clean().ends_with(code::OK).out.contains(&id), "the second time nothing is left");
}

fn the_next_bench_names_a_killed_run_and_removes_it() {
    let world = World::new();
    killed(&world, &["-x", "boot", "--blocks", "500"], 400);
    let id = run_id(&world);
    let next = world.bench(&["-e", "fake", "-x", "boot", "--blocks", "1", "--results", "other"]);
    next.ends_with(code::OK);
    assert!(next.err.contains("removed what killed runs had left behind") && next.err.contains(&id), "{next}");
    world.is_clean();
}

fn what_a_killed_run_had_measured_is_recovered() {
    let world = World::new();
    let turn = my_turn();
    let mut child = world.begin_bench(&["-e", "process", "-x", "boot", "--blocks", "5000"]);
    wait_for("some samples", || (world.samples_so_far() >= 20).then_some(()));
    child.kill().unwrap();
    child.wait().unwrap();
    drop(turn);
    let dir = world.run_dir().display().to_string();
    world.run(["report", "--md", &dir]).refuses(
        code::USAGE,
        "read the results file",
        "No such file",
        &format!("isolab recover {dir}"),
    );
    world.run(["recover", &dir]).ends_with(code::OK).says("recovered");
    assert_eq!(world.saved()["ended"], "recovered");
    let report = world.run(["report", "--md", &dir]);
    report.ends_with(code::OK).says("| process | boot create_to_ready |");
    world.clean().ends_with(code::OK);
    world.is_clean();
}

fn a_killed_run_of_one_command_leaves_nothing_that_clean_does_not_remove() {
    for arm in ["process", "container", "container-rootless", "vm-bare"] {
        if let Err(reason) = works(arm) {
            skip(&format!("SIGKILL of run --as {arm}"), &reason);
            continue;
        }
        let world = World::new();
        let mut child =
            world.isolab(["run", "--as", arm, "--", "probe", "count", "60"]).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(600));
        child.kill().unwrap();
        child.wait().unwrap();
        world.clean().ends_with(code::OK).says(&format!("run {}:", child.id()));
        world.is_clean();
    }
}

fn a_signal_is_passed_on_to_the_program() {
    for (arm, ends) in [("process", 143), ("container", 143), ("container-rootless", 143), ("vm-bare", 143)] {
        if let Err(reason) = works(arm) {
            skip(&format!("SIGTERM of run --as {arm}"), &reason);
            continue;
        }
        let world = World::new();
        let init = if arm.starts_with("container") { vec!["--init"] } else { vec![] };
        let args = [&["run", "--as", arm][..], &init, &["--", "probe", "count", "60"]].concat();
        let child = world.isolab(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(600));
        tell(&child, Signal::SIGTERM);
        end(child).ends_with(ends);
        world.is_clean();
    }
}

fn a_reader_that_goes_away_ends_the_run_without_a_word() {
    let world = World::new();
    let _turn = my_turn();
    let mut child = world.begin_bench(&["-e", "fake", "-x", "boot,cpu", "--blocks", "20"]);
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap(); // and it is closed
    assert!(line.starts_with("boot/fake"), "{line}");
    let answer = end(child);
    answer.ends_with(code::OK);
    assert!(!answer.err.contains("error:"), "{answer}");
    assert!(!world.samples_kept().is_empty() && world.saved()["cells"].is_array());
    world.is_clean();
}

fn every_command_bears_a_closed_stdout() {
    let world = World::new();
    world.bench(&["-e", "fake", "-x", "boot", "--blocks", "1"]).ends_with(code::OK);
    for typed in ["list", "list --json", "report --json", "report --md", "chart", "--help", "bench --help"] {
        let mut command = world.isolab(typed.split(' '));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let answer = end(child);
        answer.ends_with(code::OK);
        assert!(answer.err.is_empty(), "isolab {typed}: {answer}");
    }
}

fn killed(world: &World, args: &[&str], after_ms: u64) {
    let _turn = my_turn();
    let arms = arms();
    let mut child = world.begin_bench(&[&["-e", &arms][..], args].concat());
    std::thread::sleep(Duration::from_millis(after_ms));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!world.left_behind().is_empty(), "SIGKILL leaves no time to clean up");
}

fn run_id(world: &World) -> String {
    let names = crate::common::world::entries(&world.join("tmp"));
    names.iter().find_map(|n| n.strip_prefix("isolab.")).expect("the scratch folder of the run").to_owned()
}

fn scratch(world: &World, id: &str) -> String {
    world.join("tmp").join(format!("isolab.{id}")).display().to_string()
}

crate::runner::tests!(
    a_signal_at_any_time_ends_a_run_in_order,
    a_signal_while_instances_are_held_ends_them,
    a_signal_during_blocks_keeps_the_samples_before_it,
    a_signal_while_results_are_saved_does_not_tear_them,
    a_killed_run_is_named_and_removed_by_clean,
    the_next_bench_names_a_killed_run_and_removes_it,
    what_a_killed_run_had_measured_is_recovered,
    a_killed_run_of_one_command_leaves_nothing_that_clean_does_not_remove,
    a_signal_is_passed_on_to_the_program,
    a_reader_that_goes_away_ends_the_run_without_a_word,
    every_command_bears_a_closed_stdout
);
